package check

import (
	"strings"
	"testing"
	"time"
)

func readVia(via string) (*Via, error) {
	c, err := Read("check.yaml", []byte("workload: deployment/web\ntarget: {url: 'http://web/', via: "+via+"}\n"))
	return c.Target.Via, err
}

// A balancer is named, or told by its numbers; what it leaves open comes from the table.
func TestVia(t *testing.T) {
	for text, want := range map[string]struct {
		lag, lagIn time.Duration
		closes     bool
		fallsBack  bool
		says       string
	}{
		"alb":                                 {25 * time.Second, 0, true, false, "alb (lag 25s)"},
		"nlb":                                 {2 * time.Minute, 0, false, false, "nlb (lag 2m0s)"},
		"kube-proxy":                          {1500 * time.Millisecond, 0, false, true, "kube-proxy (lag 1.5s)"},
		"20s":                                 {20 * time.Second, 0, true, false, "lag 20s"},
		"0":                                   {0, 0, true, false, "lag 0s"},
		"{profile: alb, lag: 0s}":             {0, 0, true, false, "alb (lag 0s)"},
		"{lag: 8s, lagIn: 3s}":                {8 * time.Second, 3 * time.Second, true, false, "lag 8s, lagIn 3s"},
		"{lag: 8s, closeOnForget: false}":     {8 * time.Second, 0, false, false, "lag 8s"},
		"{profile: nlb, closeOnForget: true}": {2 * time.Minute, 0, true, false, "nlb (lag 2m0s)"},
		"{profile: gke-neg, closeOnForget: false}": {30 * time.Second, 0, false, false, "gke-neg (lag 30s)"},
	} {
		v, err := readVia(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if time.Duration(*v.Lag) != want.lag || time.Duration(v.LagIn) != want.lagIn || *v.CloseOnForget != want.closes || v.FallsBack() != want.fallsBack || v.String() != want.says {
			t.Errorf("%s: %v, lag %s, lagIn %s, closes %v, falls back %v", text, v, *v.Lag, v.LagIn, *v.CloseOnForget, v.FallsBack())
		}
	}
}

// What is wrong with it is told in one line, with what is allowed.
func TestWrongVia(t *testing.T) {
	const known = "one of nginx, kube-proxy, proxy, alb, gke-neg, local, agic, nlb"
	for text, want := range map[string]string{
		"elb":                   `target.via: "elb" is no known balancer, and no lag; want ` + known,
		"20":                    `target.via: "20" is no known balancer`,
		"-1s":                   "target.via.lag: -1s; want 0s to 1h0m0s",
		"{lag: -1s}":            "target.via.lag: -1s; want 0s to 1h0m0s",
		"{lag: 2h}":             "target.via.lag: 2h0m0s; want 0s to 1h0m0s",
		"{lag: 1s, lagIn: -1s}": "target.via.lagIn: -1s; want 0s to 1h0m0s",
		"{lagIn: 1s}":           "target.via: no lag; want one such as {lag: 20s}, or a balancer: " + known,
		"":                      "target.via: no lag",
		"{latency: 1s}":         `unknown key "latency" in target.via; want closeOnForget, lag, lagIn, profile`,
		"alb, proxy: true":      "target.via: the senders dial the pods themselves, and target.proxy says that no connection leads to one",
	} {
		_, err := readVia(text)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), "check.yaml:2: ") {
			t.Errorf("%s: %v; want %s", text, err, want)
		}
	}
}

// What the requests go by is what the pods have to outlast.
func TestAnotherPathThanIsPlayed(t *testing.T) {
	for path, want := range map[string]string{
		"alb": "",
		"nlb": "budget.path: nlb, while target.via plays alb; want one and the same",
	} {
		c := Check{Target: Target{Via: new(ParseVia("alb"))}, Budget: Budget{Path: path}}
		if err := c.WithDefaults().Validate(); want != "" && (err == nil || !strings.Contains(err.Error(), want)) || want == "" && strings.Contains(err.Error(), "budget.path") {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}

// The check that defaults were filled into is not the one that they were taken from.
func TestDefaultsOfViaAreItsOwn(t *testing.T) {
	given := Check{Target: Target{Via: new(ParseVia("alb"))}}
	filled := given.WithDefaults()
	if given.Target.Via.Lag != nil || filled.Target.Via.Lag == nil {
		t.Errorf("%v became %v", given.Target.Via, filled.Target.Via)
	}
}
