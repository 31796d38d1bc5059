package chaos

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// kill sends a signal to PID 1 of a container in some pods at once.
type kill struct {
	*check.Kill
	// container is the one to signal, as the template has it.
	container *corev1.Container
}

// signaller is how a signal gets to PID 1.
type signaller interface {
	permissions() []Permission
	// send sends the signal to one container and returns when it is sent. It
	// is called for several at once.
	send(ctx context.Context, a *attempt, t target) error
}

// target is a container that runs, with the id that only this start of it has.
type target struct {
	pod       *corev1.Pod
	container corev1.Container
	id        string
	signal    check.Signal
}

func (t target) String() string { return "container " + t.container.Name + " of pod " + t.pod.Name }

func (c *kill) signaller() signaller {
	switch c.Via {
	case check.ViaEphemeral:
		return ephemeral{c.HelperImage}
	case check.ViaNode:
		return onNode{c.HelperImage}
	default:
		return byExec{}
	}
}

func (c *kill) count() int { return max(c.Pods, 1) }

func (c *kill) signal() check.Signal { return cmp.Or(c.Signal, check.DefaultSignal) }

func (c *kill) validate(_ context.Context, w *Workload, s state) (field, problem string, err error) {
	if c.signal() == check.SIGKILL && c.Via != check.ViaNode {
		return "signal", fmt.Sprintf("SIGKILL, but the kernel ignores it from inside the container's own PID namespace (pid_namespaces(7)); want via: %s, or another signal", check.ViaNode), nil
	}
	if (c.Via == check.ViaNode || c.Via == check.ViaEphemeral) && c.HelperImage == "" {
		return "helperImage", fmt.Sprintf("missing; via: %s needs the image of this tool, where the cluster's nodes find it", c.Via), nil
	}
	if int32(c.count()) > s.replicas {
		return "pods", fmt.Sprintf("%d, but %s wants %s; want 1 to %d", c.count(), w, podCount(s.replicas), s.replicas), nil
	}
	if c.container = containerOf(s.template.Spec, c.Container); c.container == nil {
		return "container", noContainer(w, s, c.Container), nil
	}
	spec := s.template.Spec
	if spec.HostPID || spec.ShareProcessNamespace != nil && *spec.ShareProcessNamespace {
		return "", fmt.Sprintf("the pods of %s share one PID namespace (shareProcessNamespace or hostPID), where PID 1 is not container %s's", w, c.container.Name), nil
	}
	return "", "", nil
}

func (c *kill) describe(w *Workload, s *state) string {
	return fmt.Sprintf("kill %s: sends %s to PID 1 of container %s in %d of its %s, via %s", w, c.signal(), c.container.Name, c.count(), podCount(s.replicas), cmp.Or(c.Via, check.ViaExec))
}

func (c *kill) permissions(check.Workload) []Permission { return c.signaller().permissions() }

// do sends the signals, waits until each container that got one has ended, and
// until the workload is steady.
func (c *kill) do(ctx context.Context, a *attempt, _ state) error {
	targets, err := c.targets(a.view)
	if err != nil {
		return err
	}
	sent, err := c.send(ctx, a, targets)
	if err != nil {
		return err
	}
	err = a.view.wait(ctx, func() (string, error) {
		return joinReasons(stillRunning(a.view, sent)), nil
	})
	if err != nil {
		return err
	}
	a.whatEnded = fmt.Sprintf("container %s of %s", targets[0].container.Name, podCount(len(sent)))
	return a.awaitSteady(ctx)
}

// targets gives the containers to signal: those of the first live pods whose
// container runs.
func (c *kill) targets(v *view) ([]target, error) {
	var targets []target
	for _, pod := range v.activePods() {
		container := containerOf(pod.Spec, c.Container)
		if container == nil || len(targets) == c.count() {
			continue
		}
		if id := runningID(pod, container.Name); id != "" {
			targets = append(targets, target{pod, *container, id, c.signal()})
		}
	}
	if len(targets) < c.count() {
		return nil, fmt.Errorf("send the signal: the container runs in %d of the %s that were to be signalled", len(targets), podCount(c.count()))
	}
	return targets, nil
}

