package migrated_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	migrated "migrated.internal/client/go"
	"migrated.internal/client/go/internal/bed"
	"migrated.internal/client/go/migratedtest"
	"migrated.internal/client/go/migratedv1"
)

func TestAFailedStatementIsToldWithPlaceStateAndWhatTheDatabaseSaid(t *testing.T) {
	onEach(t, func(t *testing.T, daemon *migratedtest.Daemon, url string) {
		folder := bed.Chain(1)
		bed.Put(folder, "bad", bed.Revision("bad", "r001", "CREATE TABLE a (id integer);\nDROP TABLE nowhere;", "SELECT 1;"))
		client := connect(t, daemon.Address, folder, url)
		run, err := client.Upgrade(context.Background(), "head")
		if err != nil {
			t.Fatal(err)
		}
		_, err = run.Wait()
		failed := failure(t, err, migrated.ReasonStatementFailed)
		if failed.Code != "MG4005" || failed.Revision != "bad" || failed.RunID != run.ID() || failed.Applied != 1 ||
			failed.RunState != migratedv1.RunState_RUN_STATE_FAILED || failed.ExitCode() != 4 || failed.Retryable() {
			t.Fatalf("%+v", failed)
		}
		if failed.Place != (migrated.Place{Path: "migrations/bad.sql", Line: 7, Column: failed.Place.Column}) {
			t.Fatalf("at %s", failed.Place)
		}
		if failed.SQL.GetStatementIndex() != 2 || !strings.Contains(failed.SQL.GetMessage(), "nowhere") {
			t.Fatalf("%v", failed.SQL)
		}
		detail := failed.Detail()
		for _, line := range []string{"MG4005 STATEMENT_FAILED", "at: migrations/bad.sql:7", "state: ", "next: ", "docs/errors/MG4005.md"} {
			if !strings.Contains(detail, line) {
				t.Errorf("%q is not in\n%s", line, detail)
			}
		}
		// The same failure ends every later reading.
		if _, again := run.Wait(); again != err {
			t.Fatalf("%v instead of %v", again, err)
		}
	})
}

func TestARefusalHasReasonAndMetadata(t *testing.T) {
	daemon := migratedtest.Start(t, migratedtest.Settings{})
	ctx := context.Background()
	folder := bed.Chain(2)
	bed.Put(folder, "side", bed.Revision("side", "r001", "SELECT 1;", "SELECT 1;"))
	client := connect(t, daemon.Address, folder, bed.SQLite(t))

	_, err := client.PlanUpgrade(ctx, "head")
	heads := failure(t, err, migrated.ReasonMultipleHeads)
	if heads.Code != "MG1005" || !strings.Contains(heads.Metadata["heads"], "side") || status.Code(err) != codes.InvalidArgument {
		t.Fatalf("%+v %s", heads, status.Code(err))
	}
	_, err = client.PlanUpgrade(ctx, "nothing")
	unknown := failure(t, err, migrated.ReasonUnknownRevision)
	if unknown.ExitCode() != 1 || errors.Is(err, migrated.ReasonMultipleHeads) {
		t.Fatalf("%+v", unknown)
	}
	_, err = client.GetRun(ctx, "0000")
	failure(t, err, migrated.ReasonRunNotFound)
	_, err = client.Watch(ctx, "0000")
	failure(t, err, migrated.ReasonRunNotFound)
	_, err = client.On(migrated.NamedTarget("nobody")).Current(ctx)
	failure(t, err, migrated.ReasonTargetNotFound)
	_, err = client.On(migrated.DatabaseURL("nonsense")).Current(ctx)
	failure(t, err, migrated.ReasonTargetURLInvalid)

	bed.Put(folder, "broken", "SELECT 1;\n")
	_, err = client.Heads(ctx)
	broken := failure(t, err, migrated.ReasonFileNoHeader)
	if broken.Place.Path != "migrations/broken.sql" {
		t.Fatalf("at %s", broken.Place)
	}
}

