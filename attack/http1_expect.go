package attack

import (
	"errors"
	"fmt"
	"net/http"
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

// awaitContinue lets the body follow only when the service has asked for it, or
// has been silent for long enough. It returns nil if the body shall be sent, and
// errRefused if the service has answered already. That answer is then the next
// thing to be read.
func (c *http1Conn) awaitContinue(m *message) error {
	if err := c.writer.Flush(); err != nil {
		return err
	}
	until := time.Now().Add(continueTimeout)
	if until.After(c.deadline) {
		until = c.deadline
	}
	for range maxInformational + 1 {
		if err := c.setReadDeadline(until); err != nil {
			return err
		}
		start, err := c.acquireReader().Peek(len("HTTP/1.1 1"))
		if isTimeout(err) && until.Before(c.deadline) {
			c.readErr = nil
			return c.setReadDeadline(c.deadline)
		}
		if err != nil {
			return c.cause(err)
		}
		if err := c.setReadDeadline(c.deadline); err != nil {
			return err
		}
		if start[len(start)-1] != '1' {
			return errRefused
		}
		resp, err := http.ReadResponse(c.reader, m.request) //nolint:bodyclose // it has none
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
