package balancer

import "testing"

// A path of layer 7 chooses a pod for each request, and nothing outside of the nodes falls
// back to pods that end.
func TestLayers(t *testing.T) {
	for _, p := range Profiles {
		pins, fallsBack := p == KubeProxy || p == NLB || p == Local, p == KubeProxy || p == Local
		if p.Pins() != pins || p.FallsBack() != fallsBack {
			t.Errorf("%s: pins %v, falls back %v", p.Name, p.Pins(), p.FallsBack())
		}
	}
	if (Profile{}).Pins() || (Profile{}).FallsBack() {
		t.Error("no profile has a rule of its own")
	}
}
