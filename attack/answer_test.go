package attack

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"
)

const podOfTest = "X-Pod"

func TestPlainAnswers(t *testing.T) {
	for text, plain := range map[string]bool{
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok":                                                         true,
		"HTTP/1.1 200 OK\r\nx-pod: a\r\ncontent-length: 0\r\nConnection: CLOSE\r\n\r\n":                          true,
		"HTTP/1.1 503 Service Unavailable\r\nConnection: keep-alive\r\nX: a: b\t\r\nContent-Length:  3 \r\n\r\n": true,
		"HTTP/1.1 299 \r\nContent-Length: 0\r\n\r\n":                                                             true,
		// Not all of it has come.
		"":                                       false,
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r": false,
		// Other framing, or none.
		"HTTP/1.1 200 OK\r\n\r\n": false,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n": false,
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n":          false,
		"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\n":                              false,
		"HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999999\r\n\r\n":             false,
		"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n":                       false,
		"HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\n":                         false,
		"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n":                               false,
		"HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n":                                false,
		"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n":                              false,
		// Fields that one would have to know more of.
		"HTTP/1.1 200 OK\r\nConnection: upgrade\r\nContent-Length: 0\r\n\r\n":    false,
		"HTTP/1.1 200 OK\r\nX-Pod:\r\nContent-Length: 0\r\n\r\n":                 false,
		"HTTP/1.1 200 OK\r\nX: a\r\n folded\r\nContent-Length: 0\r\n\r\n":        false,
		"HTTP/1.1 200 OK\r\nX : a\r\nContent-Length: 0\r\n\r\n":                  false,
		"HTTP/1.1 200 OK\r\nnonsense\r\nContent-Length: 0\r\n\r\n":               false,
		"HTTP/1.1 200 OK\nX: a\n\nContent-Length: 0\r\nContent-Length:0\r\n\r\n": false,
		"HTTP/1.1 200 OK\r\nX: \x00\r\nContent-Length: 0\r\n\r\n":                false,
	} {
		if got := agrees(t, text, "a"); got != plain {
			t.Errorf("plain: %v, want %v: %q", got, plain, text)
		}
	}
}

// Whatever is taken for plain, net/http understands in the same way.
func FuzzPlainAnswer(f *testing.F) {
	for _, seed := range []string{
		"HTTP/1.1 200 OK\r\nX-Pod: a\r\nContent-Length: 2\r\n\r\nok",
		"HTTP/1.1 503 Service Unavailable\r\nDate: Mon\r\nConnection: close\r\nContent-Length: 0\r\nX-Pod: b\r\nX-Pod: c\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) { agrees(t, text, "a") })
}

// agrees tells whether the answer is taken for plain, and fails where net/http makes
// something else of one that is.
func agrees(t *testing.T, text, knownPod string) (plain bool) {
	t.Helper()
	ours, theirs := arrived(text), arrived(text)
	a, plain := plainAnswer(ours, podOfTest, knownPod)
	if !plain {
		if ours.Buffered() != theirs.Buffered() {
			t.Errorf("%d bytes taken: %q", theirs.Buffered()-ours.Buffered(), text)
		}
		return false
	}
	resp, err := http.ReadResponse(theirs, nil)
	if err != nil {
		t.Fatalf("not plain at all: %v: %q", err, text)
	}
	defer func() { _ = resp.Body.Close() }()
	want := answerOf(resp, podOfTest)
	if a.status != want.status || a.statusText != want.statusText || a.pod != want.pod || a.close != want.close ||
		a.size != resp.ContentLength || ours.Buffered() != theirs.Buffered() {
		t.Fatalf("%+v, %d bytes left; net/http has %+v, size %d, %d bytes left: %q", a, ours.Buffered(), want, resp.ContentLength, theirs.Buffered(), text)
	}
	n, err := a.discard(ours)
	wantN, wantErr := want.discard(theirs)
	if n != wantN || err != wantErr || ours.Buffered() != theirs.Buffered() { //nolint:errorlint // the same error
		t.Fatalf("body %d, %v, %d bytes left; net/http has %d, %v, %d: %q", n, err, ours.Buffered(), wantN, wantErr, theirs.Buffered(), text)
	}
	return true
}

// arrived holds the text, as far as a connection's buffer can.
func arrived(text string) *bufio.Reader {
	reader := bufio.NewReader(strings.NewReader(text))
	_, _ = reader.Peek(1)
	return reader
}

// A body that is longer than what has come with the header is read to its end.
func TestPlainAnswerWithALongBody(t *testing.T) {
	const size = 1 << 20
	for _, cut := range []int64{0, 1, size / 2} {
		text := "HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n" + strings.Repeat("x", size)
		reader := bufio.NewReader(io.LimitReader(strings.NewReader(text), int64(len(text))-cut))
		_, _ = reader.Peek(1)
		a, plain := plainAnswer(reader, podOfTest, "")
		n, err := a.discard(reader)
		if !plain || n != size-cut || (err == io.ErrUnexpectedEOF) != (cut > 0) { //nolint:errorlint // as it is
			t.Errorf("cut by %d: plain %v, %d bytes, %v", cut, plain, n, err)
		}
	}
}