func TestNobodyListens(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	client := connect(t, address, bed.Chain(1), bed.SQLite(t))
	for name, call := range map[string]func() error{
		"unary":  func() error { _, err := client.Heads(context.Background()); return err },
		"stream": func() error { _, err := client.Upgrade(context.Background(), "head"); return err },
		"socket": func() error {
			_, err := connect(t, "unix:"+t.TempDir()+"/none.sock", bed.Chain(1), bed.SQLite(t)).Heads(context.Background())
			return err
		},
	} {
		err := call()
		unreachable := failure(t, err, migrated.ReasonDaemonUnreachable)
		if unreachable.Code != "MG7001" || unreachable.ExitCode() != 9 || !unreachable.Retryable() || status.Code(err) != codes.Unavailable {
			t.Fatalf("%s: %+v", name, unreachable)
		}
	}
}

func TestTheEndOfAContextEndsTheWatchingAndNotTheRun(t *testing.T) {
	server := postgres(t)
	url := server.Database(t)
	daemon := migratedtest.Start(t, migratedtest.Settings{})
	folder := bed.Chain(1)
	bed.Put(folder, "slow", bed.Revision("slow", "r001", "SELECT pg_sleep(600);", "SELECT 1;"))
	client := connect(t, daemon.Address, folder, url)

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	run, err := client.Upgrade(ctx, "head")
	if err != nil {
		t.Fatal(err)
	}
	for event, err := range run.Events() {
		if err != nil {
			left := failure(t, err, migrated.ReasonInterrupted)
			if !errors.Is(err, context.Canceled) || left.RunID != run.ID() || left.ExitCode() != 130 || !strings.Contains(left.Next, run.ID()) {
				t.Fatalf("%+v", left)
			}
			break
		}
		if event.GetStepStarted().GetRevision() == "slow" {
			cancel()
		}
	}
	if ctx.Err() == nil {
		t.Fatal("the slow revision never began")
	}
	still, err := client.GetRun(context.Background(), run.ID())
	if err != nil || still.GetState() != migratedv1.RunState_RUN_STATE_RUNNING {
		t.Fatalf("%v %v", still, err)
	}
	// A second one waits for no longer than its context.
	_, err = client.Wait(within(t, 200*time.Millisecond), "head")
	failure(t, err, migrated.ReasonDeadlinePassed)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}

	watched, err := client.Watch(context.Background(), run.ID(), migrated.After(run.Sequence()))
	if err != nil {
		t.Fatal(err)
	}
	if err := watched.Cancel(context.Background(), "enough"); err != nil {
		t.Fatal(err)
	}
	_, err = watched.Wait()
	cancelled := failure(t, err, migrated.ReasonCancelled)
	if cancelled.RunState != migratedv1.RunState_RUN_STATE_CANCELLED || cancelled.ExitCode() != 4 {
		t.Fatalf("%+v", cancelled)
	}
	// A run that is bounded by itself fails by its own deadline.
	bounded, err := client.Upgrade(context.Background(), "head", migrated.Deadline(100*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	_, err = bounded.Wait()
	if late := failure(t, err, migrated.ReasonDeadlinePassed); late.ExitCode() != 7 {
		t.Fatalf("%+v", late)
	}
}

func TestAContextThatHasEndedAsksNobody(t *testing.T) {
	daemon := migratedtest.Start(t, migratedtest.Settings{})
	client := connect(t, daemon.Address, bed.Chain(1), bed.SQLite(t))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := client.Heads(ctx)
	failure(t, err, migrated.ReasonInterrupted)
	_, err = client.Upgrade(ctx, "head")
	failure(t, err, migrated.ReasonInterrupted)
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func TestAClosedClientSaysSo(t *testing.T) {
	client := connect(t, "localhost:1", bed.Chain(1), bed.SQLite(t))
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := client.Heads(context.Background())
	failure(t, err, migrated.ReasonDaemonUnreachable)
}
