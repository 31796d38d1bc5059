package chaos

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"
)

// writtenBy makes the API tell who wrote the note, which the fake one does not note.
func writtenBy(managers ...string) func(*cluster) {
	var entries []metav1.ManagedFieldsEntry
	for _, manager := range managers {
		fields := new(metav1.FieldsV1)
		fields.SetRawString(`{"f:metadata":{"f:annotations":{"f:` + undoKey + `":{}}}}`)
		entries = append(entries, metav1.ManagedFieldsEntry{Manager: manager, FieldsV1: fields})
	}
	return func(c *cluster) {
		c.Client.PrependReactor("get", "deployments", func(clienttesting.Action) (bool, runtime.Object, error) {
			d := c.Deployment()
			d.ManagedFields = entries
			return true, d, nil
		})
	}
}

// A note is taken at its word where a run wrote it, for this object and its present
// revision, at a time that may be near: clocks may differ by an hour. All others are in
// doubt. One that came back keeps no run away.
func TestNotesInDoubt(t *testing.T) {
	set := func(change func(*appsv1.Deployment)) func(*cluster) { return func(c *cluster) { c.Set(change) } }
	tests := map[string]struct {
		change func(*cluster)
		// after is when it is looked at, from the time that the note bears.
		after time.Duration
		want  string
		free  bool
	}{
		"nobody is noted":        {nil, time.Minute, "", false},
		"written by a run":       {writtenBy(fieldManager), time.Minute, "", false},
		"and by others":          {writtenBy("kubectl-rollout", fieldManager), time.Minute, "", false},
		"an hour old":            {nil, time.Hour, "", false},
		"an hour ahead":          {nil, -time.Hour, "", false},
		"older than a day":       {nil, 25 * time.Hour, "it is 25h0m0s old", false},
		"more than a day ahead":  {nil, -25 * time.Hour, "it is dated 25h0m0s ahead of this machine's clock", false},
		"brought by a rollback":  {writtenBy("kubectl-rollout"), time.Minute, "kubectl-rollout wrote it, not a run: a rollback or a copy has brought it back", true},
		"applied by a GitOps":    {writtenBy("argocd"), time.Minute, "argocd wrote it, not a run: a rollback or a copy has brought it back", true},
		"rolled out since":       {set(func(d *appsv1.Deployment) { d.Annotations["deployment.kubernetes.io/revision"] = "8" }), time.Minute, "web was rolled out since: it has revision 8", false},
		"copied from another":    {set(func(d *appsv1.Deployment) { d.UID = "uid-copy" }), time.Minute, "", true},
		"copied, and a year old": {set(func(d *appsv1.Deployment) { d.UID = "uid-copy" }), 365 * 24 * time.Hour, "", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t)
			if err := c.interrupt(c.begin("run-1"), scaleToOne); err == nil {
				t.Fatal("it came to its end")
			}
			at := c.note().Change.At
			if test.change != nil {
				test.change(c)
			}
			c.Client.ClearActions()
			left, err := Left(t.Context(), c.Client, namespace, web, func() time.Time { return at.Add(test.after) }, ByHand{})
			if err != nil || len(left) != 1 {
				t.Fatalf("found %v, %v", left, err)
			}
			if left[0].Doubt != test.want {
				t.Errorf("got  %q\nwant %q", left[0].Doubt, test.want)
			}
			want(t, "writes", c.Writes())
			_, err = Open(t.Context(), c.Client, namespace, web, at.Add(test.after), ByHand{})
			if free := err == nil; free != test.free {
				t.Errorf("another run may begin: %v (%v)", free, err)
			}
		})
	}
}
