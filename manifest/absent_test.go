package manifest

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestAbsent(t *testing.T) {
	mounted := func(at string) corev1.Container {
		return corev1.Container{VolumeMounts: []corev1.VolumeMount{{Name: "tools", MountPath: at}}}
	}
	for _, tt := range []struct {
		image, program string
		container      corev1.Container
		want           bool
	}{
		{image: "gcr.io/distroless/static-debian12:nonroot", program: "sh", want: true},
		{image: "gcr.io/distroless/static", program: "/bin/sleep", want: true},
		{image: "gcr.io/distroless/java21-debian12:latest@sha256:0", program: "bash", want: true},
		{image: "mirror.example/proxy/distroless/python3-debian12", program: "curl", want: true},
		{image: "gcr.io/distroless/nodejs:18", program: "/usr/bin/touch", want: true},
		{image: "cgr.dev/chainguard/static:latest", program: "sh", want: true},
		{image: "cgr.dev/chainguard/nginx", program: "sh", want: true},
		{image: "scratch", program: "sh", want: true},
		{image: "mcr.microsoft.com/dotnet/aspnet:9.0-noble-chiseled-extra", program: "sleep", want: true},
		{image: "mcr.microsoft.com/dotnet/samples:aspnetapp-chiseled", program: "sh", want: true},
		{image: "mcr.microsoft.com/dotnet/runtime-deps:9.0-azurelinux3.0-distroless", program: "sh", want: true},
		{image: "mcr.microsoft.com/dotnet/aspnet:9.0", program: "sh"},

		{image: "oven/bun:1.1-distroless", program: "sleep", want: true},
		{image: "registry.k8s.io/metrics-server/metrics-server:v0.7.2", program: "sleep", want: true},
		{image: "otel/opentelemetry-collector-contrib:0.119.0", program: "sh", want: true},
		{image: "ghcr.io/acme/distroless-tools:1", program: "sh"},
		{image: "gcr.io/cloudsql-docker/gce-proxy:1.33", program: "sleep", want: true},
		{image: "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.14.0", program: "sh", want: true},
		{image: "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.14.0-alpine", program: "sh"},
		{image: "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.14.0-bookworm", program: "sh"},
		{image: "gcr.io/cloudsql-docker/gce-proxy:1.11", program: "sh"},
		{image: "gcr.io/cloudsql-docker/gce-proxy:1.16", program: "sh", want: true},
		{image: "nginx:1.27-alpine", program: "bash", container: corev1.Container{Command: []string{"sh", "-c", "apk add bash; exec nginx"}}},
		{image: "nats:2.10", program: "sh", want: true},
		{image: "nats:2.10-alpine3.20", program: "sh"},
		{image: "nginx:1.27-alpine", program: "/bin/bash", want: true},
		{image: "node:22-alpine3.20", program: "bash", want: true},
		{image: "alpine:3.20", program: "bash", want: true},
		{image: "nginx:1.27-alpine", program: "sh"},
		{image: "nginx:1.27", program: "bash"},
		{image: "postgres:17-alpine", program: "bash"},
		{image: "registry.example/nginx:1.27-alpine", program: "bash"},
		{image: "gcr.io/distroless/static-debian12:debug", program: "sh"},
		{image: "gcr.io/distroless/static-debian12:debug-nonroot-amd64", program: "sh"},
		{image: "gcr.io/distroless/nodejs:18-debug", program: "sh"},
		{image: "gcr.io/distroless/static@sha256:0", program: "sh"}, // it may be debug
		{image: "cgr.dev/chainguard/static:latest-dev", program: "sh"},
		{image: "cgr.dev/chainguard/node", program: "sh"},
		{image: "cgr.dev/chainguard/busybox", program: "sh"},
		{image: "envoyproxy/envoy:distroless-v1.31.0", program: "sleep", want: true},
		{image: "mirror.example/docker.io/envoyproxy/envoy:distroless-v1.31-latest", program: "/bin/sh", want: true},
		{image: "ghcr.io/dexidp/dex:v2.41.1-distroless", program: "sh", want: true},
		{image: "envoyproxy/envoy:v1.31.0", program: "sleep"},
		{image: "registry.example/app:1-distroless", program: "sh"}, // it may hold more
		{image: "registry.example/distroless/app:1", program: "sh"},
		{image: "debian:12", program: "sh"},
		{image: "gcr.io/distroless/python3-debian12", program: "python3"},
		{image: "gcr.io/distroless/base-debian12", program: "openssl"},
		{image: "gcr.io/distroless/base-debian12", program: "/app/drain"},
		{image: "gcr.io/distroless/static", program: "/tools/sh", container: mounted("/tools/")},
		{image: "gcr.io/distroless/static", program: "/bin/sh", container: mounted("/bin/sh")},
		{image: "gcr.io/distroless/static", program: "sh", container: mounted("/bin/sh")},
		{image: "gcr.io/distroless/static", program: "sh", container: mounted("/usr/local/bin")},
		{image: "gcr.io/distroless/static", program: "sh", container: mounted("/data"), want: true},
		{image: "gcr.io/distroless/static", program: "/bin/sh", container: mounted("/data"), want: true},
		{image: "gcr.io/distroless/static", program: "sh", container: corev1.Container{Env: []corev1.EnvVar{{Name: "PATH", Value: "/data"}}}},
	} {
		c := tt.container
		c.Image = tt.image
		if why := Absent(&c, []string{tt.program, "-c", "x"}); (why != "") != tt.want {
			t.Errorf("%s %s %v: %q", tt.image, tt.program, c.VolumeMounts, why)
		}
	}
	if why := Absent(&corev1.Container{Image: "scratch"}, nil); why != "" {
		t.Error(why)
	}
}
