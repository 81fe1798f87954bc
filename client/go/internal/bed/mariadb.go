//go:build linux

package bed

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

// MariaDB is a private server on a free port.
type MariaDB struct {
	dir       string
	port      int
	databases atomic.Int32
}

// StartMariaDB starts a server that ends with the test. Where it is not installed the test is skipped; with CI=true it
// fails.
func StartMariaDB(tb testing.TB) *MariaDB {
	tb.Helper()
	for _, program := range []string{"mariadbd", "mariadb-install-db", "mariadb"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("CI") == "true" {
				tb.Fatal(err)
			}
			tb.Skip(err)
		}
	}
	dir, err := os.MkdirTemp("", "my")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	s := &MariaDB{dir: dir, port: freePort(tb)}
	data, account := "--datadir="+filepath.Join(dir, "data"), s.account(tb)
	// A server that starts removes the temporary tables that it finds: those of another one, in a folder that they share.
	temporary := "--tmpdir=" + dir
	s.run(tb, account, "mariadb-install-db", "--no-defaults", data, temporary, "--auth-root-authentication-method=normal", "--skip-test-db")
	server := exec.Command("mariadbd", "--no-defaults", data, temporary, "--port="+strconv.Itoa(s.port), "--bind-address=127.0.0.1",
		"--socket="+s.socket(), "--pid-file="+filepath.Join(dir, "pid"), "--innodb-buffer-pool-size=64M",
		"--innodb-flush-log-at-trx-commit=0", "--character-set-server=utf8mb4")
	server.Dir, server.SysProcAttr = dir, account
	output, err := server.StderrPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := server.Start(); err != nil {
		tb.Fatal(err)
	}
	ready, ended := make(chan struct{}), make(chan struct{})
	var log strings.Builder
	go func() {
		lines := bufio.NewScanner(output)
		for serves := false; lines.Scan(); {
			if !serves {
				log.WriteString(lines.Text() + "\n")
			}
			if !serves && strings.Contains(lines.Text(), "ready for connections") {
				serves = true
				close(ready)
			}
		}
		_ = server.Wait()
		close(ended)
	}()
	tb.Cleanup(func() {
		_ = server.Process.Kill()
		<-ended
	})
	select {
	case <-ready:
	case <-ended:
		tb.Fatalf("MariaDB ended:\n%s", log.String())
	}
	s.Execute(tb, "CREATE USER app@'127.0.0.1' IDENTIFIED BY 'app'; GRANT ALL ON *.* TO app@'127.0.0.1'")
	return s
}

// Database makes a database and returns its URL.
func (s *MariaDB) Database(tb testing.TB) string {
	tb.Helper()
	name := fmt.Sprintf("d%d", s.databases.Add(1))
	s.Execute(tb, "CREATE DATABASE "+name)
	return fmt.Sprintf("mysql://app:app@127.0.0.1:%d/%s", s.port, name)
}

// Execute executes statements as root.
func (s *MariaDB) Execute(tb testing.TB, sql string) {
	tb.Helper()
	s.run(tb, nil, "mariadb", "--no-defaults", "--socket="+s.socket(), "-uroot", "-e", sql)
}

func (s *MariaDB) socket() string { return filepath.Join(s.dir, "socket") }

func (s *MariaDB) run(tb testing.TB, account *syscall.SysProcAttr, program string, args ...string) {
	tb.Helper()
	command := exec.Command(program, args...)
	command.SysProcAttr, command.Dir = account, s.dir
	if output, err := command.CombinedOutput(); err != nil {
		tb.Fatalf("%s: %v\n%s", program, err, output)
	}
}

// account is whom the server runs as: it refuses root.
func (s *MariaDB) account(tb testing.TB) *syscall.SysProcAttr {
	tb.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	found, err := user.Lookup("mysql")
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

func freePort(tb testing.TB) int {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port
}
