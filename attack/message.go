package attack

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// Services tell by these whose request they have, as they do from vegeta.
const (
	streamHeader   = "X-Vegeta-Attack"
	sequenceHeader = "X-Vegeta-Seq" // from 0 in each stream
)

// message is a request in the form in which it is sent. net/http writes it once:
// requests of a stream differ in their number alone.
type message struct {
	target  vegeta.Target
	chunked bool

	// head is HTTP/1.1's, up to the number. before and after frame the body where it
	// is sent as a chunk.
	head          []byte
	before, after string

	// call is what a message of gRPC calls; nil in others.
	call *grpcCall

	// traces gives each request its traceparent; nil gives none.
	traces *recording.Traces

	// request tells those who read an answer what it is one to.
	request *http.Request
	// expectsContinue tells that the body waits until the service asks for it.
	expectsContinue bool
	// replayable tells that a common client would send it again without asking.
	replayable bool
}

// newMessage has the target belong to the stream.
func newMessage(target vegeta.Target, stream string, chunked bool) (*message, error) {
	target.Header = target.Header.Clone()
	if target.Header == nil {
		target.Header = http.Header{}
	}
	target.Header.Set(streamHeader, stream)
	m := &message{target: target, chunked: chunked && len(target.Body) > 0}
	request, err := m.newRequest()
	if err != nil {
		return nil, err
	}
	m.request = request
	m.expectsContinue = request.Body != nil && strings.EqualFold(request.Header.Get("Expect"), "100-continue")
	m.replayable = replayable(request)
	if m.chunked {
		m.before, m.after = strconv.FormatInt(int64(len(target.Body)), 16)+"\r\n", "\r\n0\r\n\r\n"
	}
	var wire bytes.Buffer
	if err := request.Write(&wire); err != nil {
		return nil, err
	}
	head, _, ended := bytes.Cut(wire.Bytes(), []byte("\r\n\r\n"))
	if !ended {
		return nil, fmt.Errorf("net/http wrote a header without an end: %q", head)
	}
	m.head = append(bytes.Clone(head), "\r\n"+sequenceHeader+": "...)
	return m, nil
}

// newRequest is the message as net/http has it, without a number.
func (m *message) newRequest() (*http.Request, error) {
	req, err := m.target.Request()
	if err != nil {
		return nil, err
	}
	if m.chunked {
		req.TransferEncoding = []string{"chunked"}
	}
	return req, nil
}

// numbered is the message for a library to send.
func (m *message) numbered(ctx context.Context, seq uint64) (*http.Request, error) {
	req, err := m.newRequest()
	if err != nil {
		return nil, err
	}
	req.Header.Set(sequenceHeader, strconv.FormatUint(seq, 10))
	if m.traces != nil {
		req.Header.Set(check.TraceParent, string(m.traces.AppendParent(nil, seq)))
	}
	return req.WithContext(ctx), nil
}

// writeHead leaves errors to the writer, which keeps the first.
func (m *message) writeHead(w *bufio.Writer, seq uint64) {
	_, _ = w.Write(m.head)
	_, _ = w.Write(strconv.AppendUint(w.AvailableBuffer(), seq, 10))
	if m.traces != nil {
		_, _ = w.WriteString("\r\ntraceparent: ")
		_, _ = w.Write(m.traces.AppendParent(w.AvailableBuffer(), seq))
	}
	_, _ = w.WriteString("\r\n\r\n")
}

// writeBody leaves errors to the writer, which keeps the first.
func (m *message) writeBody(w *bufio.Writer) {
	_, _ = w.WriteString(m.before)
	_, _ = w.Write(m.target.Body)
	_, _ = w.WriteString(m.after)
}

// replayable is what net/http holds to be (Request.isReplayable). Bodies of ours
// can be sent again.
func replayable(req *http.Request) bool {
	switch req.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	return req.Header["Idempotency-Key"] != nil || req.Header["X-Idempotency-Key"] != nil
}
