package fleet

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/shutdowncheck/shutdowncheck/sender"
)

// A sender that never takes its share is told by its pod: at once where that has ended,
// and after some seconds where it runs something else.
func TestSendersThatTakeNoShare(t *testing.T) {
	const nobody = `failed to execute portforward in network namespace "/var/run/netns/x": failed to connect to localhost:7365 inside namespace "y", IPv4: dial tcp4 127.0.0.1:7365: connect: connection refused IPv6 dial tcp6: address localhost: no suitable address found`
	ended := func(code int32, reason, message string) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			p.Status.ContainerStatuses = []corev1.ContainerStatus{{State: corev1.ContainerState{
				Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason, Message: message},
			}}}
		}
	}
	runs := func(*corev1.Pod) {}
	const asked = "pod/" + name + "-0-x"
	for what, test := range map[string]struct {
		pod      func(*corev1.Pod)
		dial     string
		want     string
		from, to time.Duration
	}{
		"ended well": {
			ended(0, "Completed", ""), "unable to upgrade connection: pod not found",
			"the senders do not run: " + asked + ": ended with exit code 0 (Completed); is web:v1 an image of shutdowncheck? --sender-image names one", 0, 0,
		},
		"ended badly": {
			ended(1, "Error", "time=1 level=INFO msg=hello\nusage: web [flags]\n"), "unable to upgrade connection: pod not found",
			"the senders do not run: " + asked + ": ended with exit code 1 (Error): usage: web [flags]; is web:v1 an image of shutdowncheck? --sender-image names one", 0, 0,
		},
		"out of memory": {
			ended(137, "OOMKilled", ""), "unable to upgrade connection: pod not found",
			"the senders do not run: " + asked + ": ended with exit code 137 (OOMKilled); see kubectl get events -n demo --field-selector involvedObject.name=" + name + "-0-x", 0, 0,
		},
		"another of its name": {
			func(p *corev1.Pod) { p.UID = "other" }, "unable to upgrade connection: pod not found",
			"the senders do not run: " + asked + ": it is gone; see kubectl get events", 0, 0,
		},
		"listens elsewhere": {
			runs, nobody,
			"the senders do not run: " + asked + ": it runs, and does not listen to its conductor; is web:v1 an image of shutdowncheck? --sender-image names one", deafFor, deafFor + 3*time.Second,
		},
		"the API server is away": {
			runs, "dial tcp 127.0.0.1:6443: connect: connection refused",
			"PUT /v1/assign to the sender: dial tcp 127.0.0.1:6443: connect: connection refused", assignTimeout, assignTimeout,
		},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := pod(0, podLabels(runID))
				test.pod(p)
				m := unreachable(fake.NewClientset(p), nil)
				m.fleet.cfg.Image = "web:v1"
				m.client = sender.NewClient(func(context.Context) (net.Conn, error) { return nil, errors.New(test.dial) }, "token")
				began := time.Now()
				err := m.assign(t.Context())
				if err == nil || !strings.HasPrefix(err.Error(), test.want) {
					t.Errorf("got  %v\nwant %s", err, test.want)
				}
				if after := time.Since(began); after < test.from || after > test.to {
					t.Errorf("it was told after %s, want %s to %s", after, test.from, test.to)
				}
			})
		})
	}
}

func TestLastLine(t *testing.T) {
	for message, want := range map[string]string{
		"":                                    "",
		"send: its pod was ended (SIGTERM)\n": "send: its pod was ended (SIGTERM)",
		"time=1 level=INFO msg=assigned\nshutdowncheck: send: no conductor came\n\n":              "shutdowncheck: send: no conductor came",
		"time=1 level=INFO msg=assigned\npanic: runtime error\n\ngoroutine 1 [running]:\nmain.go": "panic: runtime error",
	} {
		if got := lastLine(message); got != want {
			t.Errorf("%q: %q, want %q", message, got, want)
		}
	}
}
