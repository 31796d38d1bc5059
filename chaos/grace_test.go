package chaos

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// Pods keep the grace period with which they were made: the longest of all counts.
func TestLongestGrace(t *testing.T) {
	for name, tt := range map[string]struct {
		template, pod *int64
		want          time.Duration
	}{
		"none said":          {nil, nil, 30 * time.Second},
		"the template's":     {new(int64(90)), new(int64(20)), 90 * time.Second},
		"a pod's own":        {new(int64(20)), new(int64(90)), 90 * time.Second},
		"a pod's by default": {new(int64(5)), nil, 30 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, func(d *appsv1.Deployment) { d.Spec.Template.Spec.TerminationGracePeriodSeconds = tt.template })
			pod := c.Pods()[0]
			pod.Spec.TerminationGracePeriodSeconds = tt.pod
			c.must(c.Client.Tracker().Update(corev1.SchemeGroupVersion.WithResource("pods"), pod, namespace))
			if got, err := c.open().LongestGrace(t.Context()); err != nil || got != tt.want {
				t.Errorf("got %s, %v", got, err)
			}
		})
	}
}
