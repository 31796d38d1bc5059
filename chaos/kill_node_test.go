package chaos

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// A helper pod is removed also where the answer to its creation was lost, and so nobody
// told that it is there.
func TestHelperWhoseCreationWasNotAnswered(t *testing.T) {
	c := newCluster(t)
	var made []string
	c.Client.PrependReactor("create", "pods", func(action clienttesting.Action) (bool, runtime.Object, error) {
		helper := action.(clienttesting.CreateAction).GetObject().(*corev1.Pod).DeepCopy()
		if helper.Name == "" {
			helper.Name = helper.GenerateName + "x" // as the API server does
		}
		helper.Namespace = namespace
		helper.Status.ContainerStatuses = []corev1.ContainerStatus{{
			Name: helperName, State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{}},
		}}
		made = append(made, helper.Name)
		if err := c.Client.Tracker().Add(helper); err != nil {
			return true, nil, err
		}
		c.restartContainer("web-h7-1", "app")
		return true, nil, errLost
	})
	r := c.begin("run-1")
	_ = r.Do(t.Context(), 0, aKill(check.Kill{Signal: "SIGKILL", Via: check.ViaNode, HelperImage: "tool:1"}))
	if len(made) == 0 {
		t.Fatal("no helper was made")
	}
	for _, pod := range c.Pods() {
		if pod.Labels["app"] != "web" {
			t.Errorf("the helper %s is left", pod.Name)
		}
	}
}
