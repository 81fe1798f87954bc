// Package migratedtest starts a daemon for tests, as net/http/httptest starts a server: a service is tested with the
// migrations that it will meet.
//
//	daemon := migratedtest.Start(t, migratedtest.Settings{})
//	client, err := migrated.Connect(ctx, migrated.WithServer(daemon.Address), migrated.WithFolder(folder))
package migratedtest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// ProgramsVariable names the environment variable that holds the folder of the programs to test with.
const ProgramsVariable = "MIGRATEDTEST_PROGRAMS"

// Settings says what daemon is wanted. The zero value is one on a free port of the loopback interface, which takes any
// database URL and any project.
type Settings struct {
	// Dir is the folder of the configuration and the revision store; a temporary one where it is empty.
	Dir string
	// Listen is host:port, or unix: and a path; port 0 is one that is free.
	Listen string
	// Sections are further lines of migrated.toml. Relative paths belong to Dir.
	Sections string
}

// Daemon is a `migrated` that serves.
type Daemon struct {
	// Address is host:port, or unix: and a path.
	Address string
	// Dir is the folder of its configuration and its revision store.
	Dir string

	command *exec.Cmd
	ended   chan struct{}
	log     *lines
}

// Start starts a daemon, which ends with the test. Where there is no program `migrated`, the test is skipped; with
// CI=true it fails.
func Start(tb testing.TB, settings Settings) *Daemon {
	tb.Helper()
	program := Program(tb, "migrated")
	if settings.Dir == "" {
		settings.Dir = tb.TempDir()
	}
	if settings.Listen == "" {
		settings.Listen = "127.0.0.1:0"
	}
	config := fmt.Sprintf("[listen]\naddresses = [%q]\n[targets]\nallow_ad_hoc = true\n[projects]\ncreate_on_push = true\n"+
		"[store]\npath = %q\n%s", settings.Listen, filepath.Join(settings.Dir, "store.db"), settings.Sections)
	file := filepath.Join(settings.Dir, "migrated.toml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		tb.Fatal(err)
	}
	command := exec.Command(program, "--config", file, "--log", "info", "--log-format", "json")
	command.Dir = settings.Dir
	command.Env = append(environment(), "HOME="+settings.Dir)
	endWithTest(command)
	output, err := command.StderrPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := command.Start(); err != nil {
		tb.Fatalf("cannot run %s: %v", program, err)
	}
	d := &Daemon{Dir: settings.Dir, command: command, ended: make(chan struct{}), log: &lines{}}
	serving := make(chan string, 1)
	go func() {
		d.log.read(output, serving)
		_ = command.Wait()
		close(d.ended)
	}()
	tb.Cleanup(d.Kill)
	select {
	case d.Address = <-serving:
	case <-d.ended:
		tb.Fatalf("the daemon does not serve:\n%s", d.Log())
	}
	return d
}

// environment returns the process's own, without what it says of other daemons.
func environment() []string {
	var kept []string
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "MIGRATED_") {
			kept = append(kept, entry)
		}
	}
	return kept
}

// Kill ends the daemon as a power failure would.
func (d *Daemon) Kill() {
	_ = d.command.Process.Kill()
	<-d.ended
}

// Stop tells the daemon to leave, and waits until it is gone.
func (d *Daemon) Stop() {
	_ = d.command.Process.Signal(os.Interrupt)
	<-d.ended
}

// Log returns what the daemon has said so far.
func (d *Daemon) Log() string { return d.log.all() }

// lines is a log that grows.
type lines struct {
	mutex sync.Mutex
	text  strings.Builder
}

func (l *lines) read(from io.Reader, serving chan<- string) {
	scanner := bufio.NewScanner(from)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		l.mutex.Lock()
		l.text.Write(scanner.Bytes())
		l.text.WriteByte('\n')
		l.mutex.Unlock()
		var line struct{ Message, Address string }
		if json.Unmarshal(scanner.Bytes(), &line) == nil && line.Message == "serving" {
			serving <- line.Address
		}
	}
}

func (l *lines) all() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.String()
}

// Program returns the path of a program of the product: in the folder that MIGRATEDTEST_PROGRAMS names, else in target/debug
// of the repository that the test stands in, else on the PATH. Where there is none, the test is skipped; with CI=true it
// fails.
func Program(tb testing.TB, name string) string {
	tb.Helper()
	if folder := os.Getenv(ProgramsVariable); folder != "" {
		return filepath.Join(folder, name)
	}
	if root, ok := repository(); ok {
		program := filepath.Join(root, "target", "debug", name)
		if target := os.Getenv("CARGO_TARGET_DIR"); target != "" {
			program = filepath.Join(target, "debug", name)
		}
		if _, err := os.Stat(program); err == nil {
			return program
		}
	}
	program, err := exec.LookPath(name)
	if err != nil {
		missing(tb, fmt.Sprintf("there is no program `%s`: name its folder in %s, or run `cargo build`", name, ProgramsVariable))
	}
	return program
}

func missing(tb testing.TB, text string) {
	tb.Helper()
	if os.Getenv("CI") == "true" {
		tb.Fatal(text)
	}
	tb.Skip(text)
}

// repository finds the product's own repository above the working directory.
func repository() (string, bool) {
	dir, err := os.Getwd()
	if err != nil {
		return "", false
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "proto", "migrated", "v1", "run.proto")); err == nil {
			return dir, true
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", false
		}
		dir = parent
	}
}
