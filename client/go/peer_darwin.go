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
	var failed error
	if err := raw.Control(func(fd uintptr) {
		var told *unix.Xucred
		if told, failed = unix.GetsockoptXucred(int(fd), unix.SOL_LOCAL, unix.LOCAL_PEERCRED); failed != nil {
			return
		}
		uid = int(told.Uid)
		pid, failed = unix.GetsockoptInt(int(fd), unix.SOL_LOCAL, unix.LOCAL_PEERPID)
	}); err != nil {
		return 0, 0, err
	}
	return uid, pid, failed
}
