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
		{image: "php:8.3-apache"},
		{image: "acme/my-nginx-exporter:1"},
		{image: "nginx/nginx-prometheus-exporter:1.3"},
		{image: "registry.k8s.io/ingress-nginx/controller:v1.11"},
		{image: "node:22"},
		{image: "eclipse-temurin:21"},
		{image: "nginx.example/shop:1"},

		// Words for the image's entrypoint.
		{image: "nginx", args: []string{"nginx", "-g", "daemon off;"}, want: "nginx"},
		{image: "nginx", args: []string{"nginx-debug", "-g", "daemon off;"}, want: "nginx"},
		{image: "haproxy", args: []string{"-f", "/x.cfg"}, want: "haproxy"},
		{image: "nginx", args: []string{"sleep", "1d"}},
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
		if got := Server(c); got != tt.want {
			t.Errorf("%s %q %q: got %q, want %q", tt.image, tt.command, tt.args, got, tt.want)
		}
	}
}
