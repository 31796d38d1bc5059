package attack

import (
	"bufio"
	"bytes"
	"net/http"
	"strings"
	"testing"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// What goes out is what net/http would write, with the number at the end of the header.
func TestMessagesAreAsNetHTTPWritesThem(t *testing.T) {
	for _, chunked := range []bool{false, true} {
		for _, target := range []vegeta.Target{
			{Method: "GET", URL: "http://shop.example:8080/cart?x=1"},
			{Method: "HEAD", URL: "http://[::1]:8080"},
			{Method: "POST", URL: "http://shop.example/"},
			{Method: "POST", URL: "http://shop.example/", Body: []byte("hello\r\n\r\nworld")},
			{Method: "PUT", URL: "http://shop.example/", Body: []byte(strings.Repeat("x", 100_000)), Header: http.Header{
				"Host": {"other.example"}, "X-Many": {"1", "2"}, "Connection": {"close"}, "User-Agent": {""},
			}},
		} {
			m, err := newMessage(target, "short", chunked)
			if err != nil {
				t.Fatal(err)
			}
			var ours bytes.Buffer
			w := bufio.NewWriter(&ours)
			m.writeHead(w, 1<<40)
			m.writeBody(w)
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
			req, err := m.newRequest()
			if err != nil {
				t.Fatal(err)
			}
			var theirs bytes.Buffer
			if err := req.Write(&theirs); err != nil {
				t.Fatal(err)
			}
			want := strings.Replace(theirs.String(), "\r\n\r\n", "\r\nX-Vegeta-Seq: 1099511627776\r\n\r\n", 1)
			if ours.String() != want {
				t.Errorf("chunked %v: %.300q, want %.300q", chunked, ours.String(), want)
			}
			if !strings.Contains(want, "\r\nX-Vegeta-Attack: short\r\n") || (chunked && len(target.Body) > 0) != strings.Contains(want, "\r\nTransfer-Encoding: chunked\r\n") {
				t.Errorf("%.300q", want)
			}
		}
	}
}