// send sends all the signals at once, records those that were sent, and gives
// them.
func (c *kill) send(ctx context.Context, a *attempt, targets []target) ([]target, error) {
	by := c.signaller()
	when, errs := a.atOnce(len(targets), "the sending", func(i int) error { return by.send(ctx, a, targets[i]) })
	var sent []target
	var failed []error
	for i, t := range targets {
		if errs[i] == nil {
			sent = append(sent, t)
			a.doomed = append(a.doomed, t.pod)
		} else {
			failed = append(failed, fmt.Errorf("send %s to %s: %w", t.signal, t, errs[i]))
		}
	}
	if len(sent) > 0 {
		a.record(recording.Requested, when, fmt.Sprintf("%s sent to PID 1 of container %s in %s", c.signal(), targets[0].container.Name, podCount(len(sent))))
	}
	if len(failed) == 0 {
		return sent, nil
	}
	if ctx.Err() != nil {
		return sent, &waitError{reason: failed[0].Error(), err: context.Cause(ctx)}
	}
	// The others most often failed for the same reason; one line is enough.
	return sent, failed[0]
}

// runningID gives the id of a container that runs, empty where it does not.
func runningID(pod *corev1.Pod, container string) string {
	for _, c := range pod.Status.ContainerStatuses {
		if c.Name == container && c.State.Running != nil {
			return c.ContainerID
		}
	}
	return ""
}

// stillRunning names those that have not ended. A container that ended has a
// new id with its next start, and a pod that is to go takes all of its
// containers with it.
func stillRunning(v *view, sent []target) (reasons []string) {
	active := byUID(v.activePods())
	for _, t := range sent {
		if pod, ok := active[t.pod.UID]; ok && runningID(pod, t.container.Name) == t.id {
			reasons = append(reasons, fmt.Sprintf("%s still runs: it ignored %s, or takes longer to end", t, t.signal))
		}
	}
	return reasons
}

// bareID is a container's id without its runtime's name, as in
// "containerd://ID".
func bareID(id string) string {
	if _, bare, ok := strings.Cut(id, "://"); ok {
		return bare
	}
	return id
}

// killedAlong is the exit code of a program that got a SIGKILL: the kernel
// sends one to everything in a PID namespace whose PID 1 ends.
const killedAlong = 137

// signalCommand gives the arguments of this tool's own command.
func signalCommand(signal check.Signal, process ...string) []string {
	return append([]string{"signal", "--signal", string(signal)}, process...)
}

// helperEnded tells whether the helper among the containers has ended, and what
// went wrong with it. well are its good exit codes.
func helperEnded(statuses []corev1.ContainerStatus, name string, well ...int32) (bool, error) {
	for _, status := range statuses {
		if status.Name != name {
			continue
		}
		over := status.State.Terminated
		switch {
		case over == nil:
			return false, neverStarts(status.State.Waiting, status.Image)
		case slices.Contains(well, over.ExitCode):
			return true, nil
		}
		message := cmp.Or(strings.Join(strings.Fields(over.Message), " "), over.Reason)
		return true, fmt.Errorf("the helper ended with exit code %d: %s", over.ExitCode, strings.TrimPrefix(message, "shutdowncheck: "))
	}
	return false, nil
}

// neverStarts tells that a helper waits for what will not come by itself.
func neverStarts(waiting *corev1.ContainerStateWaiting, image string) error {
	if waiting == nil {
		return nil
	}
	switch waiting.Reason {
	case "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName":
		return fmt.Errorf("the helper's image %s cannot be pulled (%s: %s)", image, waiting.Reason, waiting.Message)
	case "CreateContainerConfigError", "CreateContainerError", "RunContainerError":
		return fmt.Errorf("the helper does not start (%s: %s)", waiting.Reason, waiting.Message)
	}
	return nil
}

// helperPoll lies between two looks at a helper.
const helperPoll = 250 * time.Millisecond

// await asks again and again until done, failed, or ctx ends.
func await(ctx context.Context, done func() (bool, error)) error {
	ticker := time.NewTicker(helperPoll)
	defer ticker.Stop()
	for {
		if over, err := done(); over || err != nil {
			return err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("the helper has not ended: %w", context.Cause(ctx))
		}
	}
}
