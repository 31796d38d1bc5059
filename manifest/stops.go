package manifest

import (
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/shutdowncheck/shutdowncheck/manifest/script"
)

// Stops gives the step of a hook that stops the container's server: the first one that
// does for sure, or else the first that may; nil for none. One that may is not certain.
func Stops(pod *corev1.PodSpec, c *corev1.Container, steps []script.Quit) *script.Quit {
	if len(steps) == 0 {
		return nil
	}
	words := Words(c)
	first := script.First(words, Context(pod, c))
	// A shell that stays process 1 takes no notice of a signal from its hook either.
	deaf := len(words) > 0 && first.Init == "" && (first.Outcome == script.Stays || first.Outcome == script.Waits)
	var may *script.Quit
	for _, q := range steps {
		if q.First && deaf {
			continue
		}
		switch whose(c, first.Words, q.Target) {
		case own:
			return &q
		case unknown:
			if may == nil {
				q.Maybe, q.Certain = true, false
				may = &q
			}
		}
	}
	return may
}

// Closes tells whether a step closes the server's port, of a server by its name (see Server):
// signals mean other things to some.
func Closes(q *script.Quit, server string) bool {
	switch {
	case q.Server != "":
		return true
	case q.Signal == "SIGUSR1":
		return server == "haproxy"
	case q.Signal == "SIGWINCH":
		return server == "apache"
	case q.Signal == "SIGQUIT":
		return server != "jvm" // a thread dump
	default:
		return true
	}
}

// owner tells whether a process is the container's server.
type owner int

const (
	unknown owner = iota
	own
	another
)

// interpreters may be what runs a program whose name is another.
var interpreters = []string{"python", "ruby", "php", "perl", "sh", "bash", "ash", "dash"}

// whose judges the target of a signal in a container that starts with the words, as far
// as they are known.
func whose(c *corev1.Container, words []string, t script.Target) owner {
	if t.By == script.AtNone {
		return own
	}
	if t.Name == "" {
		return unknown
	}
	name := unversioned(path.Base(t.Name))
	server, by := Server(c)
	named := serverOf(name)
	switch {
	case server != "" && named == server,
		len(words) > 0 && unversioned(path.Base(words[0])) == name,
		t.By == script.ByLine && strings.Contains(strings.Join(words, " "), t.Name),
		server == "" && named != "":
		return own
	case server == "" && script.Prepares(name):
		return another
	case server == "", named != "", t.By == script.ByFile, slices.Contains(interpreters, name),
		t.By == script.ByLine && by == Image:
		return unknown
	default:
		return another
	}
}
