package chaos

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/retry"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// Workload is a workload in the cluster.
type Workload struct {
	// Self is the pod that this tool runs in, as namespace/name; empty outside
	// a cluster. It is not evicted. Set it before Plan and Do.
	Self string
	// Senders are the pods that send the run's requests, in the workload's namespace.
	// They are not evicted either. Set them before Do.
	Senders []recording.Sender
	// ShowValues has the values of variables, and the arguments and output of
	// commands, in plans, records and errors. Set it before Plan and Do.
	ShowValues bool

	byHand    ByHand
	ref       check.Workload
	namespace string
	client    kubernetes.Interface
	api       endpoint
	uid       types.UID
	// selector cannot change: apps/v1 made it immutable.
	selector labels.Selector
}

// Open finds the workload that ref names. Its errors, and all that come of the workload,
// tell the commands of byHand. One that another run holds at the time
// now is refused with a ClaimedError: that run is still at work on it, or was killed
// before it could put things back.
func Open(ctx context.Context, client kubernetes.Interface, namespace string, ref check.Workload, now time.Time, byHand ByHand) (*Workload, error) {
	w, s, err := find(ctx, client, namespace, ref, byHand)
	if err != nil {
		return nil, err
	}
	if err := w.claimed(s, "", now); err != nil {
		return nil, err
	}
	return w, nil
}

// find reads the workload, whoever has claimed it.
func find(ctx context.Context, client kubernetes.Interface, namespace string, ref check.Workload, byHand ByHand) (*Workload, state, error) {
	api, err := newEndpoint(client, namespace, ref)
	if err != nil {
		return nil, state{}, err
	}
	s, err := api.get(ctx)
	if err != nil {
		return nil, state{}, fmt.Errorf("read %s in namespace %s: %w", ref, namespace, Missed(ctx, client, namespace, ref, byHand, err))
	}
	return &Workload{byHand: byHand, ref: ref, namespace: namespace, client: client, api: api, uid: s.meta.UID, selector: s.selector}, s, nil
}

// restoreCommand puts the workload back by hand.
func (w *Workload) restoreCommand() string { return w.byHand.Restore(w.String(), w.namespace) }

// String gives kind/name, as in "deployment/web".
func (w *Workload) String() string { return w.ref.String() }

// read gives the workload's present state. One that was deleted and made anew
// under the same name is not the workload that was opened.
func (w *Workload) read(ctx context.Context) (state, error) {
	s, err := w.api.get(ctx)
	if err != nil {
		return state{}, fmt.Errorf("read %s: %w", w, err)
	}
	if s.meta.UID != w.uid {
		return state{}, w.changed("was deleted and made anew, so nothing of this run is left on it")
	}
	return s, nil
}

// readAgain gives the present state also where the server is out of order just
// now.
func (w *Workload) readAgain(ctx context.Context) (s state, err error) {
	err = retry.Insist(ctx, func() error {
		s, err = w.read(ctx)
		return err
	})
	return s, err
}

// changed says of the workload what somebody else has made of it.
func (w *Workload) changed(problem string) error {
	return &ChangedError{Object: w.String(), Problem: problem}
}
