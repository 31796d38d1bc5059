//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// child is the program at work on a fake cluster.
type child struct {
	cmd     *exec.Cmd
	cluster *fakeCluster
	folder  string
	ended   chan struct{}
}

// startRun begins a run of the given disruption; prepare may set where its output goes.
func startRun(t *testing.T, prepare func(*exec.Cmd), disruption ...string) *child {
	t.Helper()
	service := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(service.Close)
	c := &child{cluster: newFakeCluster(t), folder: filepath.Join(t.TempDir(), "run"), ended: make(chan struct{})}
	args := append([]string{
		"run", "deployment/web", "--url", service.URL, "--rate", "20", "--baseline", "1s", "--settle", "1s",
		"--out", c.folder, "--kubeconfig", kubeconfig(t, c.cluster.url), "--context", "test",
	}, disruption...)
	c.start(t, prepare, args...)
	return c
}

func (c *child) start(t *testing.T, prepare func(*exec.Cmd), args ...string) {
	t.Helper()
	c.cmd = exec.Command("shutdowncheck", args...)
	c.cmd.Dir = t.TempDir()
	prepare(c.cmd)
	// Under nohup the tests ignore SIGHUP, and so would the program: a signal that is
	// ignored is inherited, one that is taken is not.
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(c.ended)
		_ = c.cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = c.cmd.Process.Kill()
		<-c.ended
	})
}

func (c *child) signal(t *testing.T, sig os.Signal) {
	t.Helper()
	if err := c.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

func (c *child) wantEnd(t *testing.T, code int) {
	t.Helper()
	select {
	case <-c.ended:
	case <-time.After(20 * time.Second):
		t.Fatal("does not end")
	}
	if state := c.cmd.ProcessState; state.ExitCode() != code {
		t.Errorf("ended with %v, want %d", state, code)
	}
}

func (c *child) wantPutBack(t *testing.T) {
	t.Helper()
	if replicas, note := c.cluster.state(); replicas != 2 || note != nil {
		t.Errorf("left at %d replicas with note %v", replicas, note)
	}
	var rep struct{ Verdict string }
	data, err := os.ReadFile(filepath.Join(c.folder, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &rep); err != nil || rep.Verdict != "inconclusive" {
		t.Errorf("verdict %q, %v", rep.Verdict, err)
	}
}

// page is what the program has said, for somebody who waits for a word of it.
type page struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{}
}

func newPage() *page { return &page{more: make(chan struct{}, 1)} }

func (p *page) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case p.more <- struct{}{}:
	default:
	}
	return p.text.Write(text)
}

func (p *page) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

func (p *page) await(t *testing.T, words string) {
	t.Helper()
	for deadline := time.After(20 * time.Second); !strings.Contains(p.String(), words); {
		select {
		case <-p.more:
		case <-deadline:
			t.Fatalf("%q is not in\n%s", words, p)
		}
	}
}

func to(stdout, stderr io.Writer) func(*exec.Cmd) {
	return func(cmd *exec.Cmd) { cmd.Stdout, cmd.Stderr = stdout, stderr }
}

// Whatever signal asks a run to end in the midst of a change, the change is put back.
func TestEverySignalPutsBack(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGABRT} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			c := startRun(t, to(nil, nil), "--scale-to", "1")
			c.cluster.replicas(t, 1)
			c.signal(t, sig)
			c.wantEnd(t, exitInterrupted)
			c.wantPutBack(t)
		})
	}
}

// A SIGHUP that was ignored when the program began does not end it.
func TestNohup(t *testing.T) {
	t.Parallel()
	stderr := newPage()
	c := startRun(t, func(cmd *exec.Cmd) {
		cmd.Stderr = stderr
		nohup, err := exec.LookPath("nohup")
		if err != nil {
			t.Fatal(err)
		}
		cmd.Path, cmd.Args = nohup, append([]string{"nohup"}, cmd.Args...)
	}, "--scale-to", "1")
	c.cluster.replicas(t, 1)
	c.signal(t, syscall.SIGHUP)
	// It is at the same thing for two more lines of progress; one may have been on its way.
	atWork := func() int { return strings.Count(stderr.String(), "disrupt scale") }
	for lines := atWork(); atWork() < lines+2; {
		select {
		case <-stderr.more:
		case <-c.ended:
			t.Fatal("a SIGHUP that was ignored ended it")
		}
	}
	c.signal(t, os.Interrupt)
	c.wantEnd(t, exitInterrupted)
	c.wantPutBack(t)
}

