package attack

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strings"
)

// answer is what a service said to a request.
type answer struct {
	status int
	// statusText is the status with its reason, as in "503 Service Unavailable".
	statusText string
	pod        string
	// close tells that the connection carries no other.
	close bool
	// body is what is to be read; nil where size says all about it.
	body io.ReadCloser
	size int64
	// complaint is why the body is not one that the check expects; empty where it is.
	complaint string
}

// said is what is judged of an answer whose body was read. It is small: the stacks of
// requests under way hold it, several times.
type said struct {
	statusText, complaint string
}

func (a *answer) said() said { return said{a.statusText, a.complaint} }

// answerOf takes what net/http has read.
func answerOf(resp *http.Response, podHeader string) answer {
	a := answer{
		status:     resp.StatusCode,
		statusText: resp.Status,
		close:      resp.Close || resp.StatusCode == http.StatusSwitchingProtocols,
		body:       resp.Body,
	}
	if pod := resp.Header[podHeader]; len(pod) > 0 {
		a.pod = pod[0]
	}
	return a
}

// discard reads the body to its end and counts it.
func (a *answer) discard(from *bufio.Reader) (int64, error) {
	if a.body != nil {
		return io.Copy(io.Discard, a.body)
	}
	if a.size <= int64(from.Buffered()) {
		n, err := from.Discard(int(a.size))
		return int64(n), err
	}
	n, err := io.CopyN(io.Discard, from, a.size)
	if err == io.EOF { //nolint:errorlint // io.CopyN gives it as it is
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// plainAnswer reads an answer's header if all of it has come and nothing about it
// is unusual: a final status with a body of a told length. Then it is what
// http.ReadResponse would make of it, for a fifth of the cost. Else it takes
// nothing from the reader.
func plainAnswer(from *bufio.Reader, podHeader string, knownPod string) (answer, bool) {
	came, err := from.Peek(from.Buffered())
	end := bytes.Index(came, []byte("\r\n\r\n"))
	if err != nil || end < 0 {
		return answer{}, false
	}
	line, fields, _ := bytes.Cut(came[:end], []byte("\r\n"))
	a, ok := plainStatus(line)
	if !ok {
		return answer{}, false
	}
	a.size = -1
	for len(fields) > 0 {
		var field []byte
		field, fields, _ = bytes.Cut(fields, []byte("\r\n"))
		if !a.plainField(field, podHeader, knownPod) {
			return answer{}, false
		}
	}
	if a.size < 0 {
		return answer{}, false
	}
	_, err = from.Discard(end + len("\r\n\r\n"))
	return a, err == nil
}

// plainStatus takes the statuses that are always followed by a body, if only an
// empty one.
func plainStatus(line []byte) (answer, bool) {
	const version, usual = "HTTP/1.1 ", "200 OK"
	if len(line) < len(version)+len("200 ") || string(line[:len(version)]) != version || !isText(line) {
		return answer{}, false
	}
	line = line[len(version):]
	status, ok := number(line[:3])
	if !ok || line[3] != ' ' || status < 200 || status == http.StatusNoContent || status == http.StatusNotModified {
		return answer{}, false
	}
	a := answer{status: int(status), statusText: usual}
	if string(line) != usual {
		a.statusText = string(line)
	}
	return a, true
}

// plainField takes a field of the header, and refuses those that change what the
// others mean, or that one would have to know more of.
func (a *answer) plainField(field []byte, podHeader, knownPod string) bool {
	name, value, ok := bytes.Cut(field, []byte(":"))
	if !ok || len(name) == 0 || !isToken(name) || !isText(value) {
		return false
	}
	value = bytes.Trim(value, " \t")
	switch {
	case equalFold(name, "Content-Length"):
		if a.size >= 0 {
			return false
		}
		a.size, ok = number(value)
		return ok
	case equalFold(name, "Transfer-Encoding"), equalFold(name, "Trailer"):
		return false
	case equalFold(name, "Connection"):
		switch {
		case equalFold(value, "close"):
			a.close = true
		case !equalFold(value, "keep-alive"):
			return false
		}
	case equalFold(name, podHeader):
		if a.pod != "" || len(value) == 0 {
			return a.pod != ""
		}
		if a.pod = knownPod; string(value) != knownPod {
			a.pod = string(value)
		}
	}
	return true
}

// equalFold compares without regard to case, as names of the header are.
func equalFold(name []byte, other string) bool {
	return len(name) == len(other) && strings.EqualFold(string(name), other)
}

// number takes decimal digits, so few that their number is never too large.
func number(digits []byte) (n int64, ok bool) {
	if len(digits) == 0 || len(digits) > 18 {
		return 0, false
	}
	for _, d := range digits {
		if d < '0' || d > '9' {
			return 0, false
		}
		n = 10*n + int64(d-'0')
	}
	return n, true
}

// isText is narrower than what RFC 9110 lets a value be (section 5.5).
func isText(value []byte) bool {
	for _, c := range value {
		if (c < ' ' || c > '~') && c != '\t' {
			return false
		}
	}
	return true
}

// isToken is narrower than what RFC 9110 lets a name be (section 5.6.2).
func isToken(name []byte) bool {
	for _, c := range name {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && c != '-' && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}
