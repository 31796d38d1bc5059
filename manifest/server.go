package manifest

import (
	"path"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/shutdowncheck/shutdowncheck/manifest/script"
)

// servers are programs that answer requests, by the names under which they are
// started, without a version, and the images that start them, or what is written in
// their language, unless they are told otherwise.
var servers = []struct {
	name     string
	programs []string
	images   *regexp.Regexp
}{
	{"nginx", []string{"nginx", "nginx-debug", "openresty"}, images(`nginx|nginx-unprivileged|nginx-1\d+|openresty`, "")},
	{"apache", []string{"apache", "httpd", "httpd-foreground", "apache2-foreground"}, images(`httpd|httpd-24|apache|apache2`, `php:(.*-)?apache(-.*)?`)},
	{"haproxy", []string{"haproxy"}, images(`haproxy|haproxy-alpine|haproxy-debian|haproxy-ubuntu`, "")},
	{"caddy", []string{"caddy"}, images(`caddy`, "")},
	{"php-fpm", []string{"php-fpm"}, images(`php-fpm`, `php:(.*-)?fpm(-.*)?`)},
	{"gunicorn", []string{"gunicorn"}, images(`gunicorn`, "")},
	{"uvicorn", []string{"uvicorn"}, images(`uvicorn`, "")},
	{"puma", []string{"puma"}, images(`puma`, "")},
	// Others call their images node too (calico/node, kindest/node): outside Docker
	// Hub's own names the tag has to be one of Node.js, which begin with no "v".
	{"node", []string{"node", "nodejs"}, images(`nodejs|nodejs-\d+|nodejs\d+-debian\d+|library/node`, `node:(lts|current|[12]\d)([.-].*)?`)},
	{"jvm", []string{"java"}, images(`eclipse-temurin|openjdk|openjdk-\d+(-runtime)?|amazoncorretto|sapmachine|ibm-semeru-runtimes|zulu-openjdk|java\d+-debian\d+`, "")},
}

// images matches references without a digest: those whose last parts are one of the
// names, whatever their tag, and those of one of the tagged.
func images(names, tagged string) *regexp.Regexp {
	pattern := `(?:` + names + `):[^/]*`
	if tagged != "" {
		pattern += `|` + tagged
	}
	return regexp.MustCompile(`(?:^|/)(?:` + pattern + `)$`)
}

var (
	// bases start what they are told to, and by themselves no server.
	bases = images(`python|ruby|php`, "")
	// programs take words for their own program, which they start whatever is said.
	programs = images(`nodejs\d+-debian\d+|java\d+-debian\d+`, "")
	// launchers start a program of Node's, in its image. That image's entrypoint does so
	// with a script (nodejs/docker-node, docker-entrypoint.sh).
	launchers = []string{"npm", "npx", "yarn", "pnpm"}
)

// Evidence is what a server was recognised by.
type Evidence string

// A command tells for sure, an image's name as far as it is called after what is in it.
const (
	Command Evidence = "command"
	Image   Evidence = "image"
)

// Server names the server that a container runs, as its command tells, or, where it has
// none, its image's name. Both are empty where neither tells: an image may be called
// like any program, and a script may start any.
func Server(c *corev1.Container) (name string, by Evidence) {
	image := reference(c.Image)
	own := ""
	for _, s := range servers {
		if s.images.MatchString(image) {
			own = s.name
		}
	}
	// Of words without a command an image's entrypoint takes those that are no options
	// for a program to run in the place of its own. Of other images that is not known.
	words := slices.Concat(c.Command, c.Args)
	foreign := len(c.Command) == 0 && own == "" && !bases.MatchString(image)
	ownWords := len(c.Command) == 0 && (len(c.Args) == 0 || strings.HasPrefix(c.Args[0], "-") || programs.MatchString(image))
	if !ownWords {
		program := programOf(words)
		if own == "node" && (slices.Contains(launchers, program) || len(c.Command) == 0 && strings.HasSuffix(program, "js")) {
			return own, Image
		}
		if name = serverOf(program); name == "" || foreign {
			return "", ""
		}
		return name, Command
	}
	if own == "" {
		return "", ""
	}
	return own, Image
}

// reference is an image's name with a colon and its tag, which may be empty, and
// without a digest. What has no path is Docker Hub's library.
func reference(image string) string {
	image, _, _ = strings.Cut(image, "@")
	image = strings.TrimPrefix(image, "docker.io/")
	if !strings.Contains(image, "/") {
		image = "library/" + image
	}
	if !strings.Contains(path.Base(image), ":") {
		image += ":"
	}
	return image
}

func serverOf(program string) string {
	for _, s := range servers {
		if slices.Contains(s.programs, program) {
			return s.name
		}
	}
	return ""
}

// programOf gives the name of the program that a command starts in the foreground,
// without path and version; empty where it cannot be told.
func programOf(words []string) string {
	words = script.First(words, script.Context{}).Words
	if len(words) == 0 {
		return ""
	}
	name := unversioned(path.Base(words[0]))
	switch {
	case name == "python" && len(words) > 2 && words[1] == "-m":
		return programOf(words[2:])
	case name == "gunicorn" && otherWorkers(words[1:]):
		return ""
	default:
		return name
	}
}

// unversioned takes the version off a program's name, as in php-fpm8.2.
func unversioned(program string) string {
	return strings.TrimRight(program, "0123456789.")
}

// otherWorkers tells whether gunicorn's workers are of a class that ends in its own
// way, as uvicorn.workers.UvicornWorker does.
func otherWorkers(options []string) bool {
	for i, o := range options {
		name, class, joined := strings.Cut(o, "=")
		switch {
		case name == "-k" || name == "--worker-class":
			if !joined && i+1 < len(options) {
				class = options[i+1]
			}
		case strings.HasPrefix(o, "-k"):
			class = o[2:]
		default:
			continue
		}
		if class != "sync" && class != "gthread" {
			return true
		}
	}
	return false
}
