package chaos

import (
	"context"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// Turns tells in how many turns a rollout ends the pods, each of which begins when the pods
// of the one before are gone.
func (w *Workload) Turns(ctx context.Context) (int, error) {
	s, err := w.readAgain(ctx)
	if err != nil {
		return 0, err
	}
	return int(s.turns(w.ref.Kind)), nil
}

// turns counts them. A StatefulSet makes a pod anew under its name, when the former one is
// gone, and goes on when it is available (kubernetes pkg/controller/statefulset; maxUnavailable
// rounds down). A DaemonSet without a surge counts pods that end as unavailable
// (pkg/controller/daemon/update.go; it rounds up). A Deployment, and a DaemonSet with a
// surge, go on while former pods are still ending.
func (s state) turns(kind check.WorkloadKind) int32 {
	atOnce := s.toUpdate()
	switch {
	case kind == check.StatefulSet:
		atOnce = share(s.maxUnavailable, s.replicas, false)
	case kind == check.DaemonSet && share(s.maxSurge, s.replicas, true) == 0:
		atOnce = share(s.maxUnavailable, s.replicas, true)
	}
	atOnce = max(atOnce, 1)
	return max((s.toUpdate()+atOnce-1)/atOnce, 1)
}
