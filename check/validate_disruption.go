package check

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// MaxRepeat is how often a disruption may be done in a row.
const MaxRepeat = 1000

// MaxSoak bounds a soak, and with it what a run writes to disk.
const MaxSoak = Duration(7 * 24 * time.Hour)

var (
	// A reference has no white space; what else it may hold is the registry's
	// and the API server's business.
	imageReference = regexp.MustCompile(`^[!-~]+$`)
	// Printable ASCII without '=' (kubernetes
	// apimachinery/pkg/util/validation, IsRelaxedEnvVarName).
	envName = regexp.MustCompile(`^[ -<>-~]+$`)
)

func (c Check) validateDisruptions(p *problems) {
	if len(c.Disruptions) == 0 {
		p.add("disruptions", "none; want at least one")
	}
	for i, d := range c.Disruptions {
		at := fmt.Sprintf("disruptions[%d]", i)
		if d.Repeat < 0 || d.Repeat > MaxRepeat {
			p.add(at+".repeat", "%d times; want 0 to %d", d.Repeat, MaxRepeat)
		}
		if d.Pause < 0 {
			p.add(at+".pause", "%s; want 0s or more", d.Pause)
		}
		if set := d.kinds(); len(set) != 1 {
			p.add(at, "%s; want exactly one of %s", listed(set), keys(kindFields(d)))
			continue
		}
		if d.Scale != nil && c.Workload.Kind == DaemonSet {
			p.add(at+".scale", "a DaemonSet has no replicas to set; want restart")
		}
		d.validate(at+"."+string(d.Kind()), p)
	}
}

// validate judges the one kind that is set; at is its place.
func (d Disruption) validate(at string, p *problems) {
	switch {
	case d.Scale != nil:
		if d.Scale.To < 0 {
			p.add(at+".to", "%d replicas; want 0 or more", d.Scale.To)
		}
	case d.Delete != nil:
		p.pods(at, d.Delete.Pods)
		if grace := d.Delete.GracePeriod; grace != nil && (*grace < 0 || time.Duration(*grace)%time.Second != 0) {
			p.add(at+".gracePeriod", "%s; want whole seconds, 0s or more", *grace)
		}
	case d.Evict != nil:
		p.pods(at, d.Evict.Pods)
		p.whenRefused(at, d.Evict.WhenRefused)
	case d.Drain != nil:
		d.Drain.validate(at, p)
	case d.Kill != nil:
		d.Kill.validate(at, p)
	case d.Image != nil:
		d.Image.validate(at, p)
	case d.Command != nil:
		validateCommand(at, d.Command, p)
	case d.Observe != nil:
		p.positive(at+".for", d.Observe.For)
	}
}

func (d *Drain) validate(at string, p *problems) {
	if len(d.Node) > 253 || !subdomain.MatchString(d.Node) {
		p.add(at+".node", "%q is no name of a node; want one, %s or %s", d.Node, OfAPod, EachInTurn)
	}
	if d.Pods != DrainWorkload && d.Pods != DrainAll {
		p.add(at+".pods", "%q; want %s or %s", string(d.Pods), DrainWorkload, DrainAll)
	}
	p.whenRefused(at, d.WhenRefused)
}

func (k *Kill) validate(at string, p *problems) {
	p.pods(at, k.Pods)
	p.container(at, k.Container)
	viaKnown := slices.Contains([]KillVia{ViaExec, ViaEphemeral, ViaNode}, k.Via)
	switch {
	case !slices.Contains(Signals(), k.Signal):
		p.add(at+".signal", "%q; want one of %s", string(k.Signal), SignalNames())
	case k.Signal == SIGKILL && viaKnown && k.Via != ViaNode:
		p.add(at+".signal", "the kernel ignores SIGKILL to PID 1 from inside its own PID namespace; want %s in kill.via with an image in kill.helperImage", ViaNode)
	}
	switch {
	case !viaKnown:
		p.add(at+".via", "%q; want %s, %s or %s", string(k.Via), ViaExec, ViaEphemeral, ViaNode)
	case k.Via == ViaExec && k.HelperImage != "":
		p.add(at+".helperImage", "%q has no use where kill is run in the container itself; want none, or %s or %s in kill.via", k.HelperImage, ViaEphemeral, ViaNode)
	case k.Via != ViaExec && k.HelperImage == "":
		p.add(at+".helperImage", "missing; want the image of shutdowncheck, as kill.via is %s", k.Via)
	default:
		p.image(at+".helperImage", k.HelperImage)
	}
}

