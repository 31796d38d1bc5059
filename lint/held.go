package lint

import (
	"path"
	"strings"

	"github.com/shutdowncheck/shutdowncheck/manifest"
	"github.com/shutdowncheck/shutdowncheck/manifest/script"
)

// holds tells whether a container's image is known to hold a program: one by which the container
// starts itself or, where a shell does, one that comes with every shell.
func (w *workload) holds(c container, program string) bool {
	if manifest.Windows(&w.template.Spec) {
		return false
	}
	name := path.Base(program)
	if manifest.HoldsShell(c.Container) && name != "bash" && script.ComesWithShell(name) {
		return true
	}
	start := w.first(c)
	if start.Fails != "" {
		return false
	}
	words := manifest.Words(c.Container)
	switch {
	case len(words) > 0 && words[0] == program, len(start.Words) > 0 && start.Words[0] == program:
		return true
	case script.IsShell(start.Shell):
		return name == start.Shell || name == "sh" || name == "sleep"
	default:
		return false
	}
}

// mounted names the volume that a program of a container comes from; empty for one of its image.
func mounted(c container, program string) string {
	name, longest := "", 0
	for _, m := range c.VolumeMounts {
		at := strings.TrimSuffix(path.Clean(m.MountPath), "/")
		if within := program == at || strings.HasPrefix(program, at+"/"); within && len(at) >= longest {
			name, longest = m.Name, len(at)
		}
	}
	return name
}

// withoutShell tells that a hook cannot run by want of what it names in the image.
func withoutShell(c container) bool {
	hook := preStop(c)
	return hook != nil && hook.Exec != nil && manifest.Absent(c.Container, hook.Exec.Command) != ""
}
