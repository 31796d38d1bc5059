package matrix

import "testing"

// What preflight says of any autoscaler is no proof that this one has done something.
func TestAutoscaledAsksForWhatWasDone(t *testing.T) {
	says := autoscaled()[0].Want.Says
	for said, want := range map[string]bool{
		"HorizontalPodAutoscaler web targets it and may change its replicas during the run":        false,
		"kube-controller-manager set the replicas to 3 again, before the run did":                  false,
		"HorizontalPodAutoscaler web set the replicas to 3 again, before the run did":              true,
		"HorizontalPodAutoscaler web set the replicas to 3 when 1 of 2 pods had been asked to end": true,
	} {
		if says.MatchString(said) != want {
			t.Errorf("%q is taken for %t", said, !want)
		}
	}
}
