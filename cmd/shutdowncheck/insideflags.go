package main

import (
	"github.com/spf13/pflag"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// insideFlags say who sends from inside the cluster. Each of them has it sent from there.
type insideFlags struct {
	inside  bool
	senders check.Senders
	image   string
}

func (f *insideFlags) add(flags *pflag.FlagSet) {
	f.senders = check.DefaultSenders
	flags.BoolVar(&f.inside, "inside", false, "send from inside the cluster, by pods of this tool; then no --url is needed")
	flags.Var(sendersValue{&f.senders}, "senders", "how many pods send, each its share, as `N`, or all for one on each node (implies --inside)")
	flags.StringVar(&f.image, "sender-image", "", "`IMAGE` of this tool for them, where the cluster finds it (implies --inside; default that of this program, which is loaded to the nodes of kind)")
}

// contradiction is that of --inside=false and a flag that implies --inside.
func (f *insideFlags) contradiction(flags *pflag.FlagSet) error {
	for _, name := range []string{"senders", "sender-image"} {
		if flags.Changed("inside") && !f.inside && flags.Changed(name) {
			return usagef("--inside=false and --%s, which implies --inside; want one of them", name)
		}
	}
	return nil
}

// of is nil where none was given.
func (f *insideFlags) of(flags *pflag.FlagSet) *check.Inside {
	if !f.inside && !flags.Changed("senders") && !flags.Changed("sender-image") {
		return nil
	}
	return &check.Inside{Senders: f.senders, Image: f.image}
}

type sendersValue struct{ n *check.Senders }

func (v sendersValue) Set(s string) (err error) {
	*v.n, err = check.ParseSenders(s)
	return err
}

func (sendersValue) Type() string { return "string" }

func (v sendersValue) String() string {
	if v.n == nil {
		return ""
	}
	return v.n.String()
}
