package main

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// disruptionFlags are the flags that make up the disruptions. They are done in
// the order in which their flags stand on the command line.
type disruptionFlags struct {
	list []check.Disruption

	gracePeriod time.Duration
	drainPods   string
	killPods    int
	killVia     string
	helperImage string
	container   string
	repeat      int
	pause       time.Duration
}

func (f *disruptionFlags) add(flags *pflag.FlagSet) {
	flags.VarPF(f.doing("bool", func(s string) (check.Disruption, bool, error) {
		wanted, err := strconv.ParseBool(s)
		return check.Disruption{Restart: &check.Restart{}}, wanted, err
	}), "restart", "", "restart the workload, as kubectl rollout restart does (the default disruption)").NoOptDefVal = "true"
	flags.Var(f.doing("int32", func(s string) (check.Disruption, bool, error) {
		to, err := strconv.ParseInt(s, 10, 32)
		return check.Disruption{Scale: &check.Scale{To: int32(to)}}, true, err
	}), "scale-to", "scale the workload up or down to `N` replicas, and back")
	flags.Var(f.doing("int", func(s string) (check.Disruption, bool, error) {
		n, err := strconv.Atoi(s)
		return check.Disruption{Delete: &check.Delete{Pods: n}}, true, err
	}), "delete", "delete `N` pods at once")
	flags.DurationVar(&f.gracePeriod, "grace-period", 0, "grace period for --delete instead of the pods' own; 0s forces it")
	flags.Var(f.doing("int", func(s string) (check.Disruption, bool, error) {
		n, err := strconv.Atoi(s)
		return check.Disruption{Evict: &check.Evict{Pods: n}}, true, err
	}), "evict", "evict `N` pods, one after the other")
	flags.Var(f.doing("string", func(s string) (check.Disruption, bool, error) {
		return check.Disruption{Drain: &check.Drain{Node: s}}, true, nil
	}), "drain", "cordon and drain `NODE`, "+check.OfAPod+" for one that holds a pod of the workload, or "+check.EachInTurn+" for one after the other")
	flags.StringVar(&f.drainPods, "drain-pods", string(check.DrainWorkload), "whose `PODS` --drain evicts: workload or all")
	flags.Var(f.doing("string", func(s string) (check.Disruption, bool, error) {
		return check.Disruption{Kill: &check.Kill{Signal: check.Signal(s)}}, true, nil
	}), "kill", "send `SIGNAL` to PID 1 of a container, SIGTERM for example")
	flags.IntVar(&f.killPods, "kill-pods", 1, "in how many pods --kill does so, all at once")
	flags.StringVar(&f.killVia, "kill-via", string(check.ViaExec), "how --kill does so: exec, ephemeral or node")
	flags.StringVar(&f.helperImage, "helper-image", "", "`IMAGE` of this tool, for --kill-via ephemeral and node")
	flags.Var(value{"string", f.setImage}, "image", "roll out with another image `REF`, and back")
	flags.Var(value{"string", f.setEnv}, "env", "roll out with `NAME=VALUE` in the environment, and back (repeatable)")
	flags.StringVar(&f.container, "container", "", "`NAME` of the container for --kill, --image and --env instead of the first")
	flags.Var(f.doing("duration", func(s string) (check.Disruption, bool, error) {
		d, err := time.ParseDuration(s)
		return check.Disruption{Observe: &check.Observe{For: check.Duration(d)}}, true, err
	}), "observe", "do nothing for `DURATION` and watch what others do to the workload")
	flags.IntVar(&f.repeat, "repeat", 1, "how often each disruption is done in a row")
	flags.DurationVar(&f.pause, "pause", 0, "pause between one time and the next, beyond the settling")
}

// value is a flag that keeps nothing of its own.
type value struct {
	kind string
	set  func(string) error
}

// Set takes the flag's value each time it is given.
func (v value) Set(s string) error { return v.set(s) }

