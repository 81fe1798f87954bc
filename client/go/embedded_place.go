//go:build linux || darwin

package migrated

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// Longest path of a socket that every platform takes.
const longestSocket = 100

// place is where one project's embedded daemon lives: the same as migratectl's, so that both find the same daemon.
type place struct {
	// The project's folder, its real path.
	projectDir string
	// Store, log and record.
	stateDir string
	socket   string
}

func placeOfDaemon(c *config) (*place, error) {
	dir, err := filepath.EvalSymlinks(c.projectDir)
	if err != nil {
		return nil, fileError(c.projectDir, "resolve", err)
	}
	sum := sha256.Sum256([]byte(dir))
	hash := hex.EncodeToString(sum[:8])
	return &place{projectDir: dir, stateDir: c.stateDir(dir, hash), socket: c.socketPath(hash)}, nil
}

// stateDir is `.migrated/` in the project, or, where that cannot be written, a folder in the user's state folder.
func (c *config) stateDir(projectDir, hash string) string {
	inside := filepath.Join(projectDir, ".migrated")
	asked := inside
	if _, err := os.Stat(inside); err != nil {
		asked = projectDir
	}
	if unix.Access(asked, unix.W_OK) == nil {
		return inside
	}
	state, ok := c.absoluteVariable("XDG_STATE_HOME")
	if !ok {
		if state, ok = c.absoluteVariable("HOME"); ok {
			state = filepath.Join(state, ".local", "state")
		} else {
			state = c.temporary()
		}
	}
	return filepath.Join(state, "migrated", hash)
}

func (c *config) socketPath(hash string) string {
	file := hash + ".sock"
	mine := fmt.Sprintf("migrated-%d", os.Geteuid())
	wanted := filepath.Join(c.temporary(), mine, file)
	if runtime, ok := c.absoluteVariable("XDG_RUNTIME_DIR"); ok && isFolder(runtime) {
		wanted = filepath.Join(runtime, "migrated", file)
	}
	if len(wanted) <= longestSocket {
		return wanted
	}
	return filepath.Join(anyonesFolder, mine, file)
}

func (c *config) absoluteVariable(name string) (string, bool) {
	path, ok := c.variable(name)
	return path, ok && filepath.IsAbs(path)
}

func (c *config) temporary() string {
	if path, ok := c.absoluteVariable("TMPDIR"); ok {
		return path
	}
	return anyonesFolder
}

// Where every system lets everybody write, and where paths are short.
const anyonesFolder = "/tmp"

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func (p *place) log() string { return filepath.Join(p.stateDir, "daemon.log") }

// prepare makes the state folder, which ignores itself in git, and the socket's folder, and checks that nobody else can
// reach the latter.
func (p *place) prepare() error {
	if err := makePrivate(p.stateDir); err != nil {
		return err
	}
	ignore := filepath.Join(p.stateDir, ".gitignore")
	if _, err := os.Stat(ignore); errors.Is(err, os.ErrNotExist) {
		if err := os.WriteFile(ignore, []byte("*\n"), 0o600); err != nil {
			return fileError(ignore, "write", err)
		}
	}
	folder := filepath.Dir(p.socket)
	if err := makePrivate(folder); err != nil {
		return err
	}
	info, err := os.Lstat(folder)
	if err != nil {
		return fileError(folder, "read", err)
	}
	told, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() || int(told.Uid) != os.Geteuid() || info.Mode().Perm()&0o077 != 0 {
		return own(ReasonEmbeddedStart, "%s is not a folder of user %d that nobody else can enter", folder, os.Geteuid()).
			next("remove %s, or set XDG_RUNTIME_DIR to a private folder", folder)
	}
	return nil
}

func makePrivate(folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fileError(folder, "make", err)
	}
	return nil
}

// isTaken tells whether a daemon has the state folder, be it that it serves, starts or ends: it holds daemon.lock.
func (p *place) isTaken() bool {
	file, err := os.Open(filepath.Join(p.stateDir, "daemon.lock"))
	if err != nil {
		return false
	}
	defer func() { _ = file.Close() }()
	return errors.Is(unix.Flock(int(file.Fd()), unix.LOCK_SH|unix.LOCK_NB), unix.EWOULDBLOCK)
}

// lockFile waits for the lock of a file, which ends with the returned file. The kernel cannot be told to stop waiting:
// where the context ends first, the lock is given back as soon as it is had.
func lockFile(ctx context.Context, path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fileError(path, "lock", err)
	}
	got := make(chan error, 1)
	go func() {
		err := unix.Flock(int(file.Fd()), unix.LOCK_EX)
		for errors.Is(err, unix.EINTR) {
			err = unix.Flock(int(file.Fd()), unix.LOCK_EX)
		}
		got <- err
	}()
	select {
	case err := <-got:
		if err != nil {
			_ = file.Close()
			return nil, fileError(path, "lock", err)
		}
		return file, nil
	case <-ctx.Done():
		go func() {
			<-got
			_ = file.Close()
		}()
		return nil, interrupted(ctx.Err())
	}
}
