package experiment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/shutdowncheck/shutdowncheck/attack"
	"github.com/shutdowncheck/shutdowncheck/chaos"
	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/binomial"
	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// plan is what preflight found.
type plan struct {
	// check has the URL that was found for it, which found is.
	check    check.Check
	found    string
	workload *chaos.Workload
	// names are as attack.Config has them.
	names map[string]string
	// told is what servers told of their calls.
	told  told
	facts recording.Workload
	steps []string
	// routes lead to the pods that a played balancer sends to; nil where none is played.
	routes []chaos.Route
	// drained are the nodes that drains would be done to.
	drained []string
	// inTurn is to how many nodes a drain of each would be done.
	inTurn int
}

// CheckError is what is wrong with a check that only the cluster could tell.
// Nothing was done. It wraps FieldErrors.
type CheckError struct{ Err error }

func (e *CheckError) Error() string { return e.Err.Error() }

// Unwrap gives the FieldErrors.
func (e *CheckError) Unwrap() error { return e.Err }

// located gives the check with the URL of the service that leads to its workload.
func located(ctx context.Context, workload *chaos.Workload, cfg Config) (check.Check, error) {
	c := cfg.Check
	found, err := workload.ServiceURL(ctx, c.Target.Service, cmp.Or(cfg.Domain, chaos.DefaultDomain))
	if err == nil {
		c, err = c.WithURL(found)
	}
	if err == nil {
		err = c.Validate()
	}
	if err == nil {
		err = Feasible(c)
	}
	if _, ok := errors.AsType[*check.FieldError](err); ok {
		return check.Check{}, &CheckError{err}
	}
	return c, err
}

// preflight looks whether the run can be done at all, without changing
// anything. Once it is known that the disruptions can be done it has settle wait, unless
// that is nil, for what an earlier change has left under way.
func preflight(ctx context.Context, cfg Config, settle func(context.Context, *chaos.Workload) error) (*plan, error) {
	rights := Rights(cfg.Check)
	missing, err := chaos.Missing(ctx, cfg.Act, cfg.Namespace, those(rights, required))
	if err != nil {
		return nil, fmt.Errorf("ask the cluster for this user's rights: %w", err)
	}
	if len(missing) > 0 {
		return nil, &RightsError{Namespace: cfg.Namespace, Missing: missing, See: cfg.ByHand.Kubectl("auth", "can-i", "--list", "-n", cfg.Namespace)}
	}
	workload, err := chaos.Open(ctx, cfg.Act, cfg.Namespace, cfg.Check.Workload, cfg.Now(), cfg.ByHand)
	if err != nil {
		return nil, err
	}
	workload.Self, workload.ShowValues = cfg.Self, cfg.ShowValues
	found := ""
	if cfg.Check.WantsURL() {
		if cfg.Check, err = located(ctx, workload, cfg); err != nil {
			return nil, err
		}
		found = cfg.Check.Target.URL
	}
	if cfg.Check.Inside == nil && cfg.Check.Target.Via == nil {
		if err := (attack.Share{}).Lookup(ctx, cfg.Check.Streams, nil); err != nil {
			return nil, &CheckError{err}
		}
	}
	routes, err := played(ctx, cfg, workload)
	if err != nil {
		return nil, err
	}
	steps, err := workload.Plan(ctx, cfg.Check.Disruptions)
	if err != nil {
		return nil, err
	}
	if err := outlastable(ctx, workload, cfg.Check); err != nil {
		return nil, err
	}
	var drained []string
	if cfg.Check.Inside != nil {
		if drained, err = workload.Drained(ctx, cfg.Check.Disruptions); err != nil {
			return nil, err
		}
		spared, err := workload.SparesSenders(ctx, drained)
		if err != nil {
			return nil, err
		}
		if !spared {
			return nil, &CheckError{&check.FieldError{Field: "inside", Problem: "this check drains every node that would take a sender"}}
		}
	}
	if settle != nil {
		if err := settle(ctx, workload); err != nil {
			return nil, err
		}
	}
	inTurn := 0
	if slices.ContainsFunc(cfg.Check.Disruptions, inEachTurn) {
		nodes, err := workload.InTurn(ctx)
		if err != nil {
			return nil, err
		}
		inTurn = len(nodes)
	}
	facts, err := workload.Facts(ctx, cfg.Check)
	if err != nil {
		return nil, err
	}
	names, err := workload.Names(ctx, cfg.Check)
	if err != nil {
		return nil, err
	}
	told, err := reflected(ctx, cfg, workload, names)
	if err != nil {
		return nil, err
	}
	notes, err := cfg.Room.fits(cfg.Check, facts.Replicas)
	if err != nil {
		return nil, err
	}
	facts.Warnings = append(facts.Warnings, notes...)
	unseen, err := chaos.Missing(ctx, cfg.Act, cfg.Namespace, those(rights, wouldWatch))
	if err != nil {
		return nil, fmt.Errorf("ask the cluster for this user's rights: %w", err)
	}
	if len(unseen) > 0 {
		facts.Warnings = append(facts.Warnings, fmt.Sprintf(
			"no right to %s: cordons, or how far the nodes' clocks are off, are not known", allOf(unseen)))
	}
	return &plan{check: cfg.Check, found: found, workload: workload, names: names, told: told, facts: facts, routes: routes, steps: steps, drained: drained, inTurn: inTurn}, nil
}

// allOf joins rights as a sentence has them.
func allOf(missing []chaos.Permission) string {
	var names []string
	for _, p := range missing {
		names = append(names, p.String())
	}
	return strings.Join(names, ", ")
}

