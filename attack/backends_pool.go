package attack

import (
	"context"
	"sync"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// balancedCarrier carries requests as a balancer of layer 7 does: it chooses a pod for
// each, and keeps connections to each pod apart. Those to one that it forgets are closed
// when the next request is sent, or, where the pod still has some, as these are answered.
type balancedCarrier struct {
	*service
	backends *Backends
	// size is how many connections are kept to all pods together, to gives the carrier of a
	// pod's, which keeps so many.
	size int
	to   func(open opener, size int) carrier

	mu sync.Mutex
	// seen is what was known last, pods are of it, by address; forgotten are others that
	// requests are still under way to.
	seen      *view
	pods      map[string]*podCarrier
	forgotten map[*podCarrier]bool
}

// podCarrier is that of a pod; users are the requests that are under way on it.
type podCarrier struct {
	carrier
	users int
}

// exchange carries the request to a pod that is known now.
func (c *balancedCarrier) exchange(ctx context.Context, m *message, sample *recording.Sample) (said, error) {
	sample.Phase = recording.PhaseDial
	pod := c.take()
	if pod == nil {
		return said{}, errNoBackend
	}
	defer c.release(pod)
	return pod.exchange(ctx, m, sample)
}

// take gives a pod's carrier until its release, nil where none is known.
func (c *balancedCarrier) take() *podCarrier {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := c.backends.view(c.authority, c.now())
	if known != c.seen {
		c.forget(known)
	}
	address := known.choose()
	if address == "" {
		return nil
	}
	pod := c.pods[address]
	if pod == nil {
		each := (c.size + len(known.addresses) - 1) / len(known.addresses)
		pod = &podCarrier{carrier: c.to(c.straightTo(address), each)}
		c.pods[address] = pod
	}
	pod.users++
	return pod
}

// forget lets go of the pods that are no longer known, under the lock.
func (c *balancedCarrier) forget(known *view) {
	kept := map[string]*podCarrier{}
	for _, address := range known.addresses {
		if pod := c.pods[address]; pod != nil {
			kept[address] = pod
			delete(c.pods, address)
		}
	}
	for _, pod := range c.pods {
		if pod.users == 0 {
			pod.close()
			continue
		}
		c.forgotten[pod] = true
	}
	c.seen, c.pods = known, kept
}

func (c *balancedCarrier) release(pod *podCarrier) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if pod.users--; pod.users == 0 && c.forgotten[pod] {
		delete(c.forgotten, pod)
		pod.close()
	}
}

// each does something with all that there is.
func (c *balancedCarrier) each(do func(*podCarrier)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, pod := range c.pods {
		do(pod)
	}
	for pod := range c.forgotten {
		do(pod)
	}
}

func (c *balancedCarrier) renew()     { c.each(func(p *podCarrier) { p.renew() }) }
func (c *balancedCarrier) interrupt() { c.each(func(p *podCarrier) { p.interrupt() }) }
func (c *balancedCarrier) close()     { c.each(func(p *podCarrier) { p.close() }) }

func (c *balancedCarrier) spread() map[string]int {
	all := map[string]int{}
	c.each(func(p *podCarrier) {
		for pod, n := range p.spread() {
			all[pod] += n
		}
	})
	return all
}