func (i *Image) validate(at string, p *problems) {
	p.container(at, i.Container)
	if i.Image == "" && len(i.Env) == 0 {
		p.add(at, "changes nothing; want image, env or both")
	}
	p.image(at+".image", i.Image)
	first := map[string]int{}
	for j, variable := range i.Env {
		field := fmt.Sprintf("%s.env[%d].name", at, j)
		if !envName.MatchString(variable.Name) {
			p.add(field, "%q is no name of a variable; want one such as LOG_LEVEL", variable.Name)
		}
		if before, taken := first[variable.Name]; taken {
			p.add(field, "%q is set by env[%d] too; want each variable once", variable.Name, before)
		} else {
			first[variable.Name] = j
		}
	}
}

func validateCommand(at string, words []Value, p *problems) {
	const want = "want a program and its arguments, for example [helm, upgrade, web, ./chart]"
	if len(words) == 0 || words[0].Reveal() == "" {
		p.add(at, "names no program; %s", want)
	}
	for i, word := range words {
		if strings.ContainsRune(word.Reveal(), 0) {
			p.add(fmt.Sprintf("%s[%d]", at, i), "holds a zero byte, which no program can be given; %s", want)
		}
	}
}

func (c Check) validateSoak(p *problems) {
	if c.Soak == nil {
		return
	}
	p.positive("soak.every", c.Soak.Every)
	switch {
	case c.Soak.For > MaxSoak:
		p.add("soak.for", "%s; want at most %s", c.Soak.For, MaxSoak)
	case c.Soak.For == 0:
		p.add("soak.for", "missing; want for how long to repeat, %s (soak.every) at the least", c.Soak.Every)
	case c.Soak.For < c.Soak.Every || c.Soak.For < 0:
		p.add("soak.for", "%s; want at least soak.every, which is %s", c.Soak.For, c.Soak.Every)
	}
}

func (c Check) validateControl(p *problems) {
	if c.Control == nil {
		return
	}
	if c.Control.Image == "" {
		p.add("control.image", "missing; want the image of shutdowncheck, where the cluster finds it")
	}
	p.image("control.image", c.Control.Image)
	c.controlUnderstands(p)
	if c.Control.URL != "" {
		p.url("control.url", c.Control.URL)
		c.notItself("control.url", c.Control.URL, "leave it out, or give", p)
	}
}

// controlUnderstands refuses streams that the control's service could not answer: it speaks
// HTTP/1.1 and knows no method of gRPC, and that it is caught with other requests in their
// place would say nothing of how calls are sent and judged.
func (c Check) controlUnderstands(p *problems) {
	for i, s := range c.Streams {
		if s.Kind == GRPCCalls {
			p.add("control", "its service answers no gRPC, so that it cannot be tried with streams[%d] (%s), which is of kind %s; want no control, or a check without such streams", i, s.Name, GRPCCalls)
			return
		}
	}
}

func (p *problems) pods(at string, n int) {
	if n < 1 {
		p.add(at+".pods", "%d pods; want 1 or more", n)
	}
}

func (p *problems) whenRefused(at string, w WhenRefused) {
	if w != Wait && w != Fail {
		p.add(at+".whenRefused", "%q; want %s or %s", string(w), Wait, Fail)
	}
}

// container judges a container's name; an empty one means the pod's first.
func (p *problems) container(at, name string) {
	if name != "" && !label.MatchString(name) {
		p.add(at+".container", "%q is no name of a container; want lower case letters, digits and '-'", name)
	}
}

// image judges a reference; whether an empty one may be is for the caller.
func (p *problems) image(field, ref string) {
	if ref != "" && !imageReference.MatchString(ref) {
		p.add(field, "%q is no image reference; want one such as registry.example/web:v2", ref)
	}
}
