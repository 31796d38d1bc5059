package attack

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// A host that swallows what is sent to it: the queue of a listener that accepts
// nothing is full, and the kernel drops the SYN of each further connection.
func TestConnectThatIsSwallowed(t *testing.T) {
	address := swallowing(t)
	for _, scheme := range []string{"http", "https"} {
		sink := &samples{}
		s := stream(t, scheme+"://"+address+"/", sink, func(c *check.Stream) { c.Timeout = check.Duration(brief) })
		for _, got := range send(t, s, sink, 2) {
			if got.Outcome != recording.Failed || got.Phase != recording.PhaseDial || got.Class != recording.ClassTimeout ||
				got.RemoteAddr != address || got.End-got.Sent < brief {
				t.Errorf("%s: %+v", scheme, got)
			}
		}
	}
}

func swallowing(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	bound, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprintf("127.0.0.1:%d", bound.(*syscall.SockaddrInet4).Port)
	for range 16 { // until one finds the queue full
		conn, err := net.DialTimeout("tcp", address, brief)
		if err != nil {
			return address
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
	t.Fatal("the queue is never full")
	return ""
}

// A process may have no more descriptors in truth, so this one is another.
func TestDescriptorsThatAreUsedUp(t *testing.T) {
	const there = "SHUTDOWNCHECK_TEST_DESCRIPTORS"
	if url := os.Getenv(there); url != "" {
		sink := &samples{}
		s := stream(t, url, sink, nil)
		var limit unix.Rlimit
		if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
			t.Fatal(err)
		}
		closedPort(t) // lets the runtime make the descriptors of its poller
		limit.Cur = 3 // stdin, stdout and stderr
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
			t.Fatal(err)
		}
		for _, got := range send(t, s, sink, 3) {
			if got.Outcome != recording.ClientFault || got.Phase != recording.PhaseDial || got.Class != recording.ClassDescriptors {
				t.Errorf("%+v", got)
			}
		}
		return
	}
	server := serve(t, false, healthy)
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestDescriptorsThatAreUsedUp$", "-test.v")
	cmd.Env = append(os.Environ(), there+"="+server.url)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS") {
		t.Errorf("%v\n%s", err, out)
	}
	if n := server.requests.Load(); n != 0 {
		t.Errorf("the server saw %d requests", n)
	}
}
