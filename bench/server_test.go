package bench

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// startServer gives the URL of a server.
func startServer(t *testing.T) string {
	t.Helper()
	stdin, end := io.Pipe()
	told, tell := io.Pipe()
	served := make(chan error, 1)
	go func() { served <- Serve(t.Context(), stdin, tell) }()
	t.Cleanup(func() {
		_ = end.Close()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	line, err := bufio.NewReader(told).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

// Each request gets an answer of its own on the same connection, whatever its client's
// header looks like.
func TestServe(t *testing.T) {
	target, err := url.Parse(startServer(t))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", target.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	answers := bufio.NewReader(conn)
	for _, request := range []string{
		"GET / HTTP/1.1\r\nHost: bench\r\n\r\n",
		"GET / HTTP/1.1\nHost: bench\n\n",
		"GET / HTTP/1.1\r\nHost: bench\r\nX-Long: " + strings.Repeat("long ", 4096) + "\r\n\r\n",
	} {
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatal(err)
		}
		answer, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatalf("%.40q: %v", request, err)
		}
		body, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != http.StatusOK || answer.Header.Get("X-Pod-Name") == "" || string(body) != "ok" {
			t.Errorf("%.40q: %v %q, %v", request, answer.Status, body, err)
		}
	}
}
