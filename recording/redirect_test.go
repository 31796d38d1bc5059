package recording

import "testing"

func TestRedirect(t *testing.T) {
	for name, tt := range map[string]struct {
		sample Sample
		want   bool
	}{
		"moved for good":             {Sample{Outcome: OK, Status: 301}, true},
		"found":                      {Sample{Outcome: OK, Status: 302}, true},
		"see other":                  {Sample{Outcome: OK, Status: 303}, true},
		"for now, the same method":   {Sample{Outcome: OK, Status: 307}, true},
		"for good, the same method":  {Sample{Outcome: OK, Status: 308}, true},
		"several to choose from":     {Sample{Outcome: OK, Status: 300}, false},
		"not modified":               {Sample{Outcome: OK, Status: 304}, false},
		"an answer":                  {Sample{Outcome: OK, Status: 200}, false},
		"by a pod":                   {Sample{Outcome: OK, Status: 302, Pod: "web-1"}, false},
		"by nobody, on a pod's own":  {Sample{Outcome: OK, Status: 302, ConnPod: "web-1"}, true},
		"not the one that was meant": {Sample{Outcome: Failed, Class: ClassStatus, Status: 302}, false},
	} {
		if got := tt.sample.Redirect(); got != tt.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
