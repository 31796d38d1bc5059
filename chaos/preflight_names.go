package chaos

import (
	"cmp"
	"context"
	"net/url"
	"strings"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// Names gives, of the hosts in a check's URLs, those that are short for a service's name in
// the cluster's DNS, as it is below the cluster's domain (kubernetes/dns, specification):
// of web.shop it is web.shop.svc. A resolver asks for a name with a dot as it stands first,
// where its search list may not be what completes it (resolv.conf(5), ndots): a server
// outside of the cluster, which may not answer. A name without a dot it completes by
// itself, one that may be any host's is left to it.
func (w *Workload) Names(ctx context.Context, c check.Check) (map[string]string, error) {
	s, err := w.read(ctx)
	if err != nil {
		return nil, err
	}
	all, _, err := w.services(ctx, s)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, stream := range c.Streams {
		u, err := url.Parse(cmp.Or(stream.URL, c.Target.URL))
		if err != nil {
			continue
		}
		host := u.Hostname()
		lower := strings.ToLower(host)
		name, namespace := w.inDNS(lower, c.Inside != nil)
		switch {
		case namespace != "" && strings.HasSuffix(lower, "."+namespace+".svc"):
			names[host] = lower
		case lower == name+"."+w.namespace && has(all, name):
			names[host] = lower + ".svc"
		}
	}
	return names, nil
}
