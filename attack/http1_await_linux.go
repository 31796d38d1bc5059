package attack

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// awaitOnSocket waits for the first byte of an answer with no buffer to read it
// into: that is taken for each attempt to read, and kept by the one that succeeds.
// It makes the system calls that net.Conn makes.
func (c *http1Conn) awaitOnSocket() error {
	err := c.probe.socket.Read(c.attempt)
	if err == nil {
		return c.attempted
	}
	if failed, ok := errors.AsType[*net.OpError](err); ok {
		err = c.readError(failed.Err)
	}
	if c.readErr == nil {
		c.readErr = err
	}
	return err
}

// attemptRead is false if nothing has come yet.
func (c *http1Conn) attemptRead(fd uintptr) bool {
	c.socket, c.onSocket = fd, true
	_, c.attempted = c.acquireReader().Peek(1)
	c.onSocket = false
	if errors.Is(c.attempted, syscall.EAGAIN) {
		c.releaseReader()
		return false
	}
	return true
}

// readSocket reads what has come, and gives the errors that net.Conn gives.
func (c *http1Conn) readSocket(p []byte) (int, error) {
	for {
		n, err := syscall.Read(int(c.socket), p)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EAGAIN):
			return 0, err //nolint:wrapcheck // it goes to attemptRead
		case err != nil:
			return 0, c.readError(os.NewSyscallError("read", err))
		case n == 0:
			return 0, io.EOF
		}
		return n, nil
	}
}

func (c *http1Conn) readError(err error) error {
	local := c.raw.LocalAddr()
	return &net.OpError{Op: "read", Net: local.Network(), Source: local, Addr: c.raw.RemoteAddr(), Err: err}
}

// hasSocket tells whether answers come straight from a socket.
func (c *http1Conn) hasSocket() bool { return c.Conn == c.raw && c.probe.socket != nil }
