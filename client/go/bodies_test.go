package migrated_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	migrated "migrated.internal/client/go"
	"migrated.internal/client/go/internal/bed"
	"migrated.internal/client/go/internal/bed/shop"
	"migrated.internal/client/go/migratedtest"
	"migrated.internal/client/go/migratedv1"
)

// inGo returns a folder of two revisions in SQL with one in Go between, `middle`; its file is called as this one, so that
// lines of this file are the revision's.
func inGo(t testing.TB) fstest.MapFS {
	t.Helper()
	_, file, _, _ := runtime.Caller(0)
	name := file[strings.LastIndex(file, "/")+1:]
	folder := bed.Chain(1)
	folder["migrations/"+strings.TrimSuffix(name, ".go")+".rev.go"] = &fstest.MapFile{
		Data: []byte("// revision: middle\n// down_revision: r001\n// message: in Go\n\npackage migrations\n"),
	}
	bed.Put(folder, "last", bed.Revision("last", "middle", "CREATE TABLE last (id integer);", "DROP TABLE last;"))
	return folder
}

// stepping runs an upgrade to head whose middle is that function.
func stepping(t testing.TB, daemon *migratedtest.Daemon, url string, up migrated.BodyFunc, more ...migrated.Option) (*migrated.Outcome, error) {
	t.Helper()
	bodies := migrated.Bodies{"middle": {Up: up}}
	client := connect(t, daemon.Address, inGo(t), url, append(more, migrated.WithBodies(bodies))...)
	run, err := client.Upgrade(within(t, time.Minute), "head")
	if err != nil {
		t.Fatal(err)
	}
	return run.Wait()
}

// onAll is onEach, and a MariaDB.
func onAll(t *testing.T, test func(t *testing.T, daemon *migratedtest.Daemon, url string)) {
	t.Helper()
	onEach(t, test)
	t.Run("mariadb", func(t *testing.T) { test(t, startDaemon(t), mariadb(t).Database(t)) })
}

// onSteps runs a test inside of a step on each engine. What it returns as an error is the body's.
func onSteps(t *testing.T, test func(t *testing.T, ctx context.Context, db *sql.DB, dialect string) error) {
	t.Helper()
	onAll(t, func(t *testing.T, daemon *migratedtest.Daemon, url string) {
		outcome, err := stepping(t, daemon, url, func(ctx context.Context, db *sql.DB) error {
			step, ok := migrated.StepFrom(ctx)
			if !ok || step.Revision != "middle" || step.Attempt != 1 || step.Transactional == (step.Dialect == "mysql") {
				return fmt.Errorf("the step is %+v", step)
			}
			return test(t, ctx, db, step.Dialect)
		})
		if err != nil {
			t.Fatal(err)
		}
		if outcome.Applied != 3 {
			t.Fatalf("%+v", outcome)
		}
	})
}

func TestRevisionsInGoAreExecutedUpAndDown(t *testing.T) {
	onEach(t, func(t *testing.T, daemon *migratedtest.Daemon, url string) {
		client := connect(t, daemon.Address, shop.Folder, url, migrated.WithBodies(shop.Bodies))
		if outcome := upgraded(t, client, "head"); outcome.Applied != 2 || outcome.Rows[0] != "3f2a9c1b7d4e" {
			t.Fatalf("%+v", outcome)
		}
		run, err := client.Downgrade(context.Background(), "-1")
		if err != nil {
			t.Fatal(err)
		}
		if outcome := waited(t, run); outcome.Rows[0] != "5d1c0f9a2b3e" {
			t.Fatalf("%+v", outcome)
		}
	})
}

func TestManyReplicasExecuteABodyOnce(t *testing.T) {
	onAll(t, func(t *testing.T, daemon *migratedtest.Daemon, url string) {
		const replicas = 5
		calls := make(chan struct{}, replicas)
		ends := make(chan error, replicas)
		body := func(ctx context.Context, db *sql.DB) error {
			calls <- struct{}{}
			_, err := db.ExecContext(ctx, "CREATE TABLE made (id integer)")
			return err
		}
		for range replicas {
			client := connect(t, daemon.Address, inGo(t), url, migrated.WithBodies(migrated.Bodies{"middle": {Up: body}}))
			go func() {
				run, err := client.Upgrade(context.Background(), "head")
				if err == nil {
					_, err = run.Wait()
				}
				ends <- err
			}()
		}
		for range replicas {
			if err := <-ends; err != nil {
				t.Error(err)
			}
		}
		if len(calls) != 1 {
			t.Fatalf("the body ran %d times", len(calls))
		}
	})
}

var errOwn = errors.New("no such\nshop")

