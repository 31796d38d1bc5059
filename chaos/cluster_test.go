package chaos

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/fakecluster"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

const namespace = fakecluster.Namespace

var web = check.Workload{Kind: check.Deployment, Name: "web"}

// cluster is a fake one, with what the tests of this package know of it.
type cluster struct {
	*fakecluster.Cluster
	t *testing.T
}

func newCluster(t *testing.T, change ...func(*appsv1.Deployment)) *cluster {
	t.Helper()
	return &cluster{fakecluster.New(t, change...), t}
}

func (c *cluster) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func stamp(d *appsv1.Deployment) *string {
	value, ok := d.Spec.Template.Annotations[restartedAtKey]
	if !ok {
		return nil
	}
	return &value
}

// note gives what the Deployment bears.
func (c *cluster) note() note {
	c.t.Helper()
	n, err := state{meta: c.Deployment().ObjectMeta}.note()
	c.must(err)
	if n == nil {
		c.t.Fatal("it bears no note")
	}
	return *n
}

// putBackLeft puts back what is left on a workload, without a doubt about anything.
func putBackLeft(t *testing.T, client kubernetes.Interface, ref check.Workload) (lines []string, err error) {
	t.Helper()
	left, err := Left(t.Context(), client, namespace, ref, func() time.Time { return present.Add(time.Minute) }, ByHand{})
	for _, l := range left {
		if l.Doubt != "" {
			t.Errorf("in doubt: %s", l)
		}
		did, failure := l.PutBack(t.Context())
		if did != "" {
			lines = append(lines, fmt.Sprintf("%s: %s (run %s)", ref, did, l.Run))
		}
		err = errors.Join(err, failure)
	}
	return lines, err
}

// present is the time at which the tests take place.
var present = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// open gives the cluster's workload.
func (c *cluster) open() *Workload {
	c.t.Helper()
	w, err := Open(c.t.Context(), c.Client, namespace, web, present, ByHand{})
	c.must(err)
	return w
}

// run is one run's driver with what it recorded.
type run struct {
	*Driver
	actions []recording.Action
}

// begin gives a driver whose clock goes on by a millisecond with each look.
func (c *cluster) begin(id string) *run {
	r := &run{}
	now := present
	r.Driver = &Driver{
		Workload: c.open(),
		Run:      id,
		Journal:  filepath.Join(c.t.TempDir(), "journal.jsonl"),
		Record:   func(a recording.Action) { r.actions = append(r.actions, a) },
		Now:      func() time.Time { now = now.Add(time.Millisecond); return now },
	}
	return r
}

func (r *run) kinds() []recording.ActionKind {
	var kinds []recording.ActionKind
	for _, a := range r.actions {
		kinds = append(kinds, a.Kind)
	}
	return kinds
}

// steps reads the journal.
func (r *run) steps(t *testing.T) []step {
	t.Helper()
	file, err := os.Open(r.Journal)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var steps []step
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var e entry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, e.Step)
	}
	return steps
}

func want[T comparable](t *testing.T, what string, got []T, want ...T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// contextEnding gives a context whose time will be up.
func contextEnding(t *testing.T, after time.Duration) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithTimeoutCause(t.Context(), after, errors.New("time is up"))
}
