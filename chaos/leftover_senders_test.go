package chaos

import (
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clienttesting "k8s.io/client-go/testing"

	"github.com/shutdowncheck/shutdowncheck/internal/label"
)

// sending has a run send by a Job of the given name.
func (c *cluster) sending(run, job, workload string, active int32) {
	c.must(c.Client.Tracker().Add(&batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{
			Name: job, Namespace: namespace, UID: types.UID("uid-" + job), CreationTimestamp: metav1.NewTime(present),
			Labels:      map[string]string{label.ManagedBy: label.Tool, label.Run: run},
			Annotations: map[string]string{label.Workload: workload},
		},
		Status: batchv1.JobStatus{Active: active},
	}))
}

func (c *cluster) hasJob(t *testing.T, name string) bool {
	t.Helper()
	_, err := c.Client.BatchV1().Jobs(namespace).Get(t.Context(), name, metav1.GetOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		t.Fatal(err)
	}
	return err == nil
}

// A run's note names its senders, so that they are removed with the rights that the run
// had, which has none to list jobs. What the run had changed is put back in any case; the
// note stays until the senders are gone.
func TestSendersOfANote(t *testing.T) {
	for name, tt := range map[string]struct {
		refused     string // a verb on jobs
		change      bool
		owner       string
		lines, err  string
		kept, bears bool
	}{
		"a claim":                   {owner: "run-1", lines: "deployment/web: the run's claim is removed; job/senders removed (run run-1)"},
		"a change":                  {owner: "run-1", change: true, lines: "deployment/web: replicas set back from 1 to 3; job/senders removed (run run-1)"},
		"another run's Job":         {owner: "run-2", kept: true},
		"they are gone":             {},
		"no right to read jobs":     {owner: "run-1", refused: "get", change: true, lines: "deployment/web: replicas set back from 1 to 3 (run run-1)", err: "forbidden", kept: true, bears: true},
		"no right to delete jobs":   {owner: "run-1", refused: "delete", err: "remove the senders' job senders, of which the annotation shutdowncheck.io/undo tells until then", kept: true, bears: true},
		"no right to list jobs":     {owner: "run-1", refused: "list", lines: "deployment/web: the run's claim is removed; job/senders removed (run run-1)"},
		"gone, and may not be read": {refused: "get", err: "forbidden", bears: true},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t)
			r := c.begin("run-1")
			r.Senders, r.Until = "senders", present.Add(time.Hour)
			if tt.change {
				if err := c.interrupt(r, scaleToOne); err == nil {
					t.Fatal("it came to its end")
				}
			} else {
				c.must(r.Claim(t.Context()))
			}
			if tt.owner != "" {
				c.sending(tt.owner, "senders", "deployment/web", 1)
			}
			refused := tt.refused
			c.Client.PrependReactor("*", "jobs", func(a clienttesting.Action) (bool, runtime.Object, error) {
				return a.GetVerb() == refused, nil, forbidden("jobs")
			})
			lines, err := putBackLeft(t, c.Client, web)
			refused = ""
			if got := strings.Join(lines, "\n"); got != tt.lines {
				t.Errorf("got  %s\nwant %s", got, tt.lines)
			}
			if (err != nil) != (tt.err != "") || !strings.Contains(text(err), tt.err) {
				t.Errorf("got %v, want %q", err, tt.err)
			}
			if kept := c.hasJob(t, "senders"); kept != tt.kept {
				t.Errorf("the Job is there: %t", kept)
			}
			d := c.Deployment()
			if *d.Spec.Replicas != 3 {
				t.Errorf("%d replicas", *d.Spec.Replicas)
			}
			if bears := d.Annotations[undoKey] != ""; bears != tt.bears {
				t.Errorf("the note: %q", d.Annotations[undoKey])
			}
			// A note that stays claims no longer than the run's did, and the next one finds
			// the senders again.
			if _, err := Open(t.Context(), c.Client, namespace, web, present.Add(2*time.Hour), ByHand{}); err != nil {
				t.Errorf("another run: %v", err)
			}
			if _, err := putBackLeft(t, c.Client, web); err != nil {
				t.Errorf("again: %v", err)
			}
			if tt.owner == "run-1" && c.hasJob(t, "senders") {
				t.Error("the senders are left after all")
			}
		})
	}
}

// A run that only observes leaves no note, so its senders are found by what they say of
// themselves.
func TestSendersWithoutANote(t *testing.T) {
	c := newCluster(t)
	c.sending("run-1", "ended", "deployment/web", 0)
	c.sending("run-2", "at-work", "deployment/web", 2)
	c.sending("run-3", "others", "deployment/api", 0)
	c.sending("run-4", "noted", "deployment/web", 0)
	found, err := SendersLeft(t.Context(), c.Client, namespace, web, []Leftover{{Run: "run-4"}})
	want(t, "left", append(linesOf(found), text(err)), "job/at-work: removed (run-2)", "job/ended: removed (run-1)", "")
	for _, l := range found {
		if (l.Doubt != "") != (l.Run == "run-2") {
			t.Errorf("%s is in doubt for %q", l.Object, l.Doubt)
		}
	}
	c.Client.PrependReactor("list", "jobs", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, forbidden("jobs")
	})
	if _, err := SendersLeft(t.Context(), c.Client, namespace, web, nil); !apierrors.IsForbidden(err) {
		t.Errorf("got %v", err)
	}
}
