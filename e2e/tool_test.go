//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// The exit codes.
const (
	passed       = 0
	failed       = 1
	usage        = 2
	inconclusive = 3
	toolError    = 4
	interrupted  = 130
)

// outcome is what became of one call of the tool.
type outcome struct {
	args           []string
	code           int
	stdout, stderr string
	// written tells when stderr was.
	written []written
	// folder holds the recording, if it was a run.
	folder string
}

// call is the tool at work.
type call struct {
	cmd    *exec.Cmd
	stdout bytes.Buffer
	stderr timed
	folder string
}

// timed keeps what is written to it, and when.
type timed struct {
	text  bytes.Buffer
	parts []written
}

// written is that so many bytes were there at a time.
type written struct {
	bytes int
	at    time.Time
}

func (w *timed) Write(p []byte) (int, error) {
	n, err := w.text.Write(p)
	w.parts = append(w.parts, written{w.text.Len(), time.Now()})
	return n, err
}

// startTool begins a call that the test does not outlive.
func startTool(t *testing.T, args ...string) *call {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Minute)
	t.Cleanup(cancel)
	c := &call{cmd: exec.CommandContext(ctx, tool, args...)}
	c.cmd.Stdout, c.cmd.Stderr = &c.stdout, &c.stderr
	// Under nohup the tests ignore SIGHUP, and so would the program: a signal that is
	// ignored is inherited, one that is taken is not.
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return c
}

// wait gives the outcome; the code is -1 if a signal ended it.
func (c *call) wait(t *testing.T) *outcome {
	t.Helper()
	err := c.cmd.Wait()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return &outcome{
		args: c.cmd.Args[1:], code: c.cmd.ProcessState.ExitCode(),
		stdout: c.stdout.String(), stderr: c.stderr.text.String(), written: c.stderr.parts, folder: c.folder,
	}
}

// told gives when a word was on stderr first, and false where it never was.
func (o *outcome) told(word string) (time.Time, bool) {
	at := strings.Index(o.stderr, word)
	for _, part := range o.written {
		if at >= 0 && part.bytes >= at+len(word) {
			return part.at, true
		}
	}
	return time.Time{}, false
}

func runTool(t *testing.T, args ...string) *outcome {
	t.Helper()
	return startTool(t, args...).wait(t)
}

// startCheck begins a check of the service through its NodePort.
func (v *victim) startCheck(t *testing.T, args ...string) *call {
	t.Helper()
	v.runs++
	folder := filepath.Join("..", "out", "e2e", strings.ReplaceAll(t.Name(), "/", "-"), strconv.Itoa(v.runs))
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	c := startTool(t, append([]string{"run", v.kind + "/" + v.name, "-n", v.namespace, "--url", v.url, "--out", folder}, args...)...)
	c.folder = folder
	return c
}

// late is what a report says where the machine was too busy to send in time.
const late = "requests went out late"

// wasLate tells whether a run says nothing of the tool, because the machine was too busy.
func (o *outcome) wasLate() bool { return o.code == inconclusive && strings.Contains(o.stdout, late) }

// check runs a check, and once more where it was late. A second time counts as it is.
func (v *victim) check(t *testing.T, args ...string) *outcome {
	t.Helper()
	once := func() *outcome {
		check := v.startCheck(t, args...)
		check.runFirst(t)
		return check.wait(t)
	}
	run := once()
	if run.wasLate() {
		t.Logf("the machine was too busy: once more\n%s", run.stdout)
		run = once()
	}
	v.lossy = v.lossy || run.code == failed
	return run
}

// want fails the test unless the call ended with the code.
func (o *outcome) want(t *testing.T, code int) {
	t.Helper()
	if o.code != code {
		t.Fatalf("shutdowncheck %s: exit code %d, want %d\n%s%s", strings.Join(o.args, " "), o.code, code, o.stdout, o.stderr)
	}
}

// wantError fails the test unless the call ended with the code, and with one
// line that names each of the words.
func (o *outcome) wantError(t *testing.T, code int, words ...string) {
	t.Helper()
	o.want(t, code)
	lines := strings.Count(o.stderr, "\n")
	if lines != 1 || o.stdout != "" {
		t.Errorf("shutdowncheck %s: want one line on stderr and nothing else, have\n%s%s", strings.Join(o.args, " "), o.stdout, o.stderr)
	}
	for _, word := range words {
		if !strings.Contains(o.stderr, word) {
			t.Errorf("shutdowncheck %s: %q is not in %q", strings.Join(o.args, " "), word, o.stderr)
		}
	}
}

