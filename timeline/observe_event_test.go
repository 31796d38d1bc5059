package timeline

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// A controller's name is cut where a pod's is made of it, a ReplicaSet's is not.
func TestWhoseEventsAreKept(t *testing.T) {
	long := strings.Repeat("a", 50) + "-bcdefghij" // 60 letters
	for name, tt := range map[string]struct {
		workload, kind, object string
		want                   bool
	}{
		"a pod":                             {"web", "Pod", "web-7d9f8c6b5-x2x4z", true},
		"another's pod":                     {"web", "Pod", "webber-7d9f8c6b5-x2x4z", false},
		"a pod with a cut name":             {long, "Pod", long[:58] + "x2x4z", true},
		"a pod of a StatefulSet":            {long, "Pod", long + "-0", true},
		"another's pod with a cut name":     {long, "Pod", long[:50] + "-xxxxxxx" + "x2x4z", false},
		"one that is cut behind its hyphen": {long[:57], "Pod", long[:57] + "-x2x4z", true},
		"its ReplicaSet":                    {long, "ReplicaSet", long + "-7d9f8c6b5", true},
		"its ReplicaSet with a cut name":    {strings.Repeat("a", 250), "ReplicaSet", strings.Repeat("a", 242) + "-7d9f8c6b55", true},
		"another's ReplicaSet":              {long, "ReplicaSet", long[:58] + "zz-7d9f8c6b5", false},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := Config{Workload: check.Workload{Kind: check.Deployment, Name: tt.workload}}
			if got := cfg.concerns(&corev1.ObjectReference{Kind: tt.kind, Name: tt.object}); got != tt.want {
				t.Errorf("%s: %t", tt.object, got)
			}
		})
	}
}

func TestWhichContainerAnEventIsAbout(t *testing.T) {
	cfg := Config{Workload: check.Workload{Kind: check.Deployment, Name: "web"}, Now: time.Now}
	for path, want := range map[string]string{"spec.containers{app}": "app", "spec.initContainers{mesh}": "mesh", "": "", "spec": ""} {
		event, ok := cfg.observeEvent()(recording.Added, &corev1.Event{
			ObjectMeta:     metav1.ObjectMeta{Name: "web-1.17f0"},
			InvolvedObject: corev1.ObjectReference{Kind: "Pod", Name: "web-1", FieldPath: path},
		})
		if !ok || event.Kube.Container != want {
			t.Errorf("%q: got %+v, want container %q", path, event.Kube, want)
		}
	}
}
