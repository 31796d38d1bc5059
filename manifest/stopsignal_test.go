package manifest

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestStopsFast(t *testing.T) {
	for image, want := range map[string]bool{
		"nginx:1.16.0": true, "nginx:1.17-alpine": true, "docker.io/library/nginx:1.9.15": true, "nginx:1.19.3": true, "nginx:1.7": true,
		"nginx:1.18.0": false, "nginx:1.19.4": false, "nginx:1.19": false, "nginx:1.19.10": false, "nginx:1.27": false, "nginx": false, "nginx:1": false,
		"registry.example/nginx:1.16.0": false, "nginxinc/nginx-unprivileged:1.16": false,
	} {
		if got := StopsFast(&corev1.Container{Image: image}); got != want {
			t.Errorf("%s: %t, want %t", image, got, want)
		}
	}
}
