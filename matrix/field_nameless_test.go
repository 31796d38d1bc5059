package matrix

import (
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// The app behind the proxy names no pod, and nothing is changed of the proxy.
func TestUnnamedApp(t *testing.T) {
	unnamed := map[string]bool{}
	for _, o := range unnamedApp(through("behind", "haproxy-proxy", "app", newAndKept, leaves())).Objects {
		if d, is := o.(*appsv1.Deployment); is {
			unnamed[d.Name] = slices.Contains(container(d).Env, corev1.EnvVar{Name: "NAMELESS", Value: "yes"})
		}
	}
	if !unnamed["app"] || unnamed["proxy"] || len(unnamed) != 2 {
		t.Errorf("%v", unnamed)
	}
}
