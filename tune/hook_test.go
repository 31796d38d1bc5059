package tune

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/discovery/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/shutdowncheck/shutdowncheck/chaos"
)

func TestActionOfTheClustersVersion(t *testing.T) {
	for minor, want := range map[string]Action{"28": Exec, "29": Exec, "29+": Exec, "30": Sleep, "30+": Sleep, "35": Sleep} {
		server := &fake.FakeDiscovery{Fake: &clienttesting.Fake{}, FakedServerVersion: &version.Info{Major: "1", Minor: minor}}
		if got, err := actionOf(t.Context(), server); err != nil || got != want {
			t.Errorf("1.%s: got %s, %v", minor, got, err)
		}
	}
	server := &fake.FakeDiscovery{Fake: &clienttesting.Fake{}, FakedServerVersion: &version.Info{Major: "1", Minor: "x"}}
	if got, err := actionOf(t.Context(), server); err == nil {
		t.Errorf("1.x: got %s", got)
	}
}

// A hook that only sleeps may be replaced; what else one does must not be taken away.
func TestWhichHookIsReplaced(t *testing.T) {
	for name, tt := range map[string]struct {
		hook *corev1.LifecycleHandler
		want bool
	}{
		"none":        {nil, true},
		"a sleep":     {Sleep.hook(5), true},
		"its program": {Exec.hook(5), true},
		"a shell's":   {&corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"sh", "-c", "sleep 5"}}}, true},
		"more":        {&corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"sh", "-c", "sleep 5; nginx -s quit"}}}, false},
		"a request":   {&corev1.LifecycleHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/stop"}}, false},
	} {
		if got := replaceable(chaos.Settings{PreStop: tt.hook}); got != tt.want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}