// Nobody reads what a run says any more (`| tee log`, then Ctrl-C; `| head`).
func TestBrokenPipePutsBack(t *testing.T) {
	t.Parallel()
	c := startRun(t, func(cmd *exec.Cmd) {
		reader, writer, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		cmd.Stdout, cmd.Stderr = writer, writer
		_ = reader.Close()
		t.Cleanup(func() { _ = writer.Close() })
	}, "--scale-to", "1")
	c.cluster.replicas(t, 1)
	c.signal(t, os.Interrupt)
	c.wantEnd(t, exitInterrupted)
	c.wantPutBack(t)
}

// A reader that stalls holds up neither the run nor the putting back. The report waits
// for it, until a signal.
func TestStalledReader(t *testing.T) {
	t.Parallel()
	c := startRun(t, func(cmd *exec.Cmd) {
		reader, writer, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		fill(t, writer)
		cmd.Stdout, cmd.Stderr = writer, writer
		t.Cleanup(func() { _ = reader.Close(); _ = writer.Close() })
	}, "--scale-to", "1")
	c.cluster.replicas(t, 1)
	c.signal(t, os.Interrupt)
	c.cluster.replicas(t, 2)
	saved := filepath.Join(c.folder, "junit.xml") // the last that is saved
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if info, err := os.Stat(saved); err == nil && info.Size() > 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("no report is saved")
		}
	}
	select {
	case <-c.ended:
		t.Fatal("the report did not wait for its reader")
	default:
	}
	c.wantPutBack(t)
	// A signal that comes before the report waits is the second of three. The kernel
	// merges two of a kind; the first of these may already have ended the program.
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		_ = c.cmd.Process.Signal(sig)
	}
	c.wantEnd(t, exitInterrupted)
}

// fill writes to a pipe until it takes no more.
func fill(t *testing.T, pipe *os.File) {
	t.Helper()
	raw, err := pipe.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	err = raw.Write(func(fd uintptr) bool {
		for err == nil {
			_, err = syscall.Write(int(fd), make([]byte, 512))
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	pipe.Fd() // blocking from now on, as a shell's pipes are
}

// The second signal says what is waited for, the third gives up and says what to do.
func TestThirdSignalGivesUp(t *testing.T) {
	t.Parallel()
	stderr := newPage()
	c := startRun(t, to(nil, stderr), "--scale-to", "1")
	c.cluster.replicas(t, 1)
	c.cluster.holdWrites()
	c.signal(t, os.Interrupt)
	<-c.cluster.held
	c.signal(t, os.Interrupt)
	stderr.await(t, "shutdowncheck: still putting deployment/web back; another signal gives up\n")
	c.signal(t, os.Interrupt)
	c.wantEnd(t, exitError)
	config := c.cmd.Args[len(c.cmd.Args)-5]
	stderr.await(t, "shutdowncheck: gave up while putting deployment/web back\n"+
		"shutdowncheck: deployment/web may be left changed, put it back with: "+
		"shutdowncheck restore deployment/web -n default --kubeconfig "+config+" --context test\n")
	if replicas, note := c.cluster.state(); replicas != 1 || note == nil {
		t.Errorf("%d replicas, note %v", replicas, note)
	}
}

// What was killed is put back by restore, whose reader may be gone.
func TestRestoreWithoutReader(t *testing.T) {
	t.Parallel()
	c := startRun(t, to(nil, nil), "--scale-to", "1")
	c.cluster.replicas(t, 1)
	c.signal(t, os.Kill)
	<-c.ended
	again := &child{cluster: c.cluster, ended: make(chan struct{})}
	again.start(t, func(cmd *exec.Cmd) {
		reader, writer, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		cmd.Stdout, cmd.Stderr = writer, writer
		_ = reader.Close()
		t.Cleanup(func() { _ = writer.Close() })
	}, "restore", "deployment/web", "--kubeconfig", kubeconfig(t, c.cluster.url))
	again.wantEnd(t, exitPassed)
	if replicas, note := c.cluster.state(); replicas != 2 || note != nil {
		t.Errorf("left at %d replicas with note %v", replicas, note)
	}
}
