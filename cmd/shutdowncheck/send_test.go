package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/sender"
)

// A sender's pod does what its conductor says, ends well once all was collected, and
// badly where its port is not to be had.
func TestSend(t *testing.T) {
	out, in := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- execute(t.Context(), []string{"send", "--port", "0"}, streams{out: io.Discard, err: in})
		_ = in.Close()
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	found := regexp.MustCompile(`waiting for a conductor.*address=(127\.0\.0\.1:(\d+))`).FindStringSubmatch(line)
	if found == nil {
		t.Fatalf("%q, %v", line, err)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()

	var complaint strings.Builder
	if code := execute(t.Context(), []string{"send", "--port", found[2]}, streams{out: io.Discard, err: &complaint}); code != exitError || !strings.Contains(complaint.String(), "listen for a conductor: ") {
		t.Errorf("exit code %d: %s", code, complaint.String())
	}

	client := sender.NewClient(func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", found[1])
	}, "a-token-that-nobody-else-has")
	defer client.Close()
	c := check.Check{Target: check.Target{URL: "http://127.0.0.1:1/"}}.WithDefaults()
	status, err := client.Assign(t.Context(), sender.Assignment{Version: sender.Version, Senders: 1, Streams: c.Streams, Target: c.Target})
	if err != nil || status.State != sender.Assigned {
		t.Fatalf("%+v, %v", status, err)
	}
	for range 2 {
		if status, err = client.Stop(t.Context(), sender.Stop{}); err != nil || status.State != sender.Ended {
			t.Fatalf("%+v, %v", status, err)
		}
	}
	if got := <-code; got != exitPassed {
		t.Errorf("exit code %d", got)
	}
}

// Why a sender ends stands on one line in the file for it, where there is one.
func TestLastWords(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "termination-log")
	wrong := errors.Join(errors.New("send: the conductor was silent"), errors.New("out of ports"))
	leaveLastWords(file, wrong)
	if _, err := os.Stat(file); err == nil {
		t.Error("it makes the file")
	}
	if err := os.WriteFile(file, []byte("what was there before, which is longer than all of it now"), 0o666); err != nil {
		t.Fatal(err)
	}
	leaveLastWords(file, nil)
	leaveLastWords(file, wrong)
	if got, err := os.ReadFile(file); err != nil || string(got) != "send: the conductor was silent; out of ports" {
		t.Errorf("%q, %v", got, err)
	}
}
