package manifest

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestServer(t *testing.T) {
	for _, tt := range []struct {
		image         string
		command, args []string
		want          string
	}{
		// The image alone.
		{image: "nginx", want: "nginx"},
		{image: "registry.example:5000/team/nginx:1.27-alpine@sha256:12ab", want: "nginx"},
		{image: "nginxinc/nginx-unprivileged:1.27", want: "nginx"},
		{image: "httpd:2.4", want: "apache"},
		{image: "haproxytech/haproxy-alpine:3.0", want: "haproxy"},
		{image: "php:8.3-fpm-alpine", want: "php-fpm"},
		{image: "php:fpm", want: "php-fpm"},
		{image: "php:8.3-apache", want: "apache"},
		{image: "php:8.3-cli"},
		{image: "nginx@sha256:12ab", want: "nginx"},
		{image: "docker.io/library/nginx:1.27", want: "nginx"},
		{image: "registry.access.redhat.com/ubi9/nginx-124", want: "nginx"},
		{image: "openresty/openresty:1.27.1.1-alpine", want: "nginx"},
		{image: "caddy:2", want: "caddy"},
		{image: "registry.example/mirror/library/caddy:2@sha256:12ab", want: "caddy"},
		{image: "haproxy:3", want: "haproxy"},
		{image: "registry.example/shop/gunicorn:2", want: "gunicorn"},
		{image: "acme/my-nginx-exporter:1"},
		{image: "nginx/nginx-prometheus-exporter:1.3"},
		{image: "registry.k8s.io/ingress-nginx/controller:v1.11"},
		{image: "registry.example/nginx-exporter:1.27"},
		{image: "quay.io/prometheus/node-exporter:v1.8.2"},
		{image: "rancher/nginx-ingress-controller:v1.11"},
		{image: "prom/haproxy-exporter"},
		{image: "haproxytech/kubernetes-ingress:3.0"},
		{image: "hipages/php-fpm_exporter:2"},
		{image: "tiangolo/uvicorn-gunicorn-fastapi:python3.11"},
		{image: "lucaslorentz/caddy-docker-proxy:2.9"},
		{image: "calico/node:v3.28.0"},
		{image: "kindest/node:v1.35.0@sha256:12ab"},
		{image: "acme/node:1.4"},
		{image: "acme/node"},
		{image: "selenium/node-chrome:126"},
		{image: "node", want: "node"},
		{image: "node:22", want: "node"},
		{image: "node:22-alpine", args: []string{"server.js"}, want: "node"},
		{image: "docker.io/node:jod@sha256:12ab", want: "node"},
		{image: "public.ecr.aws/docker/library/node:22.11.0-bookworm-slim", want: "node"},
		{image: "registry.example:5000/mirror/node:lts-alpine", want: "node"},
		{image: "gcr.io/distroless/nodejs22-debian12", args: []string{"server.js"}, want: "node"},
		{image: "eclipse-temurin:21", want: "jvm"},
		{image: "gcr.io/distroless/java21-debian12:nonroot", args: []string{"app.jar"}, want: "jvm"},
		{image: "registry.access.redhat.com/ubi9/openjdk-21-runtime:1.20", want: "jvm"},
		{image: "python:3.12"},
		{image: "nginx.example/shop:1"},
		{image: "nginx:5000/shop:1"},

		// Words for the image's entrypoint.
		{image: "nginx", args: []string{"nginx", "-g", "daemon off;"}, want: "nginx"},
		{image: "nginx", args: []string{"nginx-debug", "-g", "daemon off;"}, want: "nginx"},
		{image: "haproxy", args: []string{"-f", "/x.cfg"}, want: "haproxy"},
		{image: "nginx", args: []string{"sleep", "1d"}},
		{image: "node:22", args: []string{"sleep", "1d"}},
		{image: "node:22", args: []string{"npm", "start"}, want: "node"},
		{image: "node:22", command: []string{"npm", "start"}, want: "node"},
		{image: "node:22", command: []string{"/app/start"}},
		{image: "node:22", command: []string{"/app/start.js"}},
		{image: "python:3.12", args: []string{"gunicorn", "app:app"}, want: "gunicorn"},
		{image: "python:3.12-slim", args: []string{"sh", "-c", "exec uvicorn app:app"}, want: "uvicorn"},
		{image: "ruby:3.3", args: []string{"bundle", "exec", "puma"}, want: "puma"},
		{image: "eclipse-temurin:21", args: []string{"java", "-jar", "app.jar"}, want: "jvm"},
		{image: "csi-driver", args: []string{"node", "--endpoint=x"}},
		{image: "shop", args: []string{"gunicorn", "app:app"}},

		// The command, whatever the image is called.
		{image: "shop", command: []string{"/usr/sbin/nginx"}, args: []string{"-c", "/x"}, want: "nginx"},
		{image: "nginx", command: []string{"/app/server"}},
		{image: "nginx", command: []string{"/bin/sh", "/start"}},
		{image: "x", command: []string{"sh", "-c", "sed s/a/b/ x >y; exec nginx -c /y"}, want: "nginx"},
		{image: "x", command: []string{"sh", "-c", "php-fpm -D && nginx -g 'daemon off;'"}, want: "nginx"},
		{image: "x", command: []string{"sh", "-c", "nginx & tail -f /log"}},
		{image: "x", command: []string{"sh", "-c", "nginx &"}},
		{image: "x", command: []string{"sh", "-c", "nginx; true"}},
		{image: "x", command: []string{"sh", "-c", "exec $INIT nginx"}},
		{image: "x", command: []string{"sh", "-c", ""}},
		{image: "x", command: []string{"sh", "-c", "exec"}},
		{image: "x", command: []string{"tini", "-g", "--", "node"}, args: []string{"server.js"}, want: "node"},
		{image: "x", command: []string{"dumb-init", "--rewrite", "15:3", "nginx"}},
		{image: "x", command: []string{"tini", "--"}},
		{image: "x", command: []string{"php-fpm8.2", "--nodaemonize"}, want: "php-fpm"},
		{image: "x", command: []string{"/usr/sbin/apache2", "-DFOREGROUND"}, want: "apache"},
		{image: "x", command: []string{"python3.11", "-m", "uvicorn", "app:app"}, want: "uvicorn"},
		{image: "x", command: []string{"python3", "-m", "http.server"}},
		{image: "x", command: []string{"python3", "app.py"}},
		{image: "x", command: []string{"bundle", "exec", "puma", "-p", "80"}, want: "puma"},
		{image: "x", command: []string{"npm", "start"}},
		{image: "x", command: []string{"/opt/java/openjdk/bin/java", "-jar", "app.jar"}, want: "jvm"},
		{image: "x", command: []string{"nginx-ingress-controller"}},
		{image: "x", command: []string{"gunicorn", "app:app"}, want: "gunicorn"},
		{image: "x", command: []string{"gunicorn", "-k", "gthread", "app:app"}, want: "gunicorn"},
		{image: "x", command: []string{"gunicorn", "--worker-class=uvicorn.workers.UvicornWorker", "app:app"}},
		{image: "x", command: []string{"gunicorn", "-kgevent", "app:app"}},
		{image: "x", command: []string{"gunicorn", "app:app"}, args: []string{"--worker-class", "gevent"}},
	} {
		c := &corev1.Container{Image: tt.image, Command: tt.command, Args: tt.args}
		if got, _ := Server(c); got != tt.want {
			t.Errorf("%s %q %q: got %q, want %q", tt.image, tt.command, tt.args, got, tt.want)
		}
	}
}

func TestServerSaysWhatItIsRecognisedBy(t *testing.T) {
	for _, tt := range []struct {
		c    corev1.Container
		want Evidence
	}{
		{corev1.Container{Image: "nginx:1.27"}, Image},
		{corev1.Container{Image: "node:22", Args: []string{"npm", "start"}}, Image},
		{corev1.Container{Image: "nginx:1.27", Args: []string{"nginx-debug"}}, Command},
		{corev1.Container{Image: "shop", Command: []string{"nginx"}}, Command},
		{corev1.Container{Image: "shop"}, ""},
	} {
		if _, by := Server(&tt.c); by != tt.want {
			t.Errorf("%s %q %q: got %q, want %q", tt.c.Image, tt.c.Command, tt.c.Args, by, tt.want)
		}
	}
}
