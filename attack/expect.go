package attack

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// continueTimeout is for how long a body is held back that the service was asked
// to ask for. Services may not know of that (RFC 9110, section 10.1.1); net/http
// waits as long.
const continueTimeout = time.Second

// errMalformed is something that is no answer to the question whether to go on.
var errMalformed = errors.New("malformed answer")

// errRefused ends the writing of a request whose body the service does not want.
var errRefused = errors.New("answered before the body was sent")

func expectsContinue(req *http.Request) bool {
	return req.Body != nil && strings.EqualFold(req.Header.Get("Expect"), "100-continue")
}

// holdBack lets the body follow only when the service has asked for it, or has
// been silent for long enough.
func (c *connection) holdBack(req *http.Request) (*http.Request, *heldBody) {
	body := &heldBody{ReadCloser: req.Body, await: func() error { return c.awaitContinue(req) }}
	held := *req
	held.Body = body
	return &held, body
}

// heldBody is first read when the header is written.
type heldBody struct {
	io.ReadCloser
	await func() error // nil once it was called
	// err is why the body is not sent.
	err error
}

func (b *heldBody) Read(p []byte) (int, error) {
	if b.await != nil {
		b.err, b.await = b.await(), nil
	}
	if b.err != nil {
		return 0, b.err
	}
	return b.ReadCloser.Read(p)
}

// awaitContinue returns nil if the body shall be sent, and errRefused if the
// service has answered already. That answer is then the next thing to be read.
func (c *connection) awaitContinue(req *http.Request) error {
	if err := c.writer.Flush(); err != nil {
		return err
	}
	patience := time.Now().Add(continueTimeout)
	if patience.After(c.deadline) {
		patience = c.deadline
	}
	for range maxInformational + 1 {
		if err := c.readUntil(patience); err != nil {
			return err
		}
		start, err := c.reader.Peek(len("HTTP/1.1 1"))
		if timed, ok := errors.AsType[net.Error](err); ok && timed.Timeout() && patience.Before(c.deadline) {
			c.readErr = nil
			return c.readUntil(c.deadline)
		}
		if err != nil {
			return c.cause(err)
		}
		if err := c.readUntil(c.deadline); err != nil {
			return err
		}
		if start[len(start)-1] != '1' {
			return errRefused
		}
		resp, err := http.ReadResponse(c.reader, req) //nolint:bodyclose // it has none
		switch {
		case c.readErr != nil:
			return c.readErr
		case err != nil:
			return fmt.Errorf("%w: %w", errMalformed, err)
		}
		if resp.StatusCode == http.StatusContinue {
			return nil
		}
	}
	return errTooManyInformational
}
