//go:build linux || darwin

package attack

import (
	"errors"
	"net"
	"syscall"
)

// probe looks at an idle connection without taking anything from it.
type probe struct {
	socket syscall.RawConn // nil where there is no socket
	look   func(fd uintptr)
	quiet  bool
	peeked [1]byte
}

func newProbe(conn net.Conn) *probe {
	p := &probe{}
	if c, ok := conn.(syscall.Conn); ok {
		// Without a socket there is nothing to look at.
		p.socket, _ = c.SyscallConn()
	}
	p.look = p.peek // made once, not for each look
	return p
}

// idle is false if the other side has closed, reset or sent anything.
func (p *probe) idle() bool {
	if p.socket == nil {
		return true
	}
	return p.socket.Control(p.look) == nil && p.quiet
}

func (p *probe) peek(fd uintptr) {
	for {
		_, _, err := syscall.Recvfrom(int(fd), p.peeked[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		p.quiet = errors.Is(err, syscall.EAGAIN)
		return
	}
}
