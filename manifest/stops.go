package manifest

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

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
		if q.MayWait {
			q = delayed(c, q)
		}
		target := whose(c, first.Words, q.Target)
		if q.Target.By == script.ByPort {
			target = whosePort(pod, c, q.Target.Name)
		}
		switch target {
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

// delayed counts for how long ingress-nginx's controller waits between SIGTERM and nginx' end:
// --shutdown-grace-period, in seconds, 0 by default (its CLI arguments).
func delayed(c *corev1.Container, q script.Quit) script.Quit {
	const option = "--shutdown-grace-period="
	words := Words(c)
	if len(words) == 0 {
		words = c.Args
	}
	i := slices.IndexFunc(words, func(w string) bool { return strings.HasPrefix(w, option) })
	if i < 0 {
		q.Exact = q.Exact && len(words) > 0
		return q
	}
	seconds, err := strconv.Atoi(strings.TrimPrefix(words[i], option))
	if err != nil || seconds < 0 {
		q.Exact = false
		return q
	}
	q.After += time.Duration(seconds) * time.Second
	return q
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

// releaseStarts are the words by which a release of mix or relx is started.
var releaseStarts = []string{"start", "start_iex", "daemon", "foreground", "console"}

// interpreters may be what runs a program whose name is another.
var interpreters = []string{"python", "ruby", "php", "perl", "sh", "bash", "ash", "dash"}

// meshPorts are those at which the proxies of meshes are told to stop: Istio's (Envoy's admin
// interface, pilot-agent), Linkerd's, Dapr's.
var meshPorts = []string{"15000", "15020", "15021", "4191", "3500"}

// whosePort judges whom a request to a port of the pod asks. In a pod of one container that
// is this one, unless a mesh has put its proxy beside it.
func whosePort(pod *corev1.PodSpec, c *corev1.Container, port string) owner {
	others := beside(pod, c)
	switch {
	case slices.ContainsFunc(others, func(o *corev1.Container) bool { return declares(o, port) }):
		return another
	case declares(c, port):
		return own
	case slices.Contains(meshPorts, port):
		return another
	case len(others) == 0:
		return own
	default:
		return unknown
	}
}

// beside are the containers that run for as long as another of their pod: native sidecars too.
func beside(pod *corev1.PodSpec, c *corev1.Container) (all []*corev1.Container) {
	for i := range pod.Containers {
		all = append(all, &pod.Containers[i])
	}
	for i := range pod.InitContainers {
		if again := pod.InitContainers[i].RestartPolicy; again != nil && *again == corev1.ContainerRestartPolicyAlways {
			all = append(all, &pod.InitContainers[i])
		}
	}
	return slices.DeleteFunc(all, func(o *corev1.Container) bool { return o.Name == c.Name })
}

func declares(c *corev1.Container, port string) bool {
	return slices.ContainsFunc(c.Ports, func(p corev1.ContainerPort) bool { return strconv.Itoa(int(p.ContainerPort)) == port })
}

// whose judges the target of a signal in a container that starts with the words, as far
// as they are known.
func whose(c *corev1.Container, words []string, t script.Target) owner {
	if t.By == script.AtNone {
		return own
	}
	if t.Name == "" {
		return unknown
	}
	if t.By == script.ByProgram {
		// As a release of mix or relx is told (hexdocs.pm/mix, mix release): it begins to stop at once.
		switch {
		case len(words) < 2 || words[0] != t.Name || script.IsShell(words[0]):
			return another
		case path.Base(path.Dir(t.Name)) == "bin" && path.Ext(t.Name) == "" && slices.Contains(releaseStarts, words[1]):
			return own
		default:
			return unknown
		}
	}
	name := unversioned(path.Base(t.Name))
	server, by := Server(c)
	named := serverOf(name)
	image, _, _ := strings.Cut(path.Base(reference(c.Image)), ":")
	switch {
	case server != "" && named == server,
		len(words) > 0 && unversioned(path.Base(words[0])) == name,
		// An image's entrypoint starts the program that it is given.
		len(words) > 1 && strings.Contains(path.Base(words[0]), "entrypoint") && unversioned(path.Base(words[1])) == name,
		t.By == script.ByLine && strings.Contains(strings.Join(words, " "), t.Name),
		server == "" && named != "":
		return own
	case server == "" && len(words) == 0 && image == name:
		return own // an image that is called like the program, and starts it
	case server == "" && script.Prepares(name):
		return another
	case server == "", named != "", t.By == script.ByFile, slices.Contains(interpreters, name),
		t.By == script.ByLine && by == Image:
		return unknown
	default:
		return another
	}
}
