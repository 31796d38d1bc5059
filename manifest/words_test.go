package manifest

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/shutdowncheck/shutdowncheck/manifest/script"
)

func TestWords(t *testing.T) {
	env := []corev1.EnvVar{
		{Name: "PORT", Value: "80"},
		{Name: "ADDRESS", Value: ":$(PORT)"},
		{Name: "LATER", Value: "$(AFTER)"},
		{Name: "AFTER", Value: "x"},
		{Name: "SECRET", ValueFrom: &corev1.EnvVarSource{}},
		{Name: "TWICE", Value: "a"},
		{Name: "TWICE", Value: "b"},
		{Name: "GONE", Value: "a"},
		{Name: "GONE", ValueFrom: &corev1.EnvVarSource{}},
	}
	for text, want := range map[string]string{
		"app --port=$(PORT)":        "app --port=80",
		"$(ADDRESS)$(PORT)":         ":8080",
		"$$(PORT)":                  "$(PORT)",
		"$$$(PORT)":                 "$80",
		"$PORT ${PORT} $":           "$PORT ${PORT} $",
		"$(SECRET) $(NONE) $(GONE)": "$(SECRET) $(NONE) $(GONE)",
		"$(LATER)":                  "$(LATER)",
		"$(TWICE)":                  "b",
		"$(PORT":                    "$(PORT",
	} {
		got := Words(&corev1.Container{Command: []string{"run"}, Args: []string{text}, Env: env})
		if !slices.Equal(got, []string{"run", want}) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestWordsOfImages(t *testing.T) {
	for _, tt := range []struct {
		image string
		args  []string
		want  bool
	}{
		{"node:22", []string{"npm", "start"}, true},
		{"docker.io/library/python:3.12-slim", []string{"sh", "-c", "app"}, true},
		{"node:22", []string{"--inspect"}, false},
		{"node:22", nil, false},
		{"registry.example/node:22", []string{"npm", "start"}, false},
		{"grafana/grafana", []string{"sh"}, false},
	} {
		if got := Words(&corev1.Container{Image: tt.image, Args: tt.args}); (got != nil) != tt.want {
			t.Errorf("%s %q: got %q", tt.image, tt.args, got)
		}
	}
}

func TestContext(t *testing.T) {
	for image, want := range map[string]script.Dialect{
		"alpine": script.Busybox, "node:22-alpine3.20": script.Busybox, "nginx:1.27-alpine-slim": script.Busybox, "busybox:1.36": script.Busybox,
		"registry.access.redhat.com/ubi9/nodejs-22:1": script.Bash, "fedora:42": script.Bash, "quay.io/centos/centos:stream9": script.Bash, "amazoncorretto:21": script.Bash, "amazoncorretto:21-alpine": script.Busybox,
		"debian:12-slim": script.Dash, "eclipse-temurin:21-jre-jammy": script.Dash, "ubuntu22": script.Dash,
		"quay.io/minio/minio:RELEASE.1": script.Bash, "hashicorp/vault:1.17": script.Busybox, "hashicorp/vault:1.17-ubi": script.Bash, "minio/operator:1": "",
		"node:22": "", "debianish": "", "registry.example/web:1": "", "registry.example/ubiquity:1": "", "web@sha256:alpine": "",
	} {
		if got := Context(&corev1.PodSpec{}, &corev1.Container{Image: image}).Sh; got != want {
			t.Errorf("%s: got %q, want %q", image, got, want)
		}
	}
	yes := true
	for name, pod := range map[string]corev1.PodSpec{"pod": {ShareProcessNamespace: &yes}, "node": {HostPID: true}} {
		if !Context(&pod, &corev1.Container{}).SharedPIDs {
			t.Errorf("%s: process 1 is taken for the container's own", name)
		}
	}
}

func TestWindows(t *testing.T) {
	for _, pod := range []corev1.PodSpec{
		{OS: &corev1.PodOS{Name: corev1.Windows}}, {NodeSelector: map[string]string{"kubernetes.io/os": "windows"}},
	} {
		if !Windows(&pod) {
			t.Errorf("%+v is not taken for Windows", pod)
		}
	}
	if Windows(&corev1.PodSpec{OS: &corev1.PodOS{Name: corev1.Linux}}) {
		t.Error("Linux is taken for Windows")
	}
}
