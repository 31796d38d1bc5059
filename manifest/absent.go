package manifest

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/shutdowncheck/shutdowncheck/manifest/script"
)

// distroless are images that hold neither a shell nor what comes with one, under whichever
// registry mirrors them: Google's, of which the tags with debug hold busybox
// (GoogleContainerTools/distroless, README), and those of Chainguard's of which that is said,
// but for the tags with dev (edu.chainguard.dev, container variants; its node has a shell).
// An image that is built on one may hold more, but for some by their Dockerfiles: Kubernetes'
// metrics-server, OpenTelemetry's collectors, Traefik's whoami, and Google's proxies to Cloud SQL
// (cloud-sql-proxy#317, #2339) and NATS, of which tags that name a distribution hold what that does.
// scratch holds nothing.
var distroless = regexp.MustCompile(`(?:^|/)(?:distroless/(?:static|base|base-nossl|cc|java-base|java\d*|nodejs\d*|python3)(?:-debian\d+)?|(?:cgr\.dev/)?chainguard/(?:static|glibc-dynamic|nginx|php)|library/scratch|metrics-server/metrics-server|otel/opentelemetry-collector(?:-contrib|-k8s)?|traefik/whoami|cloudsql-docker/gce-proxy|cloud-sql-connectors/cloud-sql-proxy|library/nats):([^/]*)$`)

// oldProxy are the versions of Cloud SQL's first proxy that were built on Alpine (cloud-sql-proxy#317).
var oldProxy = regexp.MustCompile(`/gce-proxy:1\.(?:0?\d|1[0-5])(?:[.-]|$)`)

// distributions are the parts of tags by which an image without a shell is built on one that has it.
var distributions = regexp.MustCompile(`^(?:debug|dev|alpine[\d.]*|buster|bullseye|bookworm|trixie)$`)

// alpineWithoutBash are Docker Hub's own images of Alpine that hold no bash (docker-library/docs#1437), by
// their tags; others, as postgres and maven, do.
var alpineWithoutBash = regexp.MustCompile(`(?:^|/)library/(?:alpine:|(?:nginx|node|python|ruby|php|httpd|haproxy|redis|golang|memcached):(?:[^/]*-)?alpine(?:[\d.]+|-|$))`)

// chiseled are images that hold no shell either, by their tags: Microsoft's of .NET
// (dotnet/dotnet-docker documentation/distroless.md), Envoy's (its manual, Docker images), Dex's
// and Bun's (oven-sh/bun dockerhub/distroless).
var chiseled = regexp.MustCompile(`(?:^|/)(?:dotnet/(?:[a-z-]+/)*[a-z-]+|envoyproxy/envoy|dexidp/dex|oven/bun):([^/]*(?:chiseled|distroless)[^/]*)$`)

// Absent says why a command that a container is given cannot be run in it; empty where its
// image may hold the program.
func Absent(c *corev1.Container, words []string) string {
	if len(words) == 0 || !script.ComesWithShell(path.Base(words[0])) {
		return ""
	}
	installs := slices.ContainsFunc(slices.Concat(c.Command, c.Args), func(word string) bool { return strings.Contains(word, "apk") })
	if path.Base(words[0]) == "bash" && alpineWithoutBash.MatchString(reference(c.Image)) && !installs && !brings(c, words[0]) {
		return fmt.Sprintf("the image %s holds no %s", c.Image, words[0])
	}
	found := distroless.FindStringSubmatch(reference(c.Image))
	if found == nil {
		found = chiseled.FindStringSubmatch(reference(c.Image))
	}
	if found == nil || found[1] == "" && strings.Contains(c.Image, "@") || oldProxy.MatchString(reference(c.Image)) {
		return "" // or a digest alone tells which of them it is
	}
	if slices.ContainsFunc(strings.FieldsFunc(found[1], func(r rune) bool { return r == '-' || r == '_' }), distributions.MatchString) {
		return ""
	}
	if brings(c, words[0]) {
		return ""
	}
	return fmt.Sprintf("the image %s holds no %s", c.Image, words[0])
}

// brings tells whether a volume, or a PATH of the container's own, may bring a program that
// the image has not.
func brings(c *corev1.Container, program string) bool {
	if strings.Contains(program, "/") {
		return slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool {
			return m.MountPath == program || strings.HasPrefix(program, strings.TrimSuffix(m.MountPath, "/")+"/")
		})
	}
	return len(c.EnvFrom) > 0 || slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool { return e.Name == "PATH" }) ||
		slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool {
			return slices.Contains([]string{"/", "/bin", "/sbin", "/usr", "/usr/bin", "/usr/sbin", "/usr/local", "/usr/local/bin", "/usr/local/sbin"}, path.Clean(m.MountPath)) ||
				slices.Contains([]string{"/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"}, path.Dir(m.MountPath))
		})
}
