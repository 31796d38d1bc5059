package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"
	utilexec "k8s.io/client-go/util/exec"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/fakecluster"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// executions answers each exec with what do gives, and notes it.
type executions struct {
	mu   sync.Mutex
	done []string
	do   func(pod, container string, command []string) (string, error)
}

func (e *executions) Exec(_ context.Context, ns, pod, container string, command []string) (string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.done = append(e.done, ns+"/"+pod+"/"+container+": "+strings.Join(command, " "))
	return e.do(pod, container, command)
}

// restartContainer lets one container of a pod end and start again.
func (c *cluster) restartContainer(pod, container string) {
	for _, p := range c.Pods() {
		if p.Name != pod {
			continue
		}
		for i := range p.Status.ContainerStatuses {
			if s := &p.Status.ContainerStatuses[i]; s.Name == container {
				s.RestartCount++
				s.ContainerID += "-again"
			}
		}
		c.must(c.Client.Tracker().Update(fakecluster.Pods, p, namespace))
	}
}

func aKill(k check.Kill) check.Disruption { return check.Disruption{Kill: &k} }

func TestKillByExec(t *testing.T) {
	tests := map[string]struct {
		kill check.Kill
		want []string
		told string
	}{
		"the first container": {check.Kill{}, []string{"shop/web-h7-1/app: kill -TERM 1"}, "SIGTERM sent to PID 1 of container app in 1 pod"},
		"another one, twice": {
			check.Kill{Pods: 2, Container: "log", Signal: "SIGUSR1", Via: check.ViaExec},
			[]string{"shop/web-h7-1/log: kill -USR1 1", "shop/web-h7-2/log: kill -USR1 1"},
			"SIGUSR1 sent to PID 1 of container log in 2 pods",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t)
			r := c.begin("run-1")
			calls := &executions{do: func(pod, container string, _ []string) (string, error) {
				c.restartContainer(pod, container)
				return "", nil
			}}
			r.Exec = calls
			if err := r.Do(t.Context(), 1, aKill(test.kill)); err != nil {
				t.Fatal(err)
			}
			if len(calls.done) == 2 && calls.done[0] > calls.done[1] {
				calls.done[0], calls.done[1] = calls.done[1], calls.done[0]
			}
			want(t, "execs", calls.done, test.want...)
			want(t, "actions", r.kinds(), recording.Requested, recording.Steady)
			want(t, "told", []string{r.actions[0].Detail}, test.told)
			want(t, "doomed", r.actions[0].Doomed, []string{"web-h7-1", "web-h7-2"}[:max(test.kill.Pods, 1)]...)
			if !strings.HasPrefix(r.actions[1].Detail, "container "+calls.done[0][len("shop/web-h7-1/"):len("shop/web-h7-1/app")]+" of ") {
				t.Errorf("got %s", r.actions[1].Detail)
			}
			want(t, "writes", c.Writes(), "patch deployments/")
		})
	}
}

