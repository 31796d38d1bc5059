package experiment

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"sync"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/shutdowncheck/shutdowncheck/chaos"
	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/guard"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/timeline"
)

const (
	// reachTime is how long a pod may take to accept a connection until it counts as one that
	// cannot be reached.
	reachTime = 3 * time.Second
	// reachTried is how many pods are tried.
	reachTried = 3
)

// played gives the routes to the pods that a played balancer sends to; nil where none is.
// Where this process sends, these have to be reachable from here.
func played(ctx context.Context, cfg Config, workload *chaos.Workload) ([]chaos.Route, error) {
	if cfg.Check.Target.Via == nil {
		return nil, nil
	}
	routes, err := workload.Routes(ctx, cfg.Check)
	if _, ok := errors.AsType[*check.FieldError](err); ok {
		err = &CheckError{err}
	}
	if err != nil || cfg.Check.Inside != nil {
		return routes, err
	}
	for _, r := range routes {
		if err := reachable(ctx, cfg, r); err != nil {
			return nil, err
		}
	}
	return routes, nil
}

// reachable tries some pods of a route, at once; one that accepts suffices. Where all refuse,
// something on the way may have done so: they are Ready.
func reachable(ctx context.Context, cfg Config, r chaos.Route) error {
	addresses, err := readyOn(ctx, cfg, r)
	if err != nil || len(addresses) == 0 {
		return err
	}
	addresses = addresses[:min(len(addresses), reachTried)]
	within, cancel := context.WithTimeout(ctx, reachTime)
	defer cancel()
	tried := make([]error, len(addresses))
	var dials sync.WaitGroup
	for i, address := range addresses {
		dials.Go(func() {
			tried[i] = guard.Call("dialling a pod", func() error { return dialed(within, address) })
			if tried[i] == nil {
				cancel() // the others need not be waited for
			}
		})
	}
	dials.Wait()
	if slices.Contains(tried, nil) {
		return nil
	}
	if ctx.Err() != nil {
		return cause(ctx)
	}
	failed := tried[0]
	return &CheckError{&check.FieldError{Field: "target.via", Problem: fmt.Sprintf(
		"the pods' own addresses are not reachable from here (%v): want inside (--inside), which has pods of this tool send the requests", failed)}}
}

// dialed tells what keeps an address from accepting a connection.
func dialed(ctx context.Context, address string) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	return conn.Close()
}

// readyOn are the addresses of a route's pods that are ready now.
func readyOn(ctx context.Context, cfg Config, r chaos.Route) ([]string, error) {
	list, err := cfg.Observe.DiscoveryV1().EndpointSlices(cfg.Namespace).List(ctx, metav1.ListOptions{LabelSelector: discoveryv1.LabelServiceName + "=" + r.Service})
	if err != nil {
		return nil, fmt.Errorf("list the EndpointSlices of service %s: %w", r.Service, err)
	}
	b := newBackends(cfg.Check.Target.Via, []chaos.Route{r})
	for i := range list.Items {
		b.take(&recording.Event{At: cfg.Now(), Slice: timeline.Slice(recording.Listed, &list.Items[i])})
	}
	return slices.Sorted(maps.Keys(b.rotation(r))), nil
}