func TestABodysOwnErrorIsTheRunsCause(t *testing.T) {
	onEach(t, func(t *testing.T, daemon *migratedtest.Daemon, url string) {
		_, err := stepping(t, daemon, url, func(ctx context.Context, db *sql.DB) error {
			if _, err := db.ExecContext(ctx, "CREATE TABLE made (id integer)"); err != nil {
				return err
			}
			return fmt.Errorf("filling: %w", errOwn)
		})
		told := failure(t, err, migrated.ReasonExecutorFailed)
		if !errors.Is(err, errOwn) || told.Message != "filling: no such shop" || told.Revision != "middle" ||
			told.RunState != migratedv1.RunState_RUN_STATE_FAILED || told.Applied != 1 {
			t.Fatalf("%+v", told)
		}
		// What it made is rolled back: it can be made again.
		if _, err := stepping(t, daemon, url, func(ctx context.Context, db *sql.DB) error {
			_, err := db.ExecContext(ctx, "CREATE TABLE made (id integer)")
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestAPanicFailsTheStep(t *testing.T) {
	daemon := migratedtest.Start(t, migratedtest.Settings{})
	_, err := stepping(t, daemon, bed.SQLite(t), func(context.Context, *sql.DB) error { panic(errOwn) })
	if told := failure(t, err, migrated.ReasonExecutorFailed); !errors.Is(err, errOwn) || told.Message != "panic: no such shop" {
		t.Fatalf("%+v", told)
	}
}

func TestARevisionWithoutABodyIsTold(t *testing.T) {
	daemon := migratedtest.Start(t, migratedtest.Settings{})
	url := bed.SQLite(t)
	client := connect(t, daemon.Address, inGo(t), url, migrated.WithBodies(migrated.Bodies{"other": {}}))
	run, err := client.Upgrade(within(t, time.Minute), "head")
	if err != nil {
		t.Fatal(err)
	}
	_, err = run.Wait()
	if told := failure(t, err, migrated.ReasonExecutorFailed); told.Message != "this program has no body for the revision middle" {
		t.Fatalf("%+v", told)
	}
	if _, err := stepping(t, daemon, url, nil); !strings.Contains(fmt.Sprint(err), "has no Up") {
		t.Fatal(err)
	}
}

func TestAFailedStatementTellsItsLine(t *testing.T) {
	const name = "migrations/20261121_0712_3f2a9c1b7d4e_gross.rev.go"
	text, err := shop.Folder.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	before, _, _ := strings.Cut(string(text), `"UPDATE invoices SET gross = $1`)
	line := strings.Count(before, "\n") + 1
	onEach(t, func(t *testing.T, daemon *migratedtest.Daemon, url string) {
		folder := fstest.MapFS{name: {Data: text}}
		bed.Put(folder, "invoices", bed.Revision("5d1c0f9a2b3e", "",
			"CREATE TABLE invoices (id integer, net integer);\nINSERT INTO invoices VALUES (1, 100);", "DROP TABLE invoices;"))
		client := connect(t, daemon.Address, folder, url, migrated.WithBodies(shop.Bodies))
		run, err := client.Upgrade(within(t, time.Minute), "head")
		if err != nil {
			t.Fatal(err)
		}
		_, err = run.Wait()
		told := failure(t, err, migrated.ReasonStatementFailed)
		want := migrated.Place{Path: name, Line: line}
		var refused *migrated.SQLError
		if !errors.As(err, &refused) || refused.Place != want || !strings.Contains(refused.Message, "gross") ||
			!strings.HasPrefix(refused.Statement, "UPDATE invoices") || refused.SQLState != told.SQL.GetSqlstate() {
			t.Fatalf("%+v of %+v", refused, told)
		}
		if told.Place != want {
			t.Fatalf("the run tells %v, not %v", told.Place, want)
		}
	})
}

func TestTransactionsWithinAStep(t *testing.T) {
	onSteps(t, func(t *testing.T, ctx context.Context, db *sql.DB, _ string) error {
		return migrated.InTx(func(ctx context.Context, tx *sql.Tx) error {
			for _, text := range []string{
				"CREATE TABLE kept (id integer)", "INSERT INTO kept VALUES (1)", "SAVEPOINT here",
				"INSERT INTO kept VALUES (2)", "ROLLBACK TO SAVEPOINT here", "RELEASE SAVEPOINT here",
			} {
				if _, err := tx.ExecContext(ctx, text); err != nil {
					return fmt.Errorf("%s: %w", text, err)
				}
			}
			var count int
			if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM kept").Scan(&count); err != nil || count != 1 {
				return fmt.Errorf("%d rows are left: %w", count, err)
			}
			var refused *migrated.SQLError
			if _, err := tx.ExecContext(ctx, "COMMIT"); !errors.As(err, &refused) || refused.SQLState != "" ||
				!errors.Is(err, migrated.ReasonTransactionControl) {
				return fmt.Errorf("COMMIT is refused otherwise: %w", err)
			}
			if _, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true}); err == nil {
				return errors.New("a transaction of its own kind began")
			}
			return nil
		})(ctx, db)
	})
}

func TestARolledBackTransactionFailsTheStep(t *testing.T) {
	onAll(t, func(t *testing.T, daemon *migratedtest.Daemon, url string) {
		for text, body := range map[string]migrated.BodyFunc{
			"the body rolled the transaction back": func(ctx context.Context, db *sql.DB) error {
				tx, err := db.BeginTx(ctx, nil)
				if err != nil {
					return err
				}
				if err := tx.Rollback(); err != nil {
					return err
				}
				if _, err := db.ExecContext(ctx, "CREATE TABLE made (id integer)"); err == nil {
					return errors.New("a statement was executed after the rollback")
				}
				return nil
			},
			"neither committed it": func(ctx context.Context, db *sql.DB) error {
				_, err := db.BeginTx(ctx, nil)
				return err
			},
		} {
			_, err := stepping(t, daemon, url, body)
			if told := failure(t, err, migrated.ReasonExecutorFailed); !strings.Contains(told.Message, text) {
				t.Fatalf("%q: %+v", text, told)
			}
		}
	})
}

func TestACancelledRunEndsItsBody(t *testing.T) {
	onAll(t, func(t *testing.T, daemon *migratedtest.Daemon, url string) {
		begun := make(chan struct{})
		var cause error
		body := func(ctx context.Context, db *sql.DB) error {
			close(begun)
			<-ctx.Done()
			cause = context.Cause(ctx)
			return ctx.Err()
		}
		client := connect(t, daemon.Address, inGo(t), url, migrated.WithBodies(migrated.Bodies{"middle": {Up: body}}))
		run, err := client.Upgrade(within(t, time.Minute), "head")
		if err != nil {
			t.Fatal(err)
		}
		cancelled := make(chan struct{})
		go func() {
			defer close(cancelled)
			<-begun
			if err := run.Cancel(context.Background(), "enough"); err != nil {
				t.Error(err)
			}
		}()
		_, err = run.Wait()
		<-cancelled
		var told *migrated.Error
		if !errors.As(err, &told) || told.RunState != migratedv1.RunState_RUN_STATE_CANCELLED || !errors.As(cause, &told) {
			t.Fatalf("%v, and the body was told %v", err, cause)
		}
	})
}

func TestALostConnectionEndsTheBody(t *testing.T) {
	onAll(t, func(t *testing.T, daemon *migratedtest.Daemon, url string) {
		proxy := bed.StartProxy(t, daemon.Address)
		var cause, refused error
		body := func(ctx context.Context, db *sql.DB) error {
			proxy.Cut()
			<-ctx.Done()
			cause = context.Cause(ctx)
			_, refused = db.ExecContext(context.Background(), "SELECT 1")
			return fmt.Errorf("%w: %w", errOwn, refused)
		}
		client := connect(t, proxy.Address, inGo(t), url, migrated.WithBodies(migrated.Bodies{"middle": {Up: body}}))
		run, err := client.Upgrade(within(t, time.Minute), "head")
		if err != nil {
			t.Fatal(err)
		}
		_, err = run.Wait()
		if told := failure(t, err, migrated.ReasonExecutorLost); told.Revision != "middle" || !errors.Is(err, errOwn) {
			t.Fatalf("%+v", told)
		}
		var lost *migrated.Error
		if !errors.As(cause, &lost) || !errors.As(refused, &lost) {
			t.Fatalf("the context ended with %v, the statement with %v", cause, refused)
		}
	})
}

func TestAStatementThatIsGivenUpEndsTheStep(t *testing.T) {
	server := postgres(t)
	daemon := migratedtest.Start(t, migratedtest.Settings{})
	begun := time.Now()
	_, err := stepping(t, daemon, server.Database(t), func(ctx context.Context, db *sql.DB) error {
		ctx, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
		defer cancel()
		_, err := db.ExecContext(ctx, "SELECT pg_sleep(600)")
		return err
	})
	failure(t, err, migrated.ReasonExecutorLost)
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) > 30*time.Second {
		t.Fatalf("%v after %v", err, time.Since(begun))
	}
}

func TestADeadlockedStepIsExecutedAgain(t *testing.T) {
	server := postgres(t)
	daemon := migratedtest.Start(t, migratedtest.Settings{})
	calls := 0
	outcome, err := stepping(t, daemon, server.Database(t), func(ctx context.Context, db *sql.DB) error {
		if calls++; calls == 1 {
			_, err := db.ExecContext(ctx, "DO $$ BEGIN RAISE EXCEPTION 'busy' USING ERRCODE = '40P01'; END $$")
			return err
		}
		if step, _ := migrated.StepFrom(ctx); step.Attempt != 2 {
			return fmt.Errorf("%+v", step)
		}
		return nil
	})
	if err != nil || calls != 2 || outcome.Applied != 3 {
		t.Fatalf("%+v %v after %d calls", outcome, err, calls)
	}
}
