package migrated_test

import (
	"flag"
	"fmt"
	"os"
	"sync"
	"testing"

	"migrated.internal/client/go/internal/bed"
	"migrated.internal/client/go/migratedtest"
)

// exampleFolder holds the databases of the examples.
var exampleFolder string

// TestMain starts the daemon that the examples speak to; without the program they are left out, as tests are skipped.
func TestMain(m *testing.M) {
	flag.Parse()
	code := everything.run(m)
	for _, end := range everything.ends {
		end()
	}
	os.Exit(code)
}

var everything = &whole{}

// startPostgres starts the PostgreSQL that all tests share, each with databases of its own.
var startPostgres = sync.OnceValue(func() *migratedtest.Postgres {
	return started(everything, func() *migratedtest.Postgres { return migratedtest.StartPostgres(everything) })
})

func postgres(t *testing.T) *migratedtest.Postgres {
	t.Helper()
	server := startPostgres()
	if server == nil && os.Getenv("CI") == "true" {
		t.Fatal(everything.refused)
	}
	if server == nil {
		t.Skip(everything.refused)
	}
	return server
}

// startMariaDB starts the MariaDB that all tests share.
var startMariaDB = sync.OnceValue(func() *bed.MariaDB {
	return started(everything, func() *bed.MariaDB { return bed.StartMariaDB(everything) })
})

func mariadb(t *testing.T) *bed.MariaDB {
	t.Helper()
	server := startMariaDB()
	if server == nil && os.Getenv("CI") == "true" {
		t.Fatal(everything.refused)
	}
	if server == nil {
		t.Skip(everything.refused)
	}
	return server
}

// whole is all tests together, as what a daemon is started for.
type whole struct {
	testing.TB
	ends    []func()
	refused string
}

func (w *whole) run(m *testing.M) int {
	exampleFolder = w.TempDir()
	daemon := started(w, func() *migratedtest.Daemon { return migratedtest.Start(w, migratedtest.Settings{}) })
	switch {
	case daemon != nil:
		server = daemon.Address
	case os.Getenv("CI") == "true":
		fmt.Fprintln(os.Stderr, w.refused)
		return 1
	default:
		fmt.Fprintln(os.Stderr, "the examples are left out:", w.refused)
		if err := flag.Set("test.skip", "^Example"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return m.Run()
}

// started returns what was started, or nothing where that was refused.
func started[T any](w *whole, start func() *T) (server *T) {
	defer func() {
		if stopped := recover(); stopped != nil && stopped != w {
			panic(stopped)
		}
	}()
	return start()
}

func (w *whole) Helper() {}

func (w *whole) Cleanup(end func()) { w.ends = append([]func(){end}, w.ends...) }

func (w *whole) TempDir() string {
	dir, err := os.MkdirTemp("", "migrated")
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func (w *whole) Skip(args ...any) { w.Fatal(args...) }

func (w *whole) Fatal(args ...any) {
	w.refused = fmt.Sprint(args...)
	panic(w)
}

func (w *whole) Fatalf(format string, args ...any) { w.Fatal(fmt.Sprintf(format, args...)) }
