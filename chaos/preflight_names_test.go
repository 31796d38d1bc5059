package chaos

import (
	"maps"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// A short name of a service is completed where nothing else can be meant.
func TestNamesOfServices(t *testing.T) {
	c := newCluster(t)
	for _, s := range behind() {
		c.must(c.Client.Tracker().Add(&s))
	}
	w := c.open()
	for url, want := range map[string]string{
		"http://web.shop/":                   "web.shop.svc",
		"http://WEB.shop:8080/":              "web.shop.svc",
		"http://web.shop.svc/":               "web.shop.svc",
		"http://api.edge.svc/":               "api.edge.svc",
		"http://web-0.web-all.shop.svc/":     "web-0.web-all.shop.svc",
		"http://web/":                        "",
		"http://web.shop.svc.cluster.local/": "",
		"http://web.shop.":                   "",
		"http://absent.shop/":                "",
		"http://api.edge/":                   "",
		"http://shop.example/":               "",
		"http://www.shop.example/":           "",
		"http://10.96.0.10/":                 "",
		"http://localhost:30080/":            "",
	} {
		names, err := w.Names(t.Context(), check.Check{Target: check.Target{URL: "http://web/"}, Streams: []check.Stream{{URL: url}, {}}})
		c.must(err)
		got := ""
		for name := range maps.Values(names) {
			got = name
		}
		if got != want || len(names) > 1 {
			t.Errorf("%s: %v, want %q", url, names, want)
		}
	}
}
