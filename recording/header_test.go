package recording

import "testing"

func TestRecreates(t *testing.T) {
	for name, tt := range map[string]struct {
		w    Workload
		want bool
	}{
		"by its name":                        {Workload{Kind: "Deployment", Strategy: "Recreate"}, true},
		"another":                            {Workload{Kind: "Deployment", Strategy: "RollingUpdate"}, false},
		"a Deployment that has no limits":    {Workload{Kind: "Deployment"}, true},
		"one that has":                       {Workload{Kind: "Deployment", MaxSurge: "25%", MaxUnavailable: "25%"}, false},
		"a StatefulSet never has maxSurge":   {Workload{Kind: "StatefulSet"}, false},
		"a DaemonSet with OnDelete has none": {Workload{Kind: "DaemonSet", Strategy: "OnDelete"}, false},
	} {
		if got := tt.w.Recreates(); got != tt.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
