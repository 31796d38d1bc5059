package attack

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"regexp"
	"sync"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// bodyPattern tells whether an answer's body is one that the check expects.
type bodyPattern struct{ fits func(body []byte) bool }

// newBodyPattern is nil where the check takes any body.
func newBodyPattern(expected *check.ExpectBody) (*bodyPattern, error) {
	switch {
	case expected == nil:
		return nil, nil //nolint:nilnil // as told above
	case expected.Matches == "":
		text := []byte(expected.Contains)
		return &bodyPattern{func(body []byte) bool { return bytes.Contains(body, text) }}, nil
	}
	pattern, err := regexp.Compile(expected.Matches)
	if err != nil {
		return nil, &check.FieldError{Field: "expectBody.matches", Problem: err.Error()}
	}
	return &bodyPattern{pattern.Match}, nil
}

// complaint says what is wrong with a body, of which more follows or not; empty where it is
// as expected. It repeats nothing of the body, which may hold what is nobody's business.
func (p *bodyPattern) complaint(body []byte, more bool) string {
	switch {
	case p.fits(body):
		return ""
	case len(body) == 0:
		return "the answer's body is empty"
	case more:
		return fmt.Sprintf("what expectBody tells is not in the first %d KiB of the answer's body", check.ExpectBodyBytes>>10)
	default:
		return "what expectBody tells is not in the answer's body"
	}
}

// bodyHeads are buffers for the beginnings of bodies.
var bodyHeads = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// read reads the body to its end, counts it, and judges its beginning by the pattern,
// where there is one. Of bodies no more than that is kept, and while they are read alone.
func (a *answer) read(from *bufio.Reader, pattern *bodyPattern) (int64, error) {
	if pattern == nil {
		return a.discard(from)
	}
	if a.body == nil && a.size <= min(int64(from.Buffered()), check.ExpectBodyBytes) {
		body, _ := from.Peek(int(a.size)) // which is there
		a.complaint = pattern.complaint(body, false)
		return a.discard(from)
	}
	head := bodyHeads.Get().(*bytes.Buffer) //nolint:forcetypeassert // nothing else is put there
	head.Reset()
	defer bodyHeads.Put(head)
	n, ended, err := a.readHead(from, head)
	if err != nil {
		return n, err
	}
	var more int64
	if !ended {
		rest := *a
		rest.size -= n
		if more, err = rest.discard(from); err != nil {
			return n + more, err
		}
	}
	a.complaint = pattern.complaint(head.Bytes(), more > 0)
	return n + more, nil
}

// readHead reads the beginning of the body, and tells whether that was all of it.
func (a *answer) readHead(from *bufio.Reader, into *bytes.Buffer) (n int64, ended bool, err error) {
	if a.body == nil {
		n, err = io.CopyN(into, from, min(a.size, check.ExpectBodyBytes))
		if err == io.EOF { //nolint:errorlint // io.CopyN gives it as it is
			err = io.ErrUnexpectedEOF
		}
		return n, n == a.size, err
	}
	n, err = io.CopyN(into, a.body, check.ExpectBodyBytes)
	if err == io.EOF { //nolint:errorlint // likewise
		return n, true, nil
	}
	return n, false, err
}
