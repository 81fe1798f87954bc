package migrated_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"testing"
	"time"

	migrated "migrated.internal/client/go"
	"migrated.internal/client/go/internal/bed"
	"migrated.internal/client/go/migratedtest"
)

// connect connects to a server with nothing of the process's own environment.
func connect(t testing.TB, server string, folder fs.FS, url string, more ...migrated.Option) *migrated.Client {
	t.Helper()
	options := []migrated.Option{
		migrated.WithDir(t.TempDir()),
		migrated.WithEnvironment(),
		migrated.WithServer(server),
		migrated.WithProject("shop"),
		migrated.WithTarget(migrated.DatabaseURL(url)),
	}
	if folder != nil {
		options = append(options, migrated.WithFolder(folder))
	}
	client, err := migrated.Connect(context.Background(), append(options, more...)...)
	if err != nil {
		t.Fatalf("cannot connect: %v", err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// onEach runs a test with a daemon on a new SQLite file, and on a new PostgreSQL database.
func onEach(t *testing.T, test func(t *testing.T, daemon *migratedtest.Daemon, url string)) {
	t.Run("sqlite", func(t *testing.T) {
		test(t, migratedtest.Start(t, migratedtest.Settings{}), bed.SQLite(t))
	})
	t.Run("postgresql", func(t *testing.T) {
		server := postgres(t)
		scratch := fmt.Sprintf("[connections.scratch]\nurl = %q\n[scratch]\npostgresql = \"scratch\"\n", server.Database(t))
		test(t, migratedtest.Start(t, migratedtest.Settings{Sections: scratch}), server.Database(t))
	})
}

// upgraded upgrades to head and returns the outcome.
func upgraded(t testing.TB, client *migrated.Client, revision string) *migrated.Outcome {
	t.Helper()
	run, err := client.Upgrade(context.Background(), revision)
	if err != nil {
		t.Fatalf("upgrade %s: %v", revision, err)
	}
	return waited(t, run)
}

func waited(t testing.TB, run *migrated.Run) *migrated.Outcome {
	t.Helper()
	outcome, err := run.Wait()
	if err != nil {
		t.Fatalf("run %s: %v", run.ID(), err)
	}
	return outcome
}

// failure returns the typed failure, which must be of that reason and say all that a person needs.
func failure(t testing.TB, err error, reason migrated.Reason) *migrated.Error {
	t.Helper()
	var failure *migrated.Error
	if !errors.As(err, &failure) {
		t.Fatalf("%v is no *migrated.Error, but should be %s", err, string(reason))
	}
	if !errors.Is(err, reason) {
		t.Fatalf("%s instead of %s:\n%s", string(failure.Reason), string(reason), failure.Detail())
	}
	if failure.Message == "" || failure.State == "" || failure.Next == "" {
		t.Fatalf("it lacks message, state or next command: %+v", failure)
	}
	return failure
}

// within bounds what must not take long.
func within(t testing.TB, length time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), length)
	t.Cleanup(cancel)
	return ctx
}

// startDaemon starts a daemon with no settings of its own.
func startDaemon(t testing.TB) *migratedtest.Daemon {
	t.Helper()
	return migratedtest.Start(t, migratedtest.Settings{})
}
