//go:build linux || darwin

package migrated

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// How long the daemon may take until it serves.
	readyTimeout = 30 * time.Second
	idle         = 10 * time.Minute
	idleInCI     = 30 * time.Second
	// Lines of the log that an error shows.
	logLines = 10
)

// The daemon serves later calls with other environments, so it gets only what it needs to run and to check
// certificates; what belongs to a call travels with the call.
var (
	passed = map[string]bool{
		"PATH": true, "HOME": true, "USER": true, "LOGNAME": true, "LANG": true, "TZ": true, "TMPDIR": true,
		"SSL_CERT_FILE": true, "SSL_CERT_DIR": true, "RUST_LOG": true, "RUST_BACKTRACE": true,
	}
	passedPrefixes = []string{"XDG_", "LC_", "MIGRATED_"}
)

// startDaemon starts the daemon, in a process group of its own, and returns its socket when it says that it serves.
func startDaemon(ctx context.Context, c *config, p *place) (string, error) {
	binary, err := c.daemonBinary()
	if err != nil {
		return "", err
	}
	idle, err := c.daemonIdle()
	if err != nil {
		return "", err
	}
	// Nobody listens there, or we would not be here.
	if err := os.Remove(p.socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", fileError(p.socket, "remove", err)
	}
	log, err := os.OpenFile(p.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return "", fileError(p.log(), "open", err)
	}
	defer func() { _ = log.Close() }()
	var began int64
	if info, err := log.Stat(); err == nil {
		began = info.Size()
	}
	command := exec.Command(binary, "embedded", "--project-dir", p.projectDir, "--state-dir", p.stateDir,
		"--socket", p.socket, "--idle", strconv.FormatInt(int64(idle/time.Second), 10))
	command.Env = c.daemonEnvironment()
	command.Dir = p.projectDir
	command.Stderr = log
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	output, err := command.StdoutPipe()
	if err != nil {
		return "", own(ReasonEmbeddedStart, "cannot run %s: %v", binary, err).because(err)
	}
	if err := command.Start(); err != nil {
		return "", own(ReasonEmbeddedStart, "cannot run %s: %v", binary, err).because(err).next("check the installation")
	}
	return ready(ctx, command, output, p, began)
}

// ready waits for the line that the daemon writes when it serves.
func ready(ctx context.Context, command *exec.Cmd, output io.Reader, p *place, began int64) (string, error) {
	type said struct {
		line string
		// How the process ended, where it ended instead.
		ended error
	}
	told := make(chan said, 1)
	go func() {
		line, _ := bufio.NewReader(output).ReadString('\n')
		if line != "" {
			told <- said{line: line}
		}
		// Whoever starts a process waits for its end, which may come long after us.
		err := command.Wait()
		if line == "" {
			told <- said{ended: err}
		}
	}()
	timer := time.NewTimer(readyTimeout)
	defer timer.Stop()
	select {
	case said := <-told:
		if said.line == "" {
			return "", startFailure(p, began, "ended early ("+command.ProcessState.String()+")").because(said.ended)
		}
		var line struct {
			Socket string `json:"socket"`
		}
		if json.Unmarshal([]byte(said.line), &line) != nil || line.Socket == "" {
			return "", startFailure(p, began, "said `"+strings.TrimSpace(said.line)+"` instead of its socket")
		}
		return line.Socket, nil
	case <-timer.C:
		_ = command.Process.Kill()
		return "", startFailure(p, began, "was not ready within "+readyTimeout.String())
	case <-ctx.Done():
		// It goes on to serve whoever comes next, and leaves when it is idle.
		return "", interrupted(ctx.Err()).state("nothing was done")
	}
}

func startFailure(p *place, began int64, what string) *Error {
	said := ""
	if text, err := os.ReadFile(p.log()); err == nil && int64(len(text)) > began {
		lines := strings.Split(strings.TrimRight(string(text[began:]), "\n"), "\n")
		said = "; it said:\n  " + strings.Join(lines[max(0, len(lines)-logLines):], "\n  ")
	}
	return own(ReasonEmbeddedStart, "the embedded daemon %s%s", what, said).state("nothing was done").
		next("read %s, or name a server", p.log())
}

func (c *config) daemonIdle() (time.Duration, error) {
	text := c.text("embedded.idle")
	if text == "" {
		if _, ci := c.variable("CI"); ci {
			return idleInCI, nil
		}
		return idle, nil
	}
	if seconds, err := strconv.ParseUint(text, 10, 32); err == nil {
		return time.Duration(seconds) * time.Second, nil
	}
	length, err := time.ParseDuration(text)
	if err != nil || length < 0 {
		return 0, own(ReasonConfigInvalid, "`embedded.idle`: `%s` is no duration", text).next("write it as 90s, 5m or 1h30m")
	}
	return length, nil
}

func (c *config) daemonEnvironment() []string {
	var all []string
	for name, text := range c.variables {
		pass := passed[name]
		for _, prefix := range passedPrefixes {
			pass = pass || strings.HasPrefix(name, prefix)
		}
		if pass {
			all = append(all, name+"="+text)
		}
	}
	return all
}

// daemonBinary returns the daemon's program: as configured, else beside our own, else on the PATH.
func (c *config) daemonBinary() (string, error) {
	if path := c.text("embedded.binary"); path != "" {
		return path, nil
	}
	var folders []string
	if mine, err := os.Executable(); err == nil {
		folders = append(folders, filepath.Dir(mine))
	}
	path, _ := c.variable("PATH")
	for _, folder := range append(folders, filepath.SplitList(path)...) {
		program := filepath.Join(folder, "migrated")
		info, err := os.Stat(program)
		if folder != "" && err == nil && info.Mode().IsRegular() && unix.Access(program, unix.X_OK) == nil {
			return program, nil
		}
	}
	return "", own(ReasonEmbeddedStart,
		"no server is configured, and the program `migrated` is neither beside this one nor on the PATH").
		next("install `migrated`, or name a server with WithServer or MIGRATECTL_SERVER")
}
