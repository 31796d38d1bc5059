package attack

import (
	"syscall"

	"golang.org/x/sys/windows"
)

// The numbers of Windows' sockets, by those that package syscall has made up for the
// names of other systems.
var errnos = map[syscall.Errno]syscall.Errno{
	windows.WSAECONNREFUSED:  syscall.ECONNREFUSED,
	windows.WSAECONNRESET:    syscall.ECONNRESET,
	windows.WSAECONNABORTED:  syscall.ECONNRESET,
	windows.WSAEHOSTUNREACH:  syscall.EHOSTUNREACH,
	windows.WSAENETUNREACH:   syscall.ENETUNREACH,
	windows.WSAEADDRNOTAVAIL: syscall.EADDRNOTAVAIL,
	windows.WSAEADDRINUSE:    syscall.EADDRNOTAVAIL, // no local port is left
	windows.WSAENOBUFS:       syscall.EADDRNOTAVAIL, // the same
	windows.WSAEMFILE:        syscall.EMFILE,
	windows.WSAEAFNOSUPPORT:  syscall.EAFNOSUPPORT,
}

// portable gives the number that other systems have for an error.
func portable(errno syscall.Errno) syscall.Errno {
	if known, ok := errnos[errno]; ok {
		return known
	}
	return errno
}
