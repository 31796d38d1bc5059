package manifest

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestStopsFast(t *testing.T) {
	for image, want := range map[string]bool{
		"nginx:1.16.0": true, "nginx:1.17-alpine": true, "docker.io/library/nginx:1.9.15": true, "nginx:1.19.3": true, "nginx:1.7": true,
		"bitnami/nginx:1.27": true, "bitnami/apache": true, "docker.io/bitnamilegacy/nginx:1.27.4-debian-12-r2": true, "bitnami/nginx-exporter": false,
		"nginx:1.18.0": false, "nginx:1.19.4": false, "nginx:1.19": false, "nginx:1.19.10": false, "nginx:1.27": false, "nginx": false, "nginx:1": false,
		"registry.example/nginx:1.16.0": false, "nginxinc/nginx-unprivileged:1.16": false,
	} {
		if got := StopsFast(&corev1.Container{Image: image}); got != want {
			t.Errorf("%s: %t, want %t", image, got, want)
		}
	}
}

func TestStopsGracefully(t *testing.T) {
	for image, want := range map[string]bool{
		"nginx:1.27": true, "nginx": true, "docker.io/library/nginx:1.27-alpine": true, "public.ecr.aws/docker/library/httpd:2.4": true,
		"haproxy:3.0": true, "php:8.3-fpm-alpine": true, "php:8.3-apache": true, "nginxinc/nginx-unprivileged:1.27": true,
		"ghcr.io/nginxinc/nginx-unprivileged:stable": true, "openresty/openresty:alpine": true, "haproxytech/haproxy-alpine:3.2": true,
		"public.ecr.aws/nginx/nginx-unprivileged:1.27": true,
		"nginx:1.16.0": false, "public.ecr.aws/docker/library/nginx:1.16": false, "bitnami/nginx:1.27": false, "registry.example/nginx:1.27": false, "registry.example/team/httpd:2": false,
		"bitnami/apache": false, "php:8.3-cli": false, "caddy:2": false,
	} {
		if got := StopsGracefully(&corev1.Container{Image: image}); got != want {
			t.Errorf("%s: %t, want %t", image, got, want)
		}
	}
}
