package chaos

import "syscall"

// ownGroup makes a program the leader of a group of its own, so that what it starts ends
// with it. Where this process is killed and can end nobody, the kernel kills the program
// (PR_SET_PDEATHSIG, prctl(2)): at the end of the thread that started it, so that the
// thread has to be kept. Programs that this one has started get no such signal, nor does
// one with more rights than this process (set-user-ID): these are left.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
