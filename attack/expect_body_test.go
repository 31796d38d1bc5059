package attack

import (
	"fmt"
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// The body decides whether an answer of an expected status is one, over each protocol, and
// however the body comes.
func TestExpectedBody(t *testing.T) {
	const most = check.ExpectBodyBytes
	ok := &check.ExpectBody{Contains: `"ok"`}
	whole := &check.ExpectBody{Matches: `^\{.*\}$`}
	for name, tt := range map[string]struct {
		expected  *check.ExpectBody
		status    string
		body      string
		class     recording.Class
		complaint string
	}{
		"nothing is expected":         {nil, "200", "", "", ""},
		"it is there":                 {ok, "200", `{"status":"ok"}`, "", ""},
		"an empty one":                {ok, "200", "", recording.ClassWrongBody, "the answer's body is empty"},
		"another one":                 {ok, "200", "<h1>ok</h1>", recording.ClassWrongBody, "what expectBody tells is not in the answer's body"},
		"an empty 204":                {ok, "204", "", recording.ClassWrongBody, "the answer's body is empty"},
		"it matches":                  {whole, "200", `{"status":"ok"}`, "", ""},
		"it does not":                 {whole, "200", `{"status":`, recording.ClassWrongBody, "what expectBody tells is not in the answer's body"},
		"the status counts first":     {ok, "503", "", recording.ClassStatus, "503"},
		"at the end of what is read":  {ok, "200", strings.Repeat("x", most-4) + `"ok"`, "", ""},
		"there, and much behind it":   {ok, "200", strings.Repeat("x", most-4) + `"ok"` + strings.Repeat("x", 3*most), "", ""},
		"behind what is looked at":    {ok, "200", strings.Repeat("x", most-3) + `"ok"`, recording.ClassWrongBody, "what expectBody tells is not in the first 64 KiB of the answer's body"},
		"long, and as long as read":   {whole, "200", "{" + strings.Repeat("x", most-2) + "}", "", ""},
		"longer than the read buffer": {whole, "200", "{" + strings.Repeat("x", 10_000) + "}", "", ""},
	} {
		for how, server := range map[string]*faultServer{
			"sized": serve(t, false, func(v *visit) {
				for v.request() {
					v.say(fmt.Sprintf("HTTP/1.1 %s \r\nContent-Length: %d\r\n\r\n", tt.status, len(tt.body)) + tt.body)
				}
			}),
			"chunked": serve(t, false, func(v *visit) {
				for v.request() {
					text := fmt.Sprintf("HTTP/1.1 %s \r\nTransfer-Encoding: chunked\r\n\r\n", tt.status)
					for rest := tt.body; rest != ""; {
						n := min(len(rest), 7000)
						text += fmt.Sprintf("%x\r\n%s\r\n", n, rest[:n])
						rest = rest[n:]
					}
					v.say(text + "0\r\n\r\n")
				}
			}),
			"h2c": serveHTTP2(t, false, func(v *http2Visit, stream uint32) bool {
				v.head(stream, tt.status, tt.body == "")
				for rest := tt.body; rest != ""; {
					n := min(len(rest), 7000)
					_ = v.WriteData(stream, n == len(rest), []byte(rest[:n]))
					rest = rest[n:]
				}
				return true
			}),
		} {
			if tt.status == "204" && how != "h2c" {
				continue // it would be no HTTP: RFC 9110, section 15.3.5
			}
			if how == "h2c" && len(tt.body) > 60_000 {
				continue // the server here does not wait for the window
			}
			t.Run(name+"/"+how, func(t *testing.T) {
				sink := &samples{}
				s := streamTo(t, server, sink, func(c *check.Stream) {
					reused(1)(c)
					if how == "h2c" {
						over(false, check.Reused, 1)(c)
					}
					c.ExpectBody = tt.expected
				})
				for _, got := range send(t, s, sink, 3) {
					if got.Class != tt.class || (got.Outcome == recording.OK) != (tt.class == "") || !strings.Contains(got.Error, tt.complaint) || got.BytesIn != int64(len(tt.body)) {
						t.Errorf("%+v", got)
					}
					if got.Maskable || got.Conn != 1 {
						t.Errorf("maskable %v, on connection %d", got.Maskable, got.Conn)
					}
				}
			})
		}
	}
}

// A body that is cut is one that is cut, whatever had come of it.
func TestACutBodyThatIsExpected(t *testing.T) {
	for name, size := range map[string]int{"short": 10, "as long as looked at": check.ExpectBodyBytes, "long": 2 * check.ExpectBodyBytes} {
		server := serve(t, false, func(v *visit) {
			if v.request() {
				v.say(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", size) + strings.Repeat("ok", size/2-1))
			}
		})
		sink := &samples{}
		s := streamTo(t, server, sink, func(c *check.Stream) { c.ExpectBody = &check.ExpectBody{Contains: "ok"} })
		if got := send(t, s, sink, 1)[0]; got.Class != recording.ClassBodyCut || got.BytesIn != int64(size-2) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// The answer to a HEAD has no body, which the file of requests shows.
func TestNoBodyIsExpectedOfAHead(t *testing.T) {
	_, err := New(Config{
		Stream: check.Stream{
			Name: "a", URL: "http://web/", Protocol: check.HTTP1, Connections: check.New, Rate: 1,
			Targets: &check.Targets{File: "x", Format: check.TargetsHTTP}, ExpectBody: &check.ExpectBody{Contains: "ok"},
		},
		ReadFile: func(string) ([]byte, error) { return []byte("GET http://web/\n\nHEAD http://web/a\n"), nil },
	})
	const want = "expectBody: HEAD http://web/a: the answer to a HEAD has no body; want another method in targets.file"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
