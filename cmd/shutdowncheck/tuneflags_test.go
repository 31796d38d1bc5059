package main

import (
	"testing"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// The container of a tuning is its own matter, that of a run belongs to some disruptions.
func TestContainerIsOfUse(t *testing.T) {
	connection := genericclioptions.NewConfigFlags(true)
	for name, cmd := range map[string]*cobra.Command{"tune": newTune(streams{}, connection), "run": newRun(streams{}, connection)} {
		if err := cmd.Flags().Set("container", "web"); err != nil {
			t.Fatal(err)
		}
		if err := useless(cmd.Flags()); (err == nil) != (name == "tune") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A sleep that is over before the played balancer has forgotten a pod measures nothing.
func TestATuningOutlastsItsBalancer(t *testing.T) {
	c := &tuneCommand{longestSleep: defaultLongestSleep}
	for via, fits := range map[string]bool{"alb": true, "28s": false, "nlb": false} {
		filled := check.Check{Target: check.Target{Via: new(check.ParseVia(via))}}.WithDefaults()
		if err := c.outlastsVia(filled.Target.Via); (err == nil) != fits {
			t.Errorf("%s: %v", via, err)
		}
	}
	if err := c.outlastsVia(nil); err != nil {
		t.Error(err)
	}
}
