package experiment

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/shutdowncheck/shutdowncheck/chaos"
	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/timeline"
)

// RightsError is a run that the cluster's rules do not allow.
type RightsError struct {
	Namespace string
	Missing   []chaos.Permission
}

// Error names each missing right as kubectl auth can-i would.
func (e *RightsError) Error() string {
	var inside, outside []string
	for _, p := range e.Missing {
		if p.Cluster || p.Namespace != "" {
			outside = append(outside, p.String()) // which says where
		} else {
			inside = append(inside, p.String())
		}
	}
	var parts []string
	if len(inside) > 0 {
		parts = append(parts, fmt.Sprintf("in namespace %s: %s", e.Namespace, strings.Join(inside, ", ")))
	}
	if len(outside) > 0 {
		parts = append(parts, "to "+strings.Join(outside, ", "))
	}
	return "rights are missing " + strings.Join(parts, "; and ")
}

// plan is what preflight found.
type plan struct {
	workload *chaos.Workload
	facts    recording.Workload
	steps    []string
}

// preflight looks whether the run can be done at all, without changing
// anything.
func preflight(ctx context.Context, cfg Config) (*plan, error) {
	missing, err := chaos.Missing(ctx, cfg.Act, cfg.Namespace, slices.Concat(permissions(cfg.Check), cfg.Rights))
	if err != nil {
		return nil, fmt.Errorf("ask the cluster for this user's rights: %w", err)
	}
	if len(missing) > 0 {
		return nil, &RightsError{Namespace: cfg.Namespace, Missing: missing}
	}
	workload, err := chaos.Open(ctx, cfg.Act, cfg.Namespace, cfg.Check.Workload, cfg.Now())
	if err != nil {
		return nil, err
	}
	workload.Self, workload.ShowValues = cfg.Self, cfg.ShowValues
	steps, err := workload.Plan(ctx, cfg.Check.Disruptions)
	if err != nil {
		return nil, err
	}
	facts, err := workload.Facts(ctx, cfg.Check.Disruptions...)
	if err != nil {
		return nil, err
	}
	tight, err := cfg.Room.fits(cfg.Check, facts.Replicas)
	if err != nil {
		return nil, err
	}
	facts.Warnings = append(facts.Warnings, tight...)
	blind, err := chaos.Missing(ctx, cfg.Act, cfg.Namespace, optional(cfg.Check))
	if err != nil {
		return nil, fmt.Errorf("ask the cluster for this user's rights: %w", err)
	}
	if len(blind) > 0 {
		facts.Warnings = append(facts.Warnings, fmt.Sprintf(
			"no right to %s: cordons, or how far the nodes' clocks are off, will not be known", blind[0]))
	}
	return &plan{workload: workload, facts: facts, steps: steps}, nil
}

// optional are rights without which a run sees less.
func optional(c check.Check) []chaos.Permission {
	var wanted []chaos.Permission
	for _, resource := range timeline.Resources(c.Workload.Kind, false) {
		if resource.Optional {
			wanted = append(wanted, chaos.Permission{
				Cluster: resource.ClusterWide, Namespace: resource.Namespace, Verb: "watch", Group: resource.Group, Resource: resource.Name,
			})
		}
	}
	return wanted
}

// permissions are the rights of this run only: to observe, and to do what the
// check asks for.
func permissions(c check.Check) []chaos.Permission {
	needed := chaos.Permissions(c.Workload, c.Disruptions)
	for _, resource := range timeline.Resources(c.Workload.Kind, c.Target.ShutdownLog != "") {
		if resource.Optional {
			continue
		}
		verbs := []string{"list", "watch"}
		if resource.Get {
			verbs = []string{"get"}
		}
		for _, verb := range verbs {
			p := chaos.Permission{Verb: verb, Group: resource.Group, Resource: resource.Name, Subresource: resource.Subresource}
			if resource.Own {
				p.Name = c.Workload.Name
			}
			if !slices.Contains(needed, p) {
				needed = append(needed, p)
			}
		}
	}
	return needed
}

// Plan tells what a run would do, in one line per step, and changes nothing.
func Plan(ctx context.Context, cfg Config) ([]string, error) {
	found, err := preflight(ctx, cfg)
	if err != nil {
		return nil, err
	}
	var steps []string
	if control := cfg.Check.Control; control != nil {
		steps = append(steps, fmt.Sprintf("first try the same streams on a service that drops requests, made of %s and removed again", control.Image))
	}
	for _, s := range cfg.Check.Recorded(cfg.ShowValues).Streams {
		steps = append(steps, fmt.Sprintf("send %g requests per second to %s on %s connections (%s)", s.Rate, s.URL, s.Connections, s.Name))
	}
	steps = append(steps, fmt.Sprintf("watch the undisturbed service for %s", cfg.Check.Timing.Baseline))
	for i, step := range found.steps {
		steps = append(steps, step+oftenness(cfg.Check.Disruptions[i]), fmt.Sprintf("let it settle for %s", cfg.Check.Timing.Settle))
	}
	if soak := cfg.Check.Soak; soak != nil {
		steps = append(steps, fmt.Sprintf("begin all of that again every %s, or as soon as it is over, for %s", soak.Every, soak.For))
	}
	if secure := cfg.Check.Target.TLS; secure != nil && secure.InsecureSkipVerify {
		steps = append(steps, "note: certificates will not be verified")
	}
	for _, warning := range found.facts.Warnings {
		steps = append(steps, "note: "+warning)
	}
	return steps, nil
}