func TestKillByExecIsRefused(t *testing.T) {
	const missing = `exec failed: unable to start container process: exec: "kill": executable file not found in $PATH`
	tests := map[string]struct {
		do   func(command []string) (string, error)
		want string // empty for one that went through
	}{
		"an image without kill and sh": {
			func([]string) (string, error) { return "", errors.New(missing) },
			"send SIGTERM to container app of pod web-h7-1: its image has neither kill nor /bin/sh; use via: ephemeral or via: node, with helperImage",
		},
		"an image with sh alone": {func(command []string) (string, error) {
			if command[0] == "kill" {
				return "", errors.New(missing)
			}
			return "", nil
		}, ""},
		"killed along": {func([]string) (string, error) {
			return "", utilexec.CodeExitError{Err: errors.New("137"), Code: 137}
		}, ""},
		"no such right": {
			func([]string) (string, error) { return "", forbidden("pods/exec") },
			"send SIGTERM to container app of pod web-h7-1: the cluster forbids to exec (pods/exec is forbidden: no); allow it, or use via: ephemeral or via: node, with helperImage",
		},
		"no such right, told in words": {
			func([]string) (string, error) {
				return "", errors.New(`unable to upgrade connection: pods "web-h7-1" is forbidden: User "x" cannot create resource "pods/exec"`)
			},
			`send SIGTERM to container app of pod web-h7-1: the cluster forbids to exec (unable to upgrade connection: pods "web-h7-1" is forbidden: User "x" cannot create resource "pods/exec"); allow it, or use via: ephemeral or via: node, with helperImage`,
		},
		"not permitted": {func([]string) (string, error) {
			return "kill: (1): Operation not permitted\n", utilexec.CodeExitError{Err: errors.New("1"), Code: 1}
		}, "send SIGTERM to container app of pod web-h7-1: kill ended with exit code 1: kill: (1): Operation not permitted"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t)
			r := c.begin("run-1")
			r.Exec = &executions{do: func(pod, container string, command []string) (string, error) {
				output, err := test.do(command)
				if test.want == "" {
					c.restartContainer(pod, container)
				}
				return output, err
			}}
			if err := r.Do(t.Context(), 0, aKill(check.Kill{})); text(err) != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

func TestAnIgnoredSignalIsNotSteady(t *testing.T) {
	c := newCluster(t)
	r := c.begin("run-1")
	ctx, cancel := context.WithCancelCause(t.Context())
	r.Exec = &executions{do: func(string, string, []string) (string, error) {
		return "", nil
	}}
	record := r.Record
	r.Record = func(a recording.Action) {
		record(a)
		cancel(errors.New("5m are over"))
	}
	err := r.Do(ctx, 0, aKill(check.Kill{}))
	const told = "kill of deployment/web did not come to its end (5m are over): container app of pod web-h7-1 still runs: it ignored SIGTERM, or takes longer to end"
	if _, ok := errors.AsType[*NotSteadyError](err); !ok || err.Error() != told {
		t.Errorf("got  %v\nwant %s", err, told)
	}
	want(t, "actions", r.kinds(), recording.Requested, recording.NotSteady)
	if err := r.Do(t.Context(), 1, aRestart); err != nil {
		t.Errorf("a kill leaves nothing to restore, but: %v", err)
	}
}

func TestKillPlan(t *testing.T) {
	tests := map[string]struct {
		kill   check.Kill
		change func(*appsv1.Deployment)
		want   string
	}{
		"exec":              {check.Kill{}, nil, "kill deployment/web: sends SIGTERM to PID 1 of container app in 1 of its 3 pods, via exec"},
		"node":              {check.Kill{Signal: "SIGKILL", Via: check.ViaNode, HelperImage: "x"}, nil, "kill deployment/web: sends SIGKILL to PID 1 of container app in 1 of its 3 pods, via node"},
		"SIGKILL by exec":   {check.Kill{Signal: "SIGKILL"}, nil, "disruptions[0].kill.signal: SIGKILL, but the kernel ignores it from inside the container's own PID namespace (pid_namespaces(7)); want via: node, or another signal"},
		"no helper":         {check.Kill{Via: check.ViaEphemeral}, nil, "disruptions[0].kill.helperImage: missing; via: ephemeral needs the image of this tool, where the cluster's nodes find it"},
		"too many":          {check.Kill{Pods: 4}, nil, "disruptions[0].kill.pods: 4, but deployment/web wants 3 pods; want 1 to 3"},
		"no such container": {check.Kill{Container: "db"}, nil, `disruptions[0].kill.container: deployment/web has no container "db"; want app or log`},
		"shared processes": {
			check.Kill{},
			func(d *appsv1.Deployment) { d.Spec.Template.Spec.ShareProcessNamespace = new(true) },
			"disruptions[0].kill: the pods of deployment/web share one PID namespace (shareProcessNamespace or hostPID), where PID 1 is not container app's",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, func(d *appsv1.Deployment) {
				if test.change != nil {
					test.change(d)
				}
			})
			lines, err := c.open().Plan(t.Context(), []check.Disruption{aKill(test.kill)})
			if got := strings.Join(lines, "\n") + text(err); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// The helper ends at once: how, and whether the target ends with it, is the
// test's.
func TestKillByEphemeralContainer(t *testing.T) {
	tests := map[string]struct {
		user     *int64
		code     int32
		message  string
		security string
		want     string
	}{
		"as root": {nil, 0, "", `{"capabilities":{"add":["KILL"],"drop":["ALL"]},"runAsUser":0,"runAsNonRoot":false,"allowPrivilegeEscalation":false,"seccompProfile":{"type":"RuntimeDefault"}}`, ""},
		"as the target's user, and killed along with it": {new(int64(1000)), 137, "", `{"capabilities":{"drop":["ALL"]},"runAsUser":1000,"runAsNonRoot":true,"allowPrivilegeEscalation":false,"seccompProfile":{"type":"RuntimeDefault"}}`, ""},
		"not permitted": {
			nil, 4, "shutdowncheck: send SIGTERM to process 1: operation not permitted\n", "",
			"send SIGTERM to container app of pod web-h7-1: the helper ended with exit code 4: send SIGTERM to process 1: operation not permitted",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, func(d *appsv1.Deployment) {
				d.Spec.Template.Spec.SecurityContext = &corev1.PodSecurityContext{RunAsUser: test.user}
			})
			var helper corev1.EphemeralContainer
			c.Client.PrependReactor("patch", "pods", func(action clienttesting.Action) (bool, runtime.Object, error) {
				patch := action.(clienttesting.PatchAction)
				var pod corev1.Pod
				c.must(json.Unmarshal(patch.GetPatch(), &pod))
				helper = pod.Spec.EphemeralContainers[0]
				for _, p := range c.Pods() {
					if p.Name == patch.GetName() {
						p.Status.EphemeralContainerStatuses = []corev1.ContainerStatus{{Name: helper.Name, State: corev1.ContainerState{
							Terminated: &corev1.ContainerStateTerminated{ExitCode: test.code, Message: test.message},
						}}}
						c.must(c.Client.Tracker().Update(fakecluster.Pods, p, namespace))
					}
				}
				c.restartContainer(patch.GetName(), "app")
				return true, &pod, nil
			})
			r := c.begin("run-1")
			byHelper := aKill(check.Kill{Via: check.ViaEphemeral, HelperImage: "tool:1"})
			err := r.Do(t.Context(), 0, byHelper)
			c.usedAsAsked(t, byHelper)
			if text(err) != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
			want(t, "writes", c.Writes(), "patch deployments/", "patch pods/ephemeralcontainers")
			want(t, "helper", []string{helper.TargetContainerName, helper.Name, helper.Image, strings.Join(helper.Args, " ")},
				"app", "shutdowncheck-1", "tool:1", "signal --signal SIGTERM --pid 1")
			security, err := json.Marshal(helper.SecurityContext)
			c.must(err)
			if test.security != "" && string(security) != test.security {
				t.Errorf("got %s", security)
			}
		})
	}
}

// Whatever becomes of the helper pod, it is deleted.
func TestKillByNode(t *testing.T) {
	tests := map[string]struct {
		status corev1.PodStatus
		stop   bool
		want   string
	}{
		"sent": {corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{Name: helperName, State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{}}}}}, false, ""},
		"no such process": {corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{Name: helperName, State: corev1.ContainerState{
			Terminated: &corev1.ContainerStateTerminated{ExitCode: 4, Message: "shutdowncheck: no process\n"},
		}}}}, false, "send SIGKILL to container app of pod web-h7-1: the helper ended with exit code 4: no process"},
		"no such image": {corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{Name: helperName, Image: "tool:1", State: corev1.ContainerState{
			Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff", Message: "back-off"},
		}}}}, false, "send SIGKILL to container app of pod web-h7-1: the helper's image tool:1 cannot be pulled (ImagePullBackOff: back-off)"},
		"refused by the node": {
			corev1.PodStatus{Phase: corev1.PodFailed, Reason: "OutOfcpu", Message: "no"},
			false,
			"send SIGKILL to container app of pod web-h7-1: the helper pod was refused by node node-1 (OutOfcpu: no)",
		},
		"stopped": {corev1.PodStatus{}, true, "kill of deployment/web did not come to its end (stopped): send SIGKILL to container app of pod web-h7-1: the helper has not ended: stopped"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t)
			ctx, cancel := context.WithCancelCause(t.Context())
			var helper *corev1.Pod
			c.Client.PrependReactor("create", "pods", func(action clienttesting.Action) (bool, runtime.Object, error) {
				helper = action.(clienttesting.CreateAction).GetObject().(*corev1.Pod).DeepCopy()
				helper.Namespace, helper.Status = namespace, test.status
				c.must(c.Client.Tracker().Add(helper))
				c.restartContainer("web-h7-1", "app")
				if test.stop {
					cancel(errors.New("stopped"))
				}
				return true, helper, nil
			})
			r := c.begin("run-1")
			byHelper := aKill(check.Kill{Signal: "SIGKILL", Via: check.ViaNode, HelperImage: "tool:1"})
			err := r.Do(ctx, 0, byHelper)
			c.usedAsAsked(t, byHelper)
			if text(err) != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
			want(t, "writes", c.Writes(), "patch deployments/", "create pods/", "delete pods/")
			want(t, "helper", []string{helper.Spec.NodeName, strings.Join(helper.Spec.Containers[0].Args, " ")},
				"node-1", "signal --signal SIGKILL --container-id app-of-web-h7-1")
			if len(c.Pods()) != 3 {
				t.Errorf("%d pods are left", len(c.Pods()))
			}
		})
	}
}
