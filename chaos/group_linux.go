package chaos

import "syscall"

// endWithUs lets the kernel kill a program where this process is killed and can end
// nobody (PR_SET_PDEATHSIG, prctl(2)): at the end of the thread that started it, so that
// the thread has to be kept. Programs that this one has started get no such signal, nor
// does one with more rights than this process (set-user-ID): these are left.
func endWithUs(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }
