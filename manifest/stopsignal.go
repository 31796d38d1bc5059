package manifest

import (
	"regexp"

	corev1 "k8s.io/api/core/v1"
)

// oldNginx are versions of Docker Hub's nginx that were made before its STOPSIGNAL became SIGQUIT, on
// 24 November 2020 (nginx/docker-nginx#457). Of 1.18 and 1.19.4, which were current then, no tag tells.
var oldNginx = regexp.MustCompile(`(?:^|/)library/nginx:1\.(?:(?:[0-9]|1[0-7])(?:[.-].*)?|19\.[0-3](?:-.*)?)$`)

// fastImages are images of nginx and Apache whose Dockerfiles name no stop signal (bitnami/containers,
// bitnami/nginx and bitnami/apache).
var fastImages = regexp.MustCompile(`(?:^|/)bitnami(?:legacy)?/(?:nginx|apache):[^/]*$`)

// StopsFast tells of a container whose image has SIGTERM for its stop signal though its server, nginx or
// Apache, answers nothing that is in flight at that.
func StopsFast(c *corev1.Container) bool {
	image := reference(c.Image)
	return oldNginx.MatchString(image) || fastImages.MatchString(image)
}

// gracefulImages are those whose Dockerfiles name their server's graceful stop signal: those of Docker
// Hub's library, also from a mirror of it, and of the servers' own makers (docker-library's httpd,
// haproxy and php, nginx/docker-nginx, nginxinc/docker-nginx-unprivileged, openresty/docker-openresty,
// haproxytech/haproxy-docker-alpine). Others may be called the same and name none (bitnami/nginx).
var gracefulImages = regexp.MustCompile(`(?:^|/)(?:library/(?:nginx|httpd|haproxy):[^/]*|library/php:(?:.*-)?(?:apache|fpm)(?:-.*)?|` +
	`nginx(?:inc)?/nginx-unprivileged:[^/]*|openresty/openresty:[^/]*|haproxytech/haproxy-(?:alpine|debian|ubuntu):[^/]*)$`)

// StopsGracefully tells of a container that starts its image's server as the image does, and whose image
// names the signal at which that answers what is in flight.
func StopsGracefully(c *corev1.Container) bool {
	_, by := Server(c)
	return by == Image && gracefulImages.MatchString(reference(c.Image)) && !StopsFast(c)
}
