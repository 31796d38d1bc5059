package fleet

import (
	"context"
	"strconv"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/shutdowncheck/shutdowncheck/sender"
)

// deafFor is for how long a program may run without listening.
const deafFor = 5 * time.Second

// whyDeaf tells of a sender that could not be given its share for so long that it never
// will be: its container has ended, or runs without listening. It is nil where that may
// pass.
func (m *member) whyDeaf(ctx context.Context, err error, since time.Duration) *StartError {
	object := "pod/" + m.Pod
	pod, asked := m.pod(ctx)
	switch {
	case apierrors.IsNotFound(asked), asked == nil && string(pod.UID) != m.UID:
		return &StartError{Object: object, Reason: "it is gone", Advice: m.fleet.advice(object)}
	case asked != nil:
		return nil
	}
	if why, final := m.fleet.hindrance(pod); final {
		return why
	}
	if since < deafFor || !refusesPort(err) || !runs(pod) {
		return nil
	}
	return &StartError{Object: object, Reason: "it runs, and does not listen to its conductor", Advice: m.fleet.adviceTool()}
}

// refusesPort tells that nobody listens on a sender's port, which the runtime says in its
// own words (containerd's dial, CRI-O's too, and socat's where that is used), and not that
// the API server could not be reached.
func refusesPort(err error) bool {
	text := strings.ToLower(err.Error())
	return strings.Contains(text, strconv.Itoa(sender.Port)) && strings.Contains(text, "connection refused")
}
