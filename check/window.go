package check

import (
	"net/url"
	"strings"
)

// Window has each pod that ends asked on its own address, past the service: for how long it
// accepts connections and answers is what any balancer may rely on, of whichever kind.
type Window struct {
	// Path, with its query, is what is asked for. Empty is that of the first stream of
	// short requests.
	Path string `json:"path,omitempty"`
	// Rate is how often each pod is asked in a second, on a new connection each time.
	Rate float64 `json:"rate,omitempty"`
}

const (
	// DefaultWindowRate places the end of a window within a tenth of a second.
	DefaultWindowRate = 10
	// MaxWindowRate bounds the requests that a pod gets while it ends.
	MaxWindowRate = 100
)

func (c Check) validateWindow(p *problems) {
	if c.Window == nil {
		return
	}
	if path := c.Window.Path; path != "" {
		if u, err := url.Parse(path); err != nil || !strings.HasPrefix(path, "/") || u.Host != "" || u.Fragment != "" {
			p.add("window.path", "%q is no path; want one such as /ready", path)
		}
	}
	// The comparison is written so that NaN fails it.
	if rate := c.Window.Rate; !(rate > 0 && rate <= MaxWindowRate) {
		p.add("window.rate", "%s requests per second; want more than 0 and at most %d", number(rate), MaxWindowRate)
	}
}
