//go:build linux || darwin

package migrated

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"google.golang.org/grpc/credentials/insecure"
	"migrated.internal/client/go/migratedv1"
)

const (
	// How often a daemon is started before that is given up, where others start one at the same time.
	starts = 3
	// Pause between two looks at a daemon that neither answers nor is gone.
	look = 20 * time.Millisecond
	// How long a daemon that is told to leave may take.
	patience = 10 * time.Second
)

// live is an embedded daemon that answers.
type live struct {
	socket string
	// As the kernel tells it; 0 where it does not.
	pid int
}

// record is what an embedded daemon tells about itself, in daemon.json.
type record struct {
	Version string `json:"version"`
	Socket  string `json:"socket"`
}

func readRecord(p *place) (record, bool) {
	var r record
	text, err := os.ReadFile(filepath.Join(p.stateDir, "daemon.json"))
	return r, err == nil && json.Unmarshal(text, &r) == nil
}

// ensureDaemon returns the socket of the project's embedded daemon, which is started where it does not run.
func ensureDaemon(ctx context.Context, c *config, logger *slog.Logger) (string, error) {
	p, err := placeOfDaemon(c)
	if err != nil {
		return "", err
	}
	if there, err := find(p); err != nil || (there != nil && !isOutdated(p)) {
		return there.path(), err
	}
	if err := p.prepare(); err != nil {
		return "", err
	}
	// Two programs at once: the second waits here, and then finds the daemon of the first.
	guard, err := lockFile(ctx, filepath.Join(p.stateDir, "start.lock"))
	if err != nil {
		return "", err
	}
	defer func() { _ = guard.Close() }()
	for range starts - 1 {
		there, err := settled(ctx, p)
		if err != nil {
			return "", err
		}
		if there != nil {
			if !isOutdated(p) {
				return there.socket, nil
			}
			if gone, err := replace(ctx, p, there, logger); err != nil || !gone {
				return there.socket, err
			}
		}
		socket, err := startDaemon(ctx, c, p)
		if err == nil || ctx.Err() != nil || !p.isTaken() {
			return socket, err
		}
		// Another daemon, whose starter was killed, was quicker.
	}
	return startDaemon(ctx, c, p)
}

func (l *live) path() string {
	if l == nil {
		return ""
	}
	return l.socket
}

// settled returns the daemon that answers. One that has the state folder and does not answer is on its way in or out:
// it is waited for as long as a start may take.
func settled(ctx context.Context, p *place) (*live, error) {
	until := time.Now().Add(readyTimeout)
	for {
		there, err := find(p)
		if err != nil || there != nil || !p.isTaken() || time.Now().After(until) {
			return there, err
		}
		// It may come to listen or to end: no one event tells of both.
		if err := pause(ctx, look); err != nil {
			return nil, err
		}
	}
}

// find returns the daemon that answers: at the socket of the present environment, else at the one that the daemon
// recorded, which another session of the same user may have had elsewhere.
func find(p *place) (*live, error) {
	there, err := probe(p.socket)
	if there != nil || err != nil {
		return there, err
	}
	if r, ok := readRecord(p); ok && r.Socket != p.socket {
		return probe(r.Socket)
	}
	return nil, nil
}

func probe(socket string) (*live, error) {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return nil, nil
	}
	defer func() { _ = conn.Close() }()
	uid, pid, err := peer(conn.(*net.UnixConn))
	switch {
	case err != nil:
		// It left between the two calls.
		return nil, nil
	case uid != os.Geteuid():
		return nil, own(ReasonEmbeddedStart, "the process at %s belongs to user %d, not to %d", socket, uid, os.Geteuid()).
			next("find out who listens there; nothing was sent to it")
	}
	return &live{socket: socket, pid: pid}, nil
}

func isOutdated(p *place) bool {
	r, ok := readRecord(p)
	return ok && r.Version != Version
}

// replace ends a daemon of another release if no run is under way there. Whether it is gone.
func replace(ctx context.Context, p *place, there *live, logger *slog.Logger) (bool, error) {
	r, _ := readRecord(p)
	if hasRuns(ctx, there.socket) {
		logger.Warn("the embedded daemon is of another release and has runs under way; it is used as it is",
			"daemon", r.Version, "client", Version)
		return false, nil
	}
	if there.pid <= 0 {
		return false, own(ReasonEmbeddedStart, "cannot stop the embedded daemon of release %s: its process is not known", r.Version)
	}
	if err := syscall.Kill(there.pid, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
		return false, own(ReasonEmbeddedStart, "cannot stop the embedded daemon of release %s: %v", r.Version, err).because(err)
	}
	// It holds this lock for as long as it lives.
	waited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	lock, err := lockFile(waited, filepath.Join(p.stateDir, "daemon.lock"))
	switch {
	case ctx.Err() != nil:
		return false, interrupted(ctx.Err())
	case waited.Err() != nil:
		logger.Warn("the embedded daemon of another release did not stop; it is used as it is", "daemon", r.Version)
		return false, nil
	case err != nil:
		return false, err
	}
	return true, lock.Close()
}

// hasRuns tells whether runs are under way. A daemon that cannot tell is taken for idle: its API is not ours.
func hasRuns(ctx context.Context, socket string) bool {
	conn, err := dial(address{unix: socket}, insecure.NewCredentials(), nil, nil)
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()
	answer, err := services(conn).Runs.ListRuns(ctx, &migratedv1.ListRunsRequest{
		States: []migratedv1.RunState{
			migratedv1.RunState_RUN_STATE_QUEUED,
			migratedv1.RunState_RUN_STATE_LOCKING,
			migratedv1.RunState_RUN_STATE_RUNNING,
		},
		PageSize: 1,
	})
	return err == nil && len(answer.GetRuns()) > 0
}