// String gives no default.
func (value) String() string { return "" }

// Type gives what kind of value it is.
func (v value) Type() string { return v.kind }

// doing is a flag that asks for a disruption each time it is given, unless its
// value says that none is wanted.
func (f *disruptionFlags) doing(kind string, parse func(string) (d check.Disruption, wanted bool, err error)) value {
	return value{kind, func(s string) error {
		d, wanted, err := parse(s)
		if err == nil && wanted {
			f.list = append(f.list, d)
		}
		return err
	}}
}

// setImage and setEnv make up one rollout together.
func (f *disruptionFlags) setImage(ref string) error {
	if ref == "" {
		return errors.New("want an image reference, for example registry.example/web:v2")
	}
	if last := f.lastImage(); last != nil && last.Image == "" {
		last.Image = ref
		return nil
	}
	f.list = append(f.list, check.Disruption{Image: &check.Image{Image: ref}})
	return nil
}

func (f *disruptionFlags) setEnv(s string) error {
	name, text, found := strings.Cut(s, "=")
	if !found {
		return errors.New("want NAME=VALUE")
	}
	if f.lastImage() == nil {
		f.list = append(f.list, check.Disruption{Image: &check.Image{}})
	}
	last := f.lastImage()
	last.Env = append(last.Env, check.EnvVar{Name: name, Value: check.NewValue(text)})
	return nil
}

// lastImage gives the rollout that --image or --env asked for last, if any.
func (f *disruptionFlags) lastImage() *check.Image {
	for _, d := range slices.Backward(f.list) {
		if d.Image != nil {
			return d.Image
		}
	}
	return nil
}

// apply sets what the flags say on top of the defaults, zeros too, so that they
// can be refused.
func (f *disruptionFlags) apply(flags *pflag.FlagSet, disruptions []check.Disruption) {
	for i := range disruptions {
		d := &disruptions[i]
		d.Repeat, d.Pause = f.repeat, check.Duration(f.pause)
		switch {
		case d.Delete != nil:
			d.Delete.Pods = f.list[i].Delete.Pods
			if flags.Changed("grace-period") {
				d.Delete.GracePeriod = new(check.Duration(f.gracePeriod))
			}
		case d.Evict != nil:
			d.Evict.Pods = f.list[i].Evict.Pods
		case d.Drain != nil:
			d.Drain.Node, d.Drain.Pods = f.list[i].Drain.Node, check.DrainPods(f.drainPods)
		case d.Kill != nil:
			d.Kill.Signal = f.list[i].Kill.Signal
			d.Kill.Pods, d.Kill.Via, d.Kill.HelperImage = f.killPods, check.KillVia(f.killVia), f.helperImage
			d.Kill.Container = f.container
		case d.Image != nil:
			d.Image.Container = f.container
		}
	}
}

// refines lists the flags that only say more of others, with those.
var refines = []struct {
	flag string
	of   []string
}{
	{"grace-period", []string{"delete"}},
	{"drain-pods", []string{"drain"}},
	{"kill-pods", []string{"kill"}},
	{"kill-via", []string{"kill"}},
	{"helper-image", []string{"kill"}},
	{"container", []string{"kill", "image", "env"}},
	{"targets-format", []string{"targets"}},
	{"prove-confidence", []string{"prove"}},
	{"prove-within", []string{"prove"}},
	{"control-image", []string{"control"}},
	{"control-url", []string{"control"}},
}

// useless finds the first flag that says more of what was not asked for. In a command that
// has none of the others a flag of that name is another one.
func useless(flags *pflag.FlagSet) error {
	for _, r := range refines {
		there := slices.ContainsFunc(r.of, func(other string) bool { return flags.Lookup(other) != nil })
		if there && flags.Changed(r.flag) && !slices.ContainsFunc(r.of, flags.Changed) {
			return usagef("--%s has no use without --%s", r.flag, strings.Join(r.of, ", --"))
		}
	}
	return nil
}
