package migrated

import (
	"net"

	"golang.org/x/sys/unix"
)

// peer returns user and process at the other end of a socket, as the kernel tells them.
func peer(conn *net.UnixConn) (uid, pid int, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, 0, err
	}
	var told *unix.Ucred
	var failed error
	if err := raw.Control(func(fd uintptr) {
		told, failed = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil {
		return 0, 0, err
	}
	if failed != nil {
		return 0, 0, failed
	}
	return int(told.Uid), int(told.Pid), nil
}