// imaged gives the check with an image for its senders, where it wants some and names
// none.
func imaged(ctx context.Context, c check.Check, image func(context.Context) (string, error)) (check.Check, error) {
	if c.Inside == nil || c.Inside.Image != "" || image == nil {
		return c, nil
	}
	name, err := image(ctx)
	if _, ok := errors.AsType[*check.FieldError](err); ok {
		err = &CheckError{err}
	}
	if err != nil {
		return check.Check{}, err
	}
	c.Inside = new(*c.Inside)
	c.Inside.Image = name
	return c, nil
}

// warn says before anything is sent what may keep the run from proving anything. It does
// not refuse: a proxy may pass the requests on to the workload.
func (p *plan) warn(w io.Writer) {
	foreign := p.facts.ForeignServices
	if len(foreign) == 0 || p.check.Target.Service != "" || w == nil {
		return
	}
	own := "a service that selects them"
	if len(p.facts.Services) > 0 {
		own = "service " + strings.Join(p.facts.Services, " or ")
	}
	_, _ = fmt.Fprintf(w, "warning: requests go to service %s, which does not select the pods of %s: without answers that name one of these the run cannot pass; "+
		"want the URL of %s, or name in target.service (--service) the one that is meant\n", strings.Join(foreign, ", "), p.workload, own)
}

// launching says what senders are made.
func launching(inside check.Inside, namespace string, but []string) string {
	what, image := text.Count(int(inside.Senders), "pod")+" that send", inside.Image
	switch inside.Senders {
	case check.EachNode:
		what = "a pod that sends on each node that takes one"
	case 1:
		what = "a pod that sends"
	}
	switch len(but) {
	case 0:
	case 1:
		what += ", but not on node " + but[0]
	default:
		what += ", but not on nodes " + strings.Join(but, ", ")
	}
	if image == "" {
		image = "this program"
	}
	return fmt.Sprintf("%s, of %s, in namespace %s", what, image, namespace)
}

// Plan tells what a run would do, in one line per step, and changes nothing.
func Plan(ctx context.Context, cfg Config) ([]string, error) {
	found, err := preflight(ctx, cfg, nil)
	if err != nil {
		return nil, err
	}
	var steps []string
	leaving, err := found.workload.Leaving(ctx)
	if err != nil {
		return nil, err
	}
	if len(leaving.Pods) > 0 {
		steps = append(steps, "wait "+untilGone(leaving))
	}
	if control := cfg.Check.Control; control != nil {
		steps = append(steps, fmt.Sprintf("first try the same streams on a service that drops requests, made of %s and removed again", control.Image))
	}
	if inside := found.check.Inside; inside != nil {
		steps = append(steps, fmt.Sprintf("make %s, removed again at the end", launching(*inside, cfg.Namespace, found.drained)))
	}
	if via := found.check.Target.Via; via != nil {
		steps = append(steps, fmt.Sprintf("play a balancer (%s) that sends to the pods themselves, as the EndpointSlices of service %s list them", via, found.routes[0].Service))
	}
	for _, s := range found.check.Recorded(cfg.ShowValues).Streams {
		steps = append(steps, fmt.Sprintf("send %g requests per second to %s on %s connections (%s); what counts as answered has %s", s.Rate, s.URL, s.Connections, s.Name, answers(s)))
	}
	steps = append(steps, fmt.Sprintf("watch the undisturbed service for %s", cfg.Check.Timing.Baseline))
	if w := found.check.Window; w != nil {
		steps = append(steps, fmt.Sprintf("ask a pod on its own address, and if it answers there each pod that ends, %g times a second", w.Rate))
	}
	for i, step := range found.steps {
		steps = append(steps, step+repetition(cfg.Check.Disruptions[i]), fmt.Sprintf("let it settle for %s", cfg.Check.Timing.Settle))
	}
	if soak := cfg.Check.Soak; soak != nil {
		steps = append(steps, fmt.Sprintf("begin all of that again every %s, or as soon as it is over, for %s", soak.Every, soak.For))
	}
	if cfg.Check.StopOnFailure {
		steps = append(steps, "end all of that, and put back what was changed, as soon as more requests have failed than the budget allows")
	}
	if prove := cfg.Check.Prove; prove != nil {
		steps = append(steps, fmt.Sprintf("do all of that again until it is proven or refuted, with %s confidence, that at most %s of such ends lose a request (%d ends prove it if none does), for %s at most",
			prove.Confidence, prove.LossyEnds, binomial.NewTest(float64(prove.LossyEnds), float64(prove.Confidence)).Needs(0), prove.Within))
	}
	steps = append(steps, judged(found.check)...)
	steps = append(steps, duration(found.check, found.inTurn, cfg.Settings != nil))
	for _, s := range found.check.Streams {
		if baseline := cfg.Check.Timing.Baseline; s.Kind.Long() && s.Timeout > baseline {
			steps = append(steps, fmt.Sprintf("note: a request of stream %s may take %s, and one has to be answered within the baseline of %s, or nothing is done (timing.baseline, --baseline)", s.Name, s.Timeout, baseline))
		}
	}
	if secure := cfg.Check.Target.TLS; secure != nil && secure.InsecureSkipVerify {
		steps = append(steps, "note: certificates will not be verified")
	}
	for _, warning := range found.facts.Warnings {
		steps = append(steps, "note: "+warning)
	}
	_, err = found.workload.Healthy(ctx)
	if unhealthy, ok := errors.AsType[*chaos.UnhealthyError](err); ok {
		if len(leaving.Pods) == 0 {
			steps = append(steps, fmt.Sprintf("note: %v; as long as that is so, a run changes nothing and is inconclusive; %s", unhealthy, cfg.seeRollout()))
		}
		return steps, nil
	}
	if missing := found.told.missing; missing != "" {
		steps = append(steps, "note: "+missing+"; as long as that is so, a run changes nothing and is inconclusive")
	}
	return steps, err
}
