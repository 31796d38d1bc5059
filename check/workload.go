package check

import (
	"fmt"
	"strings"
)

// WorkloadKind is the kind of a workload, in the form the API names it.
type WorkloadKind string

// The kinds that can be checked.
const (
	Deployment  WorkloadKind = "Deployment"
	StatefulSet WorkloadKind = "StatefulSet"
	DaemonSet   WorkloadKind = "DaemonSet"
)

// Workload names what is checked: "deployment/web".
type Workload struct {
	Kind WorkloadKind
	Name string
}

// workloadKinds holds the spellings kubectl takes.
var workloadKinds = map[string]WorkloadKind{
	"deployment": Deployment, "deployments": Deployment, "deploy": Deployment,
	"deployment.apps": Deployment, "deployments.apps": Deployment,
	"statefulset": StatefulSet, "statefulsets": StatefulSet, "sts": StatefulSet,
	"statefulset.apps": StatefulSet, "statefulsets.apps": StatefulSet,
	"daemonset": DaemonSet, "daemonsets": DaemonSet, "ds": DaemonSet,
	"daemonset.apps": DaemonSet, "daemonsets.apps": DaemonSet,
}

// ParseWorkload reads KIND/NAME with the spellings of a kind that kubectl takes.
func ParseWorkload(s string) (Workload, error) {
	kind, name, found := strings.Cut(s, "/")
	if !found || name == "" || strings.Contains(name, "/") {
		return Workload{}, fmt.Errorf("%q names no workload; want KIND/NAME, for example deployment/web", s)
	}
	known, ok := workloadKinds[strings.ToLower(kind)]
	if !ok {
		return Workload{}, fmt.Errorf("unknown workload kind %q in %q; want deployment, statefulset, daemonset", kind, s)
	}
	return Workload{Kind: known, Name: name}, nil
}

// String gives the canonical form, "deployment/web".
func (w Workload) String() string {
	if w == (Workload{}) {
		return ""
	}
	return strings.ToLower(string(w.Kind)) + "/" + w.Name
}

// MarshalText writes the canonical form.
func (w Workload) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// UnmarshalText reads KIND/NAME.
func (w *Workload) UnmarshalText(text []byte) error {
	parsed, err := ParseWorkload(string(text))
	if err != nil {
		return err
	}
	*w = parsed
	return nil
}
