package sender

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// A body is bounded and has to be what is wanted, and the answer repeats nothing of it.
func TestBadBodies(t *testing.T) {
	t.Parallel()
	web := target(t)
	r := serveTCP(t, time.Now)
	ask := func(method, path string, body io.Reader) (status int, problem Problem) {
		t.Helper()
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: r.http.Transport.(*http.Transport).DialContext}}
		request, err := http.NewRequestWithContext(t.Context(), method, "http://sender"+path, body)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+testToken)
		answer, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = answer.Body.Close() }()
		_ = json.NewDecoder(answer.Body).Decode(&problem)
		return answer.StatusCode, problem
	}
	if status, problem := ask(http.MethodPut, PathAssign, strings.NewReader(`{"assignment": "`+secret+`"}`)); status != 400 || problem.Error == "" || strings.Contains(problem.Error, secret) {
		t.Errorf("%d %+v", status, problem)
	}
	must(t)(r.Assign(t.Context(), assignment(web.URL, 0, 1)))
	for name, tt := range map[string]struct {
		method, path, body string
		status             int
	}{
		"no JSON":       {http.MethodPost, PathPoll, "kept: " + secret, 400},
		"another type":  {http.MethodPost, PathPoll, `{"kept":"` + secret + `"}`, 400},
		"no body":       {http.MethodPost, PathStart, "", 400},
		"too long":      {http.MethodPost, PathStop, strings.Repeat(" ", mostAsked+1), 413},
		"another verb":  {http.MethodGet, PathPoll, "", 405},
		"another path":  {http.MethodPost, "/v1/shutdown", "", 404},
		"no number":     {http.MethodGet, PathSegments + "last", "", 404},
		"a long number": {http.MethodGet, PathSegments + strings.Repeat("9", 40), "", 404},
	} {
		status, problem := ask(tt.method, tt.path, strings.NewReader(tt.body))
		if status != tt.status || strings.Contains(problem.Error, secret) {
			t.Errorf("%s: %d %+v, want %d", name, status, problem, tt.status)
		}
	}
	if status := must(t)(r.Poll(t.Context(), Poll{})); status.State != Assigned {
		t.Errorf("it has become %s", status.State)
	}
}

// What the sender cannot do of a check is told by the check's field, before the start,
// and another assignment is taken still.
func TestAssignmentThatCannotBeSent(t *testing.T) {
	t.Parallel()
	web := target(t)
	r := serveTCP(t, time.Now)
	wants := func(field string, change func(*Assignment)) {
		t.Helper()
		a := assignment(web.URL, 0, 1)
		change(&a)
		_, err := r.Assign(t.Context(), a)
		if wrong, ok := errors.AsType[*check.FieldError](err); !ok || wrong.Field != field || wrong.Problem == "" {
			t.Errorf("%v; want a problem of %s", err, field)
		}
	}
	wants("streams[1].body.file", func(a *Assignment) { a.Streams[1].Body = &check.Body{File: "order.json"} })
	wants("target.tls.caFile", func(a *Assignment) {
		a.Target.TLS = &check.TLS{CAFile: "ca.pem"}
		a.Streams[0].URL = "https://web.example/"
	})
	if runtime.GOOS == "linux" { // where the ports are known
		wants("streams[0].rate", func(a *Assignment) { a.Streams[0].Rate = 1e6 })
	}

	// Each of a thousand can send its share of that.
	a := assignment(web.URL, 0, 1000)
	a.Streams[0].Rate = 1e6
	a.Streams[1].Body = &check.Body{File: "order.json"}
	a.Files = map[string][]byte{"order.json": []byte("{}")}
	must(t)(r.Assign(t.Context(), a))
}

// A name that the sender does not find is told before the start, and another assignment is
// taken still.
func TestAssignmentToANameThatIsNotFound(t *testing.T) {
	t.Parallel()
	web := target(t)
	r := serveTCP(t, time.Now)
	r.server.lookup = lookUp
	// Two dots make it a name that no resolver is asked for.
	_, err := r.Assign(t.Context(), assignment("http://nobody..invalid/", 0, 1))
	if wrong, ok := errors.AsType[*check.FieldError](err); !ok || wrong.Field != "streams[0].url" || !strings.HasPrefix(wrong.Problem, "a sender does not find nobody..invalid (") {
		t.Errorf("got %v", err)
	}
	must(t)(r.Assign(t.Context(), assignment(web.URL, 0, 1)))
}

// Nobody is told a token, a header or a body: not who reads the log, nor who reads an
// error.
func TestSecretsAreNotTold(t *testing.T) {
	t.Parallel()
	web := target(t)
	r := serveTCP(t, time.Now)
	var told bytes.Buffer
	tell := func(err error) {
		if err != nil {
			told.WriteString(err.Error() + "\n")
		}
	}
	ctx := t.Context()
	bad := assignment(web.URL, 0, 1)
	bad.Streams[1].Body.File = "gone.json"
	_, err := r.Assign(ctx, bad)
	tell(err)
	_, err = NewClient(r.dial, "short").Assign(ctx, bad)
	tell(err)
	a := assignment(web.URL, 0, 1)
	must(t)(r.Assign(ctx, a))
	_, err = NewClient(r.dial, "another-token-of-somebody").Assign(ctx, a)
	tell(err)
	r.started(t)
	r.until(t, "sending", func(s Status) bool { return s.Streams[1].OK > 0 })
	must(t)(r.Stop(ctx, Stop{Abort: true}))
	status := r.untilEnded(t)
	must(t)(r.Poll(ctx, Poll{Kept: status.Sealed}))
	tell(<-r.ended)
	_, err = r.Poll(ctx, Poll{}) // nobody listens any more
	tell(err)
	if err == nil {
		t.Error("somebody answers")
	}
	told.WriteString(r.log.String())
	for _, hidden := range []string{secret, testToken, "another-token"} {
		if strings.Contains(told.String(), hidden) {
			t.Errorf("%s is told in\n%s", hidden, told.String())
		}
	}
	if strings.Count(told.String(), "\n") < 6 {
		t.Errorf("only this is told:\n%s", told.String())
	}
}

// The client takes no more than it was told of, and nothing that is no answer.
func TestClientDistrustsAnswers(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"no HTTP":       "SSH-2.0-OpenSSH\r\n\r\n",
		"no JSON":       "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes",
		"a cut one":     "HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n{}",
		"an error page": "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 6\r\n\r\n<html>",
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				_, _ = http.ReadRequest(bufio.NewReader(conn))
				_, _ = io.WriteString(conn, answer)
				_ = conn.Close()
			}
		}()
		client := NewClient(dialer(l), testToken)
		if _, err := client.Poll(t.Context(), Poll{}); err == nil || !strings.Contains(err.Error(), PathPoll) || strings.Contains(err.Error(), testToken) {
			t.Errorf("%s: %v", name, err)
		}
		for _, size := range []int64{1, 5} {
			if _, err := client.Segment(t.Context(), Segment{Number: 1, Bytes: size}); err == nil || !strings.Contains(err.Error(), PathSegments+"1") {
				t.Errorf("%s, a segment of %d bytes: %v", name, size, err)
			}
		}
		_ = l.Close()
	}
}
