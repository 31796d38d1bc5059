package manifest

import (
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/shutdowncheck/shutdowncheck/manifest/script"
)

// Words are those by which a container is started, with $(NAME) replaced where the
// container says the variable's value; what is not known is left as it is. They are nil
// where the image adds words that are not known.
func Words(c *corev1.Container) []string {
	own := len(c.Args) > 0 && !strings.HasPrefix(c.Args[0], "-") && runsItsWords.MatchString(reference(c.Image))
	if len(c.Command) == 0 && !own {
		return nil
	}
	return expandedAll(slices.Concat(c.Command, c.Args), c)
}

// ShellArgs are a container's arguments where these begin with a shell and its image is not known
// to run them: only an image runs a shell by them that has no entrypoint, or one that starts what
// it is given. Nil for others.
func ShellArgs(c *corev1.Container) []string {
	if len(c.Command) > 0 || len(c.Args) < 2 || !script.IsShell(c.Args[0]) || Words(c) != nil {
		return nil
	}
	return expandedAll(slices.Clone(c.Args), c)
}

// expandedAll replaces in each word what stands for the container's variables.
func expandedAll(words []string, c *corev1.Container) []string {
	env := environment(c)
	for i, w := range words {
		words[i] = expanded(w, env)
	}
	return words
}

// runsItsWords are Docker Hub's own images that become what their arguments say: their
// entrypoint ends in exec "$@", or there is none (docker-library's repositories).
var runsItsWords = regexp.MustCompile(`^library/(node|python|ruby|php|golang|rust|perl|elixir|erlang|openjdk|eclipse-temurin|amazoncorretto|debian|ubuntu|alpine|busybox|fedora|rockylinux|almalinux|amazonlinux|nginx|httpd|haproxy):`)

// HoldsShell tells whether a container's image is one of Docker Hub's own that are known to hold sh
// and what comes with it.
func HoldsShell(c *corev1.Container) bool {
	return runsItsWords.MatchString(reference(c.Image)) && !strings.Contains(c.Image, "nanoserver") && !strings.Contains(c.Image, "windowsservercore")
}

// environment holds the variables whose values the container says. A later one of the
// same name counts, and one that is taken from elsewhere is not known.
func environment(c *corev1.Container) map[string]string {
	env := map[string]string{}
	for _, v := range c.Env {
		delete(env, v.Name)
		value := expanded(v.Value, env)
		if v.ValueFrom == nil && !strings.Contains(value, "$(") {
			env[v.Name] = value
		}
	}
	return env
}

// expanded replaces $(NAME) and takes $$ for a $, as the kubelet does (kubernetes
// third_party/forked/golang/expansion).
func expanded(text string, env map[string]string) string {
	var b strings.Builder
	for len(text) > 0 {
		before, after, found := strings.Cut(text, "$")
		b.WriteString(before)
		if !found {
			break
		}
		name, rest, closed := strings.Cut(strings.TrimPrefix(after, "("), ")")
		value, known := env[name]
		switch {
		case strings.HasPrefix(after, "$"):
			b.WriteString("$")
			text = after[1:]
		case strings.HasPrefix(after, "(") && closed && known:
			b.WriteString(value)
			text = rest
		default:
			b.WriteString("$")
			text = after
		}
	}
	return b.String()
}

// Context is what a container's commands find in it, as far as its pod's spec tells.
func Context(pod *corev1.PodSpec, c *corev1.Container) script.Context {
	shared := pod.HostPID || pod.ShareProcessNamespace != nil && *pod.ShareProcessNamespace
	return script.Context{Sh: shellOf(c.Image), Env: environment(c), SharedPIDs: shared}
}

// Windows tells whether a pod runs on Windows, where there is neither a POSIX shell nor
// a SIGTERM.
func Windows(pod *corev1.PodSpec) bool {
	return pod.OS != nil && pod.OS.Name == corev1.Windows || pod.NodeSelector[corev1.LabelOSStable] == "windows" || pod.NodeSelector["beta.kubernetes.io/os"] == "windows"
}

// Words in images' names by which their sh is known: that of Alpine is busybox, that of
// Fedora and its kin bash, that of Debian and Ubuntu dash, for which others are taken too.
var (
	busyboxWords = []string{"alpine", "busybox", "musl"}
	bashWords    = []string{
		"ubi", "ubi7", "ubi8", "ubi9", "ubi10", "fedora", "centos", "rockylinux", "rocky", "almalinux", "amazonlinux", "amazoncorretto",
		"oraclelinux", "redhat", "rhel", "rhel7", "rhel8", "rhel9", "el7", "el8", "el9", "al2", "al2023", "ol8", "ol9", "leap", "opensuse", "archlinux",
	}
	dashWords  = []string{"debian", "ubuntu", "buster", "bullseye", "bookworm", "trixie", "focal", "jammy", "noble"}
	separators = strings.NewReplacer("/", " ", ":", " ", "-", " ", ".", " ", "_", " ")
)

// vendors build their images on a system that their names do not tell: MinIO and Keycloak on Red
// Hat's UBI, HashiCorp on Alpine (their Dockerfiles).
var vendors = []struct {
	images *regexp.Regexp
	sh     script.Dialect
}{
	{regexp.MustCompile(`(?:^|/)(?:minio/(?:minio|mc)|keycloak/keycloak):`), script.Bash},
	{regexp.MustCompile(`(?:^|/)hashicorp/[a-z-]+:`), script.Busybox},
}

// shellOf is what sh is in an image, by its name; empty where that says nothing.
func shellOf(image string) script.Dialect {
	image, _, _ = strings.Cut(strings.ToLower(image), "@")
	words := strings.Fields(separators.Replace(image))
	for _, w := range words {
		if slices.Contains(busyboxWords, w) || strings.HasPrefix(w, "alpine") {
			return script.Busybox
		}
	}
	for _, w := range words {
		if slices.Contains(bashWords, w) {
			return script.Bash
		}
	}
	for _, w := range words {
		if slices.Contains(dashWords, strings.TrimRight(w, "0123456789")) {
			return script.Dash
		}
	}
	for _, v := range vendors {
		if v.images.MatchString(reference(image)) {
			return v.sh
		}
	}
	return ""
}
