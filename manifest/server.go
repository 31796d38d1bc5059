package manifest

import (
	"path"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// servers are programs that answer requests, by the names under which they are
// started, without a version, and those of images that start them unless they are told
// otherwise. A program that others extend (node, a JVM) is known by its command alone.
var servers = []struct {
	name             string
	programs, images []string
}{
	{"nginx", []string{"nginx", "nginx-debug"}, []string{"nginx", "nginx-unprivileged"}},
	{"apache", []string{"apache", "httpd", "httpd-foreground", "apache2-foreground"}, []string{"httpd"}},
	{"haproxy", []string{"haproxy"}, []string{"haproxy", "haproxy-alpine", "haproxy-debian", "haproxy-ubuntu"}},
	{"caddy", []string{"caddy"}, []string{"caddy"}},
	{"php-fpm", []string{"php-fpm"}, nil},
	{"gunicorn", []string{"gunicorn"}, nil},
	{"uvicorn", []string{"uvicorn"}, nil},
	{"puma", []string{"puma"}, nil},
	{"node", []string{"node", "nodejs"}, nil},
	{"jvm", []string{"java"}, nil},
}

// Server names the server that a container runs, as its command tells, or, where it has
// none, its image's name. It is empty where neither tells for sure: an image may be
// called like any program, and a script may start any.
func Server(c *corev1.Container) string {
	program := ""
	if len(c.Command) > 0 {
		program = programOf(slices.Concat(c.Command, c.Args))
	} else {
		name, tag := imageName(c.Image)
		for _, s := range servers {
			if slices.Contains(s.images, name) {
				program = s.programs[0]
			}
		}
		if name == "php" && phpFPM.MatchString(tag) {
			program = "php-fpm"
		}
		// An image's entrypoint takes words that are no options for a program to run in
		// the place of its own.
		if len(c.Args) > 0 && !strings.HasPrefix(c.Args[0], "-") && serverOf(programOf(c.Args)) != serverOf(program) {
			return ""
		}
	}
	return serverOf(program)
}

func serverOf(program string) string {
	for _, s := range servers {
		if slices.Contains(s.programs, program) {
			return s.name
		}
	}
	return ""
}

// phpFPM are the tags of PHP's images that run its FPM.
var phpFPM = regexp.MustCompile(`(^|-)fpm(-|$)`)

// imageName is the last part of an image's name, and its tag.
func imageName(image string) (name, tag string) {
	image, _, _ = strings.Cut(image, "@")
	name, tag, _ = strings.Cut(path.Base(image), ":")
	return name, tag
}

// inits run a program as it is: of their options only these have no value.
var inits = map[string][]string{
	"tini":      {"-s", "-g", "-v", "-w", "--"},
	"dumb-init": {"-c", "-v", "--single-child", "--verbose", "--"},
}

// programOf gives the name of the program that a command starts in the foreground,
// without path and version; empty where it cannot be told.
func programOf(words []string) string {
	for len(words) > 0 {
		if call, isShell := ParseShell(words); isShell {
			all := Steps(call.Script)
			if len(all) == 0 || all[len(all)-1].End != "" {
				return ""
			}
			words = all[len(all)-1].Command()
			continue
		}
		name := unversioned(path.Base(words[0]))
		switch {
		case name == "exec":
			words = words[1:]
		case inits[name] != nil:
			words = words[1:]
			for len(words) > 0 && slices.Contains(inits[name], words[0]) {
				words = words[1:]
			}
		case name == "python" && len(words) > 2 && words[1] == "-m":
			words = words[2:]
		case name == "bundle" && len(words) > 2 && words[1] == "exec":
			words = words[2:]
		case name == "gunicorn" && otherWorkers(words[1:]):
			return ""
		default:
			return name
		}
	}
	return ""
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
