package sender

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// A conductor that reads a segment lives, however slowly it does.
func TestSlowReaderIsHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := servePipes(t)
		must(t)(r.Assign(t.Context(), assignment(nowhere, 0, 1)))
		if err := r.server.held.add(recording.Segment{Data: make([]byte, 1<<20)}); err != nil {
			t.Fatal(err)
		}
		conn, err := r.dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		if _, err := fmt.Fprintf(conn, "GET %s1 HTTP/1.1\r\nHost: sender\r\nAuthorization: Bearer %s\r\n\r\n", PathSegments, testToken); err != nil {
			t.Fatal(err)
		}
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		began, read := time.Now(), int64(0)
		for err == nil {
			var n int64
			n, err = io.CopyN(io.Discard, answer.Body, 128<<10)
			read += n
			time.Sleep(Silence / 2)
		}
		if took := time.Since(began); !errors.Is(err, io.EOF) || read != 1<<20 || took < 2*Silence {
			t.Errorf("%d bytes in %s: %v", read, took, err)
		}
	})
}
