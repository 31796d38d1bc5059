package attack

import (
	"bufio"
	"sync"
)

// Ten thousand requests wait at once where a service is silent. None of them needs
// a buffer for that: a writer is taken to send, a reader when something has come.
var (
	readers = sync.Pool{New: func() any { return bufio.NewReader(nil) }}
	writers = sync.Pool{New: func() any { return bufio.NewWriter(nil) }}
)

// acquireReader lets the connection have a reader if it has none.
func (c *http1Conn) acquireReader() *bufio.Reader {
	if c.reader == nil {
		c.reader = readers.Get().(*bufio.Reader) //nolint:forcetypeassert // it holds nothing else
		c.reader.Reset(c)
	}
	return c.reader
}

// releaseReader gives it back with what is in it.
func (c *http1Conn) releaseReader() {
	if c.reader != nil {
		c.reader.Reset(nil)
		readers.Put(c.reader)
		c.reader = nil
	}
}

func (c *http1Conn) acquireWriter() {
	c.writer = writers.Get().(*bufio.Writer) //nolint:forcetypeassert // it holds nothing else
	c.writer.Reset(c.Conn)
}

func (c *http1Conn) releaseWriter() {
	if c.writer != nil {
		c.writer.Reset(nil)
		writers.Put(c.writer)
		c.writer = nil
	}
}
