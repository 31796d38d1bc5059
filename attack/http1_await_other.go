//go:build !linux

package attack

func (c *http1Conn) hasSocket() bool { return false }

func (c *http1Conn) awaitOnSocket() error { return nil }

func (c *http1Conn) attemptRead(uintptr) bool { return true }

func (c *http1Conn) readSocket([]byte) (int, error) { return 0, nil }
