package attack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// lookupTimeout bounds the one lookup of each name before anything is sent.
const lookupTimeout = 5 * time.Second

// Lookup tells of names in the streams' URLs that do not exist where this process looks
// them up, before anything is sent. A resolver that does not answer, or not just now, proves
// nothing of a name, and is left to the requests to tell of. The services' names are known to
// exist (see Config.Names). The errors are of
// [check.FieldError], with fields as seen from the check.
func (s Share) Lookup(ctx context.Context, streams []check.Stream, services map[string]string) error {
	return lookUp(ctx, streams, services, s.machine(), func(ctx context.Context, host string) error {
		_, err := new(net.Resolver).LookupNetIP(ctx, "ip", host) // as connections do
		return err
	})
}

func lookUp(ctx context.Context, streams []check.Stream, services map[string]string, machine string, lookup func(ctx context.Context, host string) error) error {
	var problems []error
	var asked []string
	for i, stream := range streams {
		target, err := url.Parse(stream.URL)
		if err != nil || isAddress(target.Hostname()) || services[target.Hostname()] != "" || slices.Contains(asked, target.Hostname()) {
			continue
		}
		asked = append(asked, target.Hostname())
		once, cancel := context.WithTimeout(ctx, lookupTimeout)
		err = lookup(once, target.Hostname())
		cancel()
		if failed, ok := errors.AsType[*net.DNSError](err); ok && failed.IsNotFound {
			problems = append(problems, &check.FieldError{Field: fmt.Sprintf("streams[%d].url", i), Problem: fmt.Sprintf(
				"%s does not find %s (%v); want a name that it knows, or an address", machine, target.Hostname(), failed)})
		}
	}
	return errors.Join(problems...)
}

// machine says who sends.
func (s Share) machine() string {
	if s.Of > 0 {
		return "a sender"
	}
	return "this machine"
}
