//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	victimlog "github.com/shutdowncheck/shutdowncheck/internal/victim"
)

// request names a request of a run.
type request struct {
	stream string
	seq    uint64
}

// deaths is what the victims themselves logged of their ends: the truth that a
// report is compared with. It holds for one run only, because each counts its
// requests from 0.
type deaths struct {
	// sigterm is when each pod was told to stop, exited when it left.
	sigterm, exited map[string]time.Time
	// inFlight is the pod that had not answered a request when it left.
	inFlight map[request]string
}

// readDeaths reads what the victims logged of a run that began then.
func (p *place) readDeaths(t *testing.T, began time.Time) *deaths {
	t.Helper()
	d := &deaths{sigterm: map[string]time.Time{}, exited: map[string]time.Time{}, inFlight: map[request]string{}}
	for _, e := range p.logged(t, began) {
		d.take(t, &e)
	}
	return d
}

// logged gives what the place's victims logged from a moment on.
func (p *place) logged(t *testing.T, from time.Time) []victimlog.Event {
	t.Helper()
	logs, err := filepath.Glob(filepath.Join(p.folder, "*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var events []victimlog.Event
	for _, path := range logs {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(data) {
			var e victimlog.Event
			if err := json.Unmarshal(line, &e); err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			if !e.Time.Before(from) {
				events = append(events, e)
			}
		}
	}
	return events
}

func (d *deaths) take(t *testing.T, e *victimlog.Event) {
	switch e.Event {
	case victimlog.Sigterm:
		d.sigterm[e.Pod] = e.Time
	case victimlog.Exiting:
		d.exited[e.Pod] = e.Time
		for _, r := range e.InFlight {
			if r.Stream == "" {
				continue // a probe
			}
			seq, err := strconv.ParseUint(r.Seq, 10, 64)
			if err != nil {
				t.Fatalf("%s: %v", e.Pod, err)
			}
			d.inFlight[request{r.Stream, seq}] = e.Pod
		}
	}
}

// clockSlack is what the analysis allows for between the times of different processes
// (report/analysis).
const clockSlack = 50 * time.Millisecond

// compare checks each failure against the logs; it wants a pod for each that did
// not merely hang. cut and refused are how many failures of these kinds there
// were.
//
// A pod that closed its door may be named for what met the door after the kubelet had begun
// to stop the pod, by the kubelet's own event: a busy node delivers SIGTERM later, and
// nothing outside tells when. One of those that are named had its SIGTERM by its own log.
func (d *deaths) compare(r *report) (cut, refused int, wrong []string) {
	begun := map[string]time.Time{}
	for _, ended := range r.Terminations {
		begun[ended.Pod] = ended.KubeletStarted.From
	}
	for _, f := range r.Failures {
		complain := func(format string, args ...any) {
			wrong = append(wrong, fmt.Sprintf("%s #%d (%s, %s at %s, ended %s): %s", f.Stream, f.Seq, f.Cause, f.Class, f.Phase,
				f.Ended.Format(time.StampMicro), fmt.Sprintf(format, args...)))
		}
		// What hangs may do so for another reason, and long afterwards.
		if len(f.Pods) == 0 && f.Class != "timeout" {
			complain("no pod is named")
		}
		for _, pod := range f.Pods {
			if d.exited[pod].IsZero() {
				complain("%s is named, which did not exit", pod)
			}
		}
		pod, inFlight := d.inFlight[request{f.Stream, f.Seq}]
		switch {
		case inFlight:
			cut++
			if !slices.Contains(f.Pods, pod) {
				complain("it was in flight when %s exited, named are %q", pod, f.Pods)
			}
			// It failed on a connection on which the pod had answered before.
			if f.Maskable && len(f.Pods) != 1 {
				complain("its connection was to %s, named are %q", pod, f.Pods)
			}
		case f.Cause == "listener-closed-early":
			refused++
			stopped := false
			for _, pod := range f.Pods {
				if early := begun[pod].Sub(f.met()); early > clockSlack {
					complain("%s is named, which the kubelet began to stop %s later", pod, early)
				}
				stopped = stopped || f.Ended.After(d.sigterm[pod])
			}
			if !stopped {
				complain("named are %q, and none had had its SIGTERM", f.Pods)
			}
		}
	}
	return cut, refused, wrong
}
