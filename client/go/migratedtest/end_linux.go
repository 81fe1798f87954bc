package migratedtest

import (
	"os/exec"
	"syscall"
)

// endWithTest has the kernel end the daemon with the test's process, however that ends.
func endWithTest(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