// report is the part of report.json that the tests look at, in its published
// form.
type report struct {
	Began   time.Time
	Verdict string
	Reasons []string
	Streams []struct {
		Name                                           string
		Sent, OK, Failed, Client, Unfinished, Maskable int
	}
	Disruptions []struct {
		Kind, Detail string
		Terminated   []string
	}
	Terminations []struct {
		Pod, EndedBy   string
		KubeletStarted struct{ From time.Time }
		ExitCode       *int
		UnderWay       map[string]int
	}
	Findings []struct {
		Cause  string
		Failed int
		Fix    struct{ Text, Patch string }
	}
	Via *struct {
		Says   string
		Forgot *struct{ From, To string }
	}
	Failures []failure
	Validity struct {
		Gaps []struct{ Resource string }
	}
}

// failure is one failed request as the report lists it.
type failure struct {
	Stream       string
	Seq          uint64
	Sent, Ended  time.Time
	Phase, Class string
	BytesIn      int64
	Served       uint32
	Maskable     bool
	Cause        string
	Pods         []string
	// sample is the request as it was recorded.
	sample recording.Sample
}

// slowRefusal is how long the proxy before the nodes' ports was seen to take to
// tell of a closed listener, on a busy machine.
const slowRefusal = 100 * time.Millisecond

// likeRefused tells whether nobody outside can know the request from one that met
// a closed listener: that proxy accepts before it dials, so that both are new
// connections which end at once. It counts from when there was a connection, as the
// analysis does: to dial takes as long as the machine pleases.
func (f *failure) likeRefused() bool {
	return f.Served == 0 && f.Phase == "first-byte" && f.sample.End-f.sample.Acquired < slowRefusal
}

// met is when it met the listener that was closed: as it was dialled where nothing came
// back, else as it was told.
func (f *failure) met() time.Time {
	if f.Class == "timeout" {
		return f.Sent.Add(f.sample.DialledAt().Sub(f.sample.SentAt()))
	}
	return f.Ended
}

// readReport reads the report of a recording, and checks what holds for every
// report.
func readReport(t *testing.T, folder string) *report {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(folder, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatalf("%s/report.json: %v", folder, err)
	}
	if len(r.Streams) < 2 {
		t.Fatalf("%s: %d streams, want 2 or more", folder, len(r.Streams))
	}
	lost := 0
	for _, s := range r.Streams {
		if s.Sent != s.OK+s.Failed+s.Client+s.Unfinished {
			t.Errorf("%s: %s: %d sent are not %d ok + %d failed + %d client + %d unfinished", folder, s.Name, s.Sent, s.OK, s.Failed, s.Client, s.Unfinished)
		}
		lost += s.Failed
	}
	found := 0
	for _, f := range r.Findings {
		found += f.Failed
	}
	if found != lost || len(r.Failures) != lost {
		t.Errorf("%s: %d requests failed, the findings hold %d, the list of failures %d", folder, lost, found, len(r.Failures))
	}
	r.readSamples(t, folder)
	return &r
}

// readSamples fills in how the failed requests were recorded.
func (r *report) readSamples(t *testing.T, folder string) {
	t.Helper()
	if len(r.Failures) == 0 {
		return
	}
	failures := map[request]*failure{}
	for i := range r.Failures {
		f := &r.Failures[i]
		failures[request{f.Stream, f.Seq}] = f
	}
	recorded, err := recording.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	for s, err := range recorded.Samples() {
		if err != nil {
			t.Fatal(err)
		}
		if f := failures[request{s.Stream, s.Seq}]; f != nil {
			f.sample = *s
			delete(failures, request{s.Stream, s.Seq})
		}
	}
	for missing := range failures {
		t.Errorf("%s: %s #%d failed and is not recorded", folder, missing.stream, missing.seq)
	}
}

// report reads the report that a run has left.
func (o *outcome) report(t *testing.T) *report {
	t.Helper()
	return readReport(t, o.folder)
}

// wantSameReport fails the test unless the report of the recording comes out
// the same again, byte for byte, with the run's own exit code.
func (o *outcome) wantSameReport(t *testing.T) {
	t.Helper()
	saved, err := os.ReadFile(filepath.Join(o.folder, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		again := runTool(t, "report", o.folder, "-o", "json")
		again.want(t, o.code)
		if again.stdout != string(saved) {
			t.Errorf("the report made anew of %s is not its report.json", o.folder)
		}
	}
}
