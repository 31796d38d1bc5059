package check

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// Inside has the requests sent by pods of this tool, inside the cluster. Then a check
// needs no URL: the service that leads to the workload tells it.
type Inside struct {
	// Senders is how many pods send, each its share of every stream.
	Senders Senders `json:"senders"`
	// Image is this tool's image, where the cluster finds it; empty is that of the
	// program's own release.
	Image string `json:"image,omitempty"`
}

// Senders is a number of senders, or EachNode.
type Senders int

const (
	// EachNode is one sender on each node that takes pods.
	EachNode Senders = -1
	// MaxSenders is the most that can be asked for by number.
	MaxSenders = 1000
	// DefaultSenders is how many there are unless it is said.
	DefaultSenders Senders = 1
)

// eachNode is EachNode as it is written.
const eachNode = "all"

// ParseSenders reads a whole number, or "all".
func ParseSenders(s string) (Senders, error) {
	if s == eachNode {
		return EachNode, nil
	}
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("want 1 to %d, or %s", MaxSenders, eachNode)
	}
	return Senders(n), nil
}

// String gives it as it is written.
func (n Senders) String() string {
	if n == EachNode {
		return eachNode
	}
	return strconv.Itoa(int(n))
}

// UnmarshalText reads it from a check file.
func (n *Senders) UnmarshalText(text []byte) (err error) {
	if *n, err = ParseSenders(string(text)); err != nil {
		return fmt.Errorf("%q; %w", text, err)
	}
	return nil
}

// MarshalJSON writes a number as one.
func (n Senders) MarshalJSON() ([]byte, error) {
	if n == EachNode {
		return json.Marshal(eachNode)
	}
	return json.Marshal(int(n))
}

// UnmarshalJSON reads it from a recording.
func (n *Senders) UnmarshalJSON(data []byte) error {
	return n.UnmarshalText([]byte(strings.Trim(string(data), `"`)))
}

// shares is how many senders are known to divide a stream: what bounds the part of one
// bounds so many times of it.
func (c Check) shares() int {
	if c.Inside == nil {
		return 1
	}
	return max(1, int(c.Inside.Senders))
}

func (c Check) validateInside(p *problems) {
	if c.Inside == nil {
		return
	}
	if n := c.Inside.Senders; n != EachNode && (n < 1 || n > MaxSenders) {
		p.add("inside.senders", "%d; want 1 to %d, or %s", int(n), MaxSenders, eachNode)
	}
	p.image("inside.image", c.Inside.Image)
}

// notItself refuses a URL that leads from inside the cluster to the pod that sends.
func (c Check) notItself(field, raw, way string, p *problems) {
	u, err := url.Parse(raw)
	if c.Inside == nil || err != nil {
		return
	}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	address, err := netip.ParseAddr(host)
	if err == nil {
		address = address.Unmap()
	}
	if host == "localhost" || strings.HasSuffix(host, ".localhost") || address.IsLoopback() || address.IsValid() && address.IsUnspecified() {
		p.add(field, "%s is the sender itself, inside the cluster; %s the service's own address", host, way)
	}
}

// WantsURL tells that the check leaves it to the cluster's services where its requests
// go. A stream's URL may then be a path, which begins where they lead.
func (c Check) WantsURL() bool { return c.Inside != nil && c.Target.URL == "" }

// WithURL gives the check with the URL that was found for it. It has to be validated
// then, as what depends on the URL could not be before.
func (c Check) WithURL(found string) (Check, error) {
	base, err := url.Parse(found)
	if err != nil {
		return Check{}, fmt.Errorf("read the URL of the service: %w", err)
	}
	c.Target.URL = found
	streams := make([]Stream, len(c.Streams))
	for i, s := range c.Streams {
		if ref, err := url.Parse(s.URL); err == nil {
			s.URL = base.ResolveReference(ref).String()
		}
		if s.Kind == GRPCCalls && s.Protocol != HTTP1 {
			s.Protocol = protocolOf(s.URL)
		}
		streams[i] = s
	}
	c.Streams = streams
	return c, nil
}
