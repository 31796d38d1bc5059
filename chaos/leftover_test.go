package chaos

import (
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/shutdowncheck/shutdowncheck/internal/fakecluster"
)

// A note is taken at its word only if a run wrote it for this object, not long ago, and
// nothing has been rolled out over it.
func TestOldNotesAreInDoubt(t *testing.T) {
	tests := map[string]struct {
		change func(*appsv1.Deployment)
		after  time.Duration
		doubt  string
		claims bool
	}{
		"just written":              {nil, time.Minute, "", true},
		"by a clock an hour behind": {nil, time.Hour, "", true},
		"by a clock an hour ahead":  {nil, -time.Hour, "", true},
		"long ago":                  {nil, 25 * time.Hour, "it is 25h0m0s old", true},
		"rolled out since": {
			func(d *appsv1.Deployment) { d.Annotations["deployment.kubernetes.io/revision"] = "9" }, time.Minute,
			"web was rolled out since: it has revision 9", true,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t)
			if err := c.interrupt(c.begin("run-1"), scaleToOne); err == nil {
				t.Fatal("it came to its end")
			}
			if test.change != nil {
				c.Set(test.change)
			}
			now := present.Add(test.after)
			left, err := Left(t.Context(), c.Client, namespace, web, func() time.Time { return now }, ByHand{})
			if err != nil || len(left) != 1 {
				t.Fatalf("got %v, %v", left, err)
			}
			if left[0].Doubt != test.doubt {
				t.Errorf("got  %q\nwant %q", left[0].Doubt, test.doubt)
			}
			if _, err := Open(t.Context(), c.Client, namespace, web, now, ByHand{}); (err != nil) != test.claims {
				t.Errorf("another run: %v", err)
			}
		})
	}
}

// The API server notes who wrote an annotation last.
func TestNotesOfOthers(t *testing.T) {
	entry := func(manager, fields string) metav1.ManagedFieldsEntry {
		return metav1.ManagedFieldsEntry{Manager: manager, FieldsV1: metav1.NewFieldsV1(fields)}
	}
	const annotation, other = `{"f:metadata":{"f:annotations":{"f:shutdowncheck.io/undo":{}}}}`, `{"f:metadata":{"f:annotations":{"f:owner":{}}}}`
	for name, test := range map[string]struct {
		fields []metav1.ManagedFieldsEntry
		want   string
	}{
		"nobody is noted": {nil, ""},
		"a run":           {[]metav1.ManagedFieldsEntry{entry("kubectl", other), entry(fieldManager, annotation)}, ""},
		"a rollback":      {[]metav1.ManagedFieldsEntry{entry("kubectl-rollout", annotation), entry(fieldManager, other)}, "kubectl-rollout"},
		"both":            {[]metav1.ManagedFieldsEntry{entry("kubectl-rollout", annotation), entry(fieldManager, annotation)}, ""},
	} {
		if got, others := writtenByOthers(test.fields, undoKey); got != test.want || others != (test.want != "") {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

// All that is left is found and told, and finding changes nothing.
func TestAllLeftOfADrain(t *testing.T) {
	c := newCluster(t)
	c.OnNodes("n1", "n2")
	if err := c.stuck(c.begin("run-1")); err == nil {
		t.Fatal("it came to its end")
	}
	c.Client.ClearActions()
	left, err := AllLeft(t.Context(), c.Client, "", func() time.Time { return present.Add(time.Minute) }, ByHand{})
	if err != nil {
		t.Fatal(err)
	}
	if len(left) != 1 || !strings.Contains(left[0].String(), "deployment/web in namespace shop: node n1 uncordoned, if the cordon is still that run's (run run-1, of ") {
		t.Errorf("got %v", left)
	}
	want(t, "writes", c.Writes())

	// With the workload goes the note; the node's own mark tells.
	c.must(c.Client.Tracker().Delete(fakecluster.Deployments, namespace, "web"))
	left, err = AllLeft(t.Context(), c.Client, "", func() time.Time { return present.Add(time.Minute) }, ByHand{})
	if err != nil || len(left) != 1 || left[0].Object != "node/n1" {
		t.Fatalf("got %v, %v", left, err)
	}
	if did, err := left[0].PutBack(t.Context()); err != nil || did != "node n1 uncordoned" {
		t.Errorf("got %q, %v", did, err)
	}
	if other, err := AllLeft(t.Context(), c.Client, "elsewhere", func() time.Time { return present }, ByHand{}); err != nil || len(other) != 0 {
		t.Errorf("elsewhere: got %v, %v", other, err)
	}
}

// Of two that put the same back at once the slower one finds nothing to do.
func TestPutBackTwice(t *testing.T) {
	c := newCluster(t)
	if err := c.interrupt(c.begin("run-1"), scaleToOne); err == nil {
		t.Fatal("it came to its end")
	}
	now := func() time.Time { return present.Add(time.Minute) }
	first, err := Left(t.Context(), c.Client, namespace, web, now, ByHand{})
	c.must(err)
	second, err := Left(t.Context(), c.Client, namespace, web, now, ByHand{})
	c.must(err)
	if did, err := first[0].PutBack(t.Context()); err != nil || did == "" {
		t.Errorf("the first: %q, %v", did, err)
	}
	if did, err := second[0].PutBack(t.Context()); err != nil || did != "" {
		t.Errorf("the second: %q, %v", did, err)
	}
}
