//go:build !linux

package attack

func (c *connection) hasSocket() bool { return false }

func (c *connection) awaitOnSocket() error { return nil }

func (c *connection) attemptRead(uintptr) bool { return true }

func (c *connection) readSocket([]byte) (int, error) { return 0, nil }
