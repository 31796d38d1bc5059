package chaos

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/shutdowncheck/shutdowncheck/check"
)

func TestOwns(t *testing.T) {
	for name, tt := range map[string]struct {
		deployment, set string
		want            bool
	}{
		"its ReplicaSet":             {"web", "web-7d9f8c6b5", true},
		"another's":                  {"web", "web-api-7d9f8c6b5", false},
		"one of another template":    {"web", "web-5f6d7c8b9", false},
		"one whose name just fits":   {strings.Repeat("a", 243), strings.Repeat("a", 243) + "-7d9f8c6b5", true},
		"one whose name is cut":      {strings.Repeat("a", 250), strings.Repeat("a", 243) + "-7d9f8c6b5", true},
		"another's whose name is so": {strings.Repeat("a", 250), strings.Repeat("a", 242) + "-7d9f8c6b5", false},
	} {
		t.Run(name, func(t *testing.T) {
			w := &Workload{ref: check.Workload{Kind: check.Deployment, Name: tt.deployment}}
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
				Labels:          map[string]string{"pod-template-hash": "7d9f8c6b5"},
				OwnerReferences: []metav1.OwnerReference{{Kind: "ReplicaSet", Name: tt.set, Controller: new(true)}},
			}}
			if got := w.owns(pod); got != tt.want {
				t.Errorf("%s owned by %s: %t", tt.set, tt.deployment, got)
			}
		})
	}
}
