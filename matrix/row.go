package matrix

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// Row is one way in which a service ends, and what the tool must say of it.
type Row struct {
	Name string
	// Base is the folder of demo/ whose Deployment the edits start from.
	Base  string
	Edits []Edit
	// Objects are deployed where there is no Base.
	Objects []runtime.Object
	// Workload is the one that is checked, Host the Service that is asked; where
	// they are empty, the Deployment and the Service that are called like the Base.
	Workload check.Workload
	Host     string
	// Rest is how long the service is left alone once its pods are Ready.
	Rest time.Duration
	// Pause pauses the Deployment once it is up.
	Pause bool
	// OneNode sends the requests to the Service's NodePort on one of the workers,
	// which leads to the pods of that node only.
	OneNode bool
	// CPU bounds the processor time of the Job, so that its requests go out late;
	// empty leaves it.
	CPU string
	// Nameserver is the Service that the Job asks for names before it asks the
	// cluster's own; empty asks the latter alone.
	Nameserver string
	// Via is the balancer that the senders play; nil for none.
	Via *check.Via
	// Alone keeps other rows from running beside it: so much starts and ends in it that
	// nodes which share two processors would starve.
	Alone bool
	// Streams have a path in the place of their URL.
	Streams    []check.Stream
	Disruption check.Disruption
	// Baseline replaces the usual time; 0 leaves it. Some requests of each stream
	// have to be answered within it.
	Baseline time.Duration
	Want     Want
	// Patch applies the patches that the findings print and checks the service
	// once more, which must then pass.
	Patch bool
}

// Want is what the tool must say.
type Want struct {
	Verdict Verdict
	// Cause is the one of the most failures; empty where none is to be blamed.
	// With Warning no request is lost and the cause is warned of.
	Cause   report.Cause
	Warning bool
	// Says is found in the reasons, the evidence or the error. Nil asks for
	// nothing.
	Says *regexp.Regexp
	// SaysNot is found in no finding, no warning and no reason. Nil asks for nothing.
	SaysNot *regexp.Regexp
	// Has are causes that some failures are laid to, the most or not.
	Has []report.Cause
	// MustNot are the causes that would be wrong: no finding and no warning may
	// bear one of them.
	MustNot []report.Cause
	// Container is the only one that the patches may change, and one of them has
	// to; empty asks for nothing.
	Container string
	// FixSays is found in a fix of Cause or its patch, FixNot in no fix and no patch. Nil
	// asks for nothing.
	FixSays, FixNot *regexp.Regexp
	// Windows is of how many pods the report has to tell until when they answered on their
	// own addresses, as their logs do.
	Windows int
	// Or is another outcome that is as true, where chance decides between the two. What
	// else is wanted holds for it, too: Says and FixSays where it has none, all others
	// in any case.
	Or *Want
}

// Verdict is a report's, or Refused.
type Verdict = report.Verdict

// Refused is a run that ended with an error before there was anything to report.
const Refused Verdict = "refused"

// slug is the row's name as part of the names of files and namespaces.
func (r *Row) slug() string {
	return strings.Trim(notInNames.ReplaceAllString(strings.ToLower(r.Name), "-"), "-")
}

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// workload is the one that is checked.
func (r *Row) workload() check.Workload {
	if r.Base != "" {
		return check.Workload{Kind: check.Deployment, Name: r.Base}
	}
	return r.Workload
}

// Edit changes what a manifest says.
type Edit func(*appsv1.Deployment)

func container(d *appsv1.Deployment) *corev1.Container {
	return &d.Spec.Template.Spec.Containers[0]
}

// env sets a variable of the service.
func env(name, value string) Edit {
	return func(d *appsv1.Deployment) {
		c := container(d)
		for i := range c.Env {
			if c.Env[i].Name == name {
				c.Env[i].Value = value
				return
			}
		}
		c.Env = append(c.Env, corev1.EnvVar{Name: name, Value: value})
	}
}

// grace sets the grace period in seconds.
func grace(seconds int64) Edit {
	return func(d *appsv1.Deployment) { d.Spec.Template.Spec.TerminationGracePeriodSeconds = &seconds }
}

// preStop sets a preStop sleep in seconds; 0 means no hook.
func preStop(seconds int64) Edit {
	return func(d *appsv1.Deployment) {
		container(d).Lifecycle = nil
		if seconds > 0 {
			container(d).Lifecycle = &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: seconds}}}
		}
	}
}

// acceptsFor sets how long, in seconds, a service that
// drains goes on accepting after SIGTERM.
func acceptsFor(seconds int) Edit { return env("VICTIM_SIGTERM_DELAY", strconv.Itoa(seconds)+"s") }
