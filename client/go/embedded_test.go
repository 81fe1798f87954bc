//go:build linux || darwin

package migrated_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	migrated "migrated.internal/client/go"
	"migrated.internal/client/go/internal/bed"
	"migrated.internal/client/go/migratedtest"
)

// home is a project's folder with three revisions, and an environment in which nothing but it is known.
type home struct {
	dir     string
	program string
	env     []string
}

func newHome(t *testing.T) *home {
	t.Helper()
	h := &home{dir: t.TempDir(), program: migratedtest.Program(t, "migrated")}
	h.env = []string{"HOME=" + h.dir, "PATH=" + os.Getenv("PATH"), "TMPDIR=" + h.dir, "DATABASE_URL=sqlite:///app.db"}
	bed.Write(t, h.dir, bed.Chain(3))
	t.Cleanup(h.kill)
	return h
}

func (h *home) connect(t *testing.T, more ...migrated.Option) *migrated.Client {
	t.Helper()
	options := []migrated.Option{migrated.WithDir(h.dir), migrated.WithEnvironment(h.env...), migrated.WithDaemonBinary(h.program)}
	client, err := migrated.Connect(context.Background(), append(options, more...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func (h *home) record() (pid int, version string) {
	var told struct {
		Pid     int    `json:"pid"`
		Version string `json:"version"`
	}
	text, err := os.ReadFile(filepath.Join(h.dir, ".migrated", "daemon.json"))
	if err != nil || json.Unmarshal(text, &told) != nil {
		return 0, ""
	}
	return told.Pid, told.Version
}

// kill ends the daemon of this home, which no one else uses.
func (h *home) kill() {
	if pid, _ := h.record(); pid > 0 {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// migratectl runs a command of the product's own client in the home.
func (h *home) migratectl(t *testing.T, args ...string) string {
	t.Helper()
	command := exec.Command(migratedtest.Program(t, "migratectl"), args...)
	command.Dir, command.Env = h.dir, h.env
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("migratectl %s: %v\n%s", strings.Join(args, " "), err, output)
	}
	return string(output)
}

func TestTheEmbeddedDaemonIsStartedAndSharedWithMigratectl(t *testing.T) {
	h := newHome(t)
	client := h.connect(t)
	if outcome := upgraded(t, client, "r002"); outcome.Applied != 2 {
		t.Fatalf("%+v", outcome)
	}
	if client.Project() != filepath.Base(h.dir) {
		t.Fatalf("project %s", client.Project())
	}
	pid, version := h.record()
	if version != migrated.Version {
		t.Fatalf("release %s", version)
	}
	// The command line finds the same daemon, with the same manifest, and another client too.
	if status := h.migratectl(t, "daemon", "status"); !strings.Contains(status, fmt.Sprintf("pid %d", pid)) {
		t.Fatalf("%s", status)
	}
	h.migratectl(t, "upgrade", "head")
	other := h.connect(t)
	if current, err := other.Current(context.Background()); err != nil || current.GetRows()[0] != "r003" {
		t.Fatalf("%v %v", current, err)
	}
	if again, _ := h.record(); again != pid {
		t.Fatalf("%d is another daemon than %d", again, pid)
	}
}

func TestADaemonThatMigratectlStartedIsFound(t *testing.T) {
	h := newHome(t)
	h.migratectl(t, "upgrade", "r001")
	pid, _ := h.record()
	if outcome := upgraded(t, h.connect(t), "head"); outcome.Applied != 2 {
		t.Fatalf("%+v", outcome)
	}
	if again, _ := h.record(); again != pid {
		t.Fatalf("%d is another daemon than %d", again, pid)
	}
}

func TestManyStartOneEmbeddedDaemon(t *testing.T) {
	h := newHome(t)
	errs := make(chan error, 6)
	for range cap(errs) {
		go func() {
			_, err := migrated.Upgrade(context.Background(), "head", migrated.WithDir(h.dir),
				migrated.WithEnvironment(h.env...), migrated.WithDaemonBinary(h.program))
			errs <- err
		}()
	}
	for range cap(errs) {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

func TestAnEmbeddedDaemonThatDiedIsStartedAgainAndTellsTheRun(t *testing.T) {
	h := newHome(t)
	client := h.connect(t)
	run, err := client.Upgrade(context.Background(), "head")
	if err != nil {
		t.Fatal(err)
	}
	waited(t, run)
	again, err := client.Watch(within(t, time.Minute), run.ID())
	if err != nil {
		t.Fatal(err)
	}
	for range again.Events() {
		h.kill()
		break
	}
	if outcome := waited(t, again); outcome.Rows[0] != "r003" {
		t.Fatalf("%+v", outcome)
	}
	// And so is one that a plain call meets.
	h.kill()
	if _, err := client.Heads(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func TestAnEmbeddedDaemonOfAnotherReleaseIsReplaced(t *testing.T) {
	h := newHome(t)
	upgraded(t, h.connect(t), "r001")
	pid, _ := h.record()
	file := filepath.Join(h.dir, ".migrated", "daemon.json")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, strings.Replace(string(text), `"`+migrated.Version+`"`, `"0.0.9"`, 1))
	upgraded(t, h.connect(t), "head")
	if again, version := h.record(); again == pid || version != migrated.Version {
		t.Fatalf("pid %d, then %d of release %s", pid, again, version)
	}
}

func TestAnEmbeddedDaemonThatCannotStartSaysWhy(t *testing.T) {
	h := newHome(t)
	connect := func(more ...migrated.Option) error {
		options := []migrated.Option{migrated.WithDir(h.dir), migrated.WithEnvironment("PATH=" + h.dir)}
		_, err := migrated.Connect(context.Background(), append(options, more...)...)
		return err
	}
	missing := failure(t, connect(), migrated.ReasonEmbeddedStart)
	if missing.ExitCode() != 9 || missing.Code != "MG7005" {
		t.Fatalf("%+v", missing)
	}
	failure(t, connect(migrated.WithDaemonBinary(filepath.Join(h.dir, "nothing"))), migrated.ReasonEmbeddedStart)
	write(t, filepath.Join(h.dir, "migrated.toml"), "[nonsense]\n")
	wrong := failure(t, connect(migrated.WithDaemonBinary(h.program)), migrated.ReasonEmbeddedStart)
	if !strings.Contains(wrong.Message, "nonsense") || !strings.Contains(wrong.Next, "daemon.log") {
		t.Fatalf("%s", wrong.Detail())
	}
}

func TestAnEmbeddedDaemonWithoutAFolderKnowsNothing(t *testing.T) {
	h := newHome(t)
	if err := os.RemoveAll(filepath.Join(h.dir, "migrations")); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	client := h.connect(t, migrated.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	_, err := client.Heads(context.Background())
	failure(t, err, migrated.ReasonLocalFile)
	if log.Len() > 0 {
		t.Fatalf("%s", log.String())
	}
}
