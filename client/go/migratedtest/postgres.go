//go:build linux || darwin

package migratedtest

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Postgres is a private PostgreSQL on a free port.
type Postgres struct {
	port      int
	databases atomic.Int32
	bin       string
	dir       string
}

// StartPostgres starts a PostgreSQL of the test's own, which ends with the test. Where it is not installed the test is
// skipped; with CI=true it fails.
func StartPostgres(tb testing.TB) *Postgres {
	tb.Helper()
	bin, ok := postgresFolder()
	if !ok {
		missing(tb, "PostgreSQL is not installed")
	}
	dir, err := os.MkdirTemp("", "pg")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	s := &Postgres{bin: bin, dir: dir}
	account := s.account(tb)
	data := filepath.Join(dir, "data")
	s.run(tb, account, "initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync", "--no-locale", "-E", "UTF8")
	s.port = freePort(tb)
	server := exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-p", strconv.Itoa(s.port),
		"-h", "127.0.0.1", "-k", dir, "-c", "fsync=off", "-c", "full_page_writes=off")
	server.SysProcAttr = account
	server.Dir = dir
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		tb.Fatal(err)
	}
	server.Stdout, server.Stderr = log, log
	if err := server.Start(); err != nil {
		tb.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = server.Wait()
		close(ended)
	}()
	tb.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGQUIT)
		<-ended
	})
	s.ready(tb, ended)
	return s
}

// ready waits until the server takes connections. It tells nobody that it does: it has to be asked.
func (s *Postgres) ready(tb testing.TB, ended <-chan struct{}) {
	tb.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for until := time.Now().Add(30 * time.Second); time.Now().Before(until); {
		if exec.Command(filepath.Join(s.bin, "pg_isready"), "-q", "-h", "127.0.0.1", "-p", strconv.Itoa(s.port)).Run() == nil {
			return
		}
		select {
		case <-ended:
			text, _ := os.ReadFile(filepath.Join(s.dir, "log"))
			tb.Fatalf("PostgreSQL ended:\n%s", text)
		case <-tick.C:
		}
	}
	tb.Fatal("PostgreSQL does not become ready")
}

// Database makes a database and returns its URL.
func (s *Postgres) Database(tb testing.TB) string {
	tb.Helper()
	name := fmt.Sprintf("d%d", s.databases.Add(1))
	s.psql(tb, "postgres", "CREATE DATABASE "+name)
	return fmt.Sprintf("postgresql://postgres@127.0.0.1:%d/%s", s.port, name)
}

// Query runs SQL in a database of [Postgres.Database] and returns what psql prints, without decoration.
func (s *Postgres) Query(tb testing.TB, database, sql string) string {
	tb.Helper()
	parsed, err := url.Parse(database)
	if err != nil {
		tb.Fatal(err)
	}
	return s.psql(tb, strings.TrimPrefix(parsed.Path, "/"), sql)
}

func (s *Postgres) psql(tb testing.TB, database, sql string) string {
	tb.Helper()
	command := exec.Command(filepath.Join(s.bin, "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1",
		"-h", "127.0.0.1", "-p", strconv.Itoa(s.port), "-U", "postgres", "-d", database, "-c", sql)
	output, err := command.CombinedOutput()
	if err != nil {
		tb.Fatalf("psql: %v\n%s", err, output)
	}
	return strings.TrimSpace(string(output))
}

func (s *Postgres) run(tb testing.TB, account *syscall.SysProcAttr, program string, args ...string) {
	tb.Helper()
	command := exec.Command(filepath.Join(s.bin, program), args...)
	command.SysProcAttr, command.Dir = account, s.dir
	if output, err := command.CombinedOutput(); err != nil {
		tb.Fatalf("%s: %v\n%s", program, err, output)
	}
}

// account is whom the server runs as: PostgreSQL refuses root.
func (s *Postgres) account(tb testing.TB) *syscall.SysProcAttr {
	tb.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	found, err := user.Lookup("postgres")
	if err != nil {
		tb.Fatal(err)
	}
	uid, _ := strconv.Atoi(found.Uid)
	gid, _ := strconv.Atoi(found.Gid)
	if err := os.Chown(s.dir, uid, gid); err != nil {
		tb.Fatal(err)
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}

func postgresFolder() (string, bool) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) > 0 {
		return filepath.Dir(found[len(found)-1]), true
	}
	program, err := exec.LookPath("initdb")
	return filepath.Dir(program), err == nil
}

func freePort(tb testing.TB) int {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port
}
