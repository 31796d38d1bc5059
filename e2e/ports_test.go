//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// doorkeeper says to each connection the address of its pod, and ends it as it is
// told: R resets it.
const doorkeeper = `
import os, signal, socket, struct
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
with socket.create_server(("", 8080)) as door:
    while True:
        conn, _ = door.accept()
        with conn:
            try:
                how = conn.recv(1)
                conn.sendall(os.environ["ADDRESS"].encode())
                if how == b"R":
                    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            except OSError:
                pass
`

// caller connects to an address from each of its local ports in turn, and prints who
// answered; nobody is empty, and REFUSED a connection that was refused.
const caller = `
import json, socket, sys
address, door, how, *ports = sys.argv[1:]
def ask(port):
    with socket.socket() as conn:
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        conn.settimeout(1)
        conn.bind(("", int(port)))
        try:
            conn.connect((address, int(door)))
            conn.sendall(how.encode())
            pod = conn.recv(64).decode()
        except ConnectionRefusedError:
            return "REFUSED"
        except OSError:
            return ""
        try:
            conn.recv(1)
        except ConnectionResetError:
            pass
        return pod
print(json.dumps([ask(port) for port in ports]))
`

// refusal is what the caller prints of one.
const refusal = "REFUSED"

// nobody tells whether no pod answered.
func nobody(answer string) bool { return answer == "" || answer == refusal }

// How connection tracking treats local ports, in whatever way the proxies lead
// connections to pods. The choice of ports (package attack) and the analysis of
// dials that fail (report/analysis) rest on it.
func TestLocalPortsInConnectionTracking(t *testing.T) {
	p := newPlace(t)
	p.run(t, "caller", "import signal; signal.pause()", nil)
	labels := map[string]string{"app": "doorkeeper"}
	for i := range 4 {
		p.run(t, fmt.Sprintf("doorkeeper-%d", i), doorkeeper, labels)
	}
	pods := p.waitReady(t, 5)
	c := &callers{place: p, next: 40000}
	var gone string // the address of a pod that is gone

	t.Run("a reset holds the pod", func(t *testing.T) {
		address := p.expose(t, "all", labels)
		c.waitAnswered(t, address)
		const times = 20
		samePort := func() []string { return slices.Repeat(c.fresh(1), times) }
		if got := c.askAgain(t, address, "R", samePort); len(got) != 1 || nobody(got[0]) {
			t.Errorf("of %d connections from one port, each after a reset, pods answered: %q; want one pod", times, got)
		}
		if got := answering(c.askAgain(t, address, "F", samePort)); len(got) < 2 {
			t.Errorf("of %d connections from one port, each after a FIN, pods answered: %q; want several", times, got)
		}

		var held []string
		gone, held = c.hold(t, address)
		began := time.Now()
		if got := answering(c.ask(t, address, "R", held)); !slices.Equal(got, []string{gone}) {
			t.Fatalf("%q answered, want %s", got, gone)
		}
		reset := time.Now()
		p.force(t, pods[gone])
		delete(pods, gone)
		c.waitForgotten(t, address, gone)
		got := c.ask(t, address, "F", held[:1])
		if since := time.Since(began); since > trackedAfterReset {
			t.Logf("the pod took %s to go: whether its ports lead to it cannot be seen", since)
		} else if !nobody(got[0]) {
			t.Errorf("%s answered on a port that its predecessor had reset %s before, want nobody", got[0], since)
		}
		twenty := func() []string { return c.fresh(20) }
		if got := c.askAgain(t, address, "F", twenty); slices.ContainsFunc(got, nobody) || slices.Contains(got, gone) {
			t.Errorf("%q answered on ports that had no connection before, want pods that are there", got)
		}
		time.Sleep(time.Until(reset.Add(trackedAfterReset + time.Second)))
		if got := answering(c.ask(t, address, "F", held[1:])); len(got) == 0 || slices.Contains(got, gone) {
			t.Errorf("%q answered on ports that were reset more than %s before, want pods that are there", got, trackedAfterReset)
		}
	})

	t.Run("silence holds the pod, a refusal does not", func(t *testing.T) {
		there := ""
		for there = range pods {
		}
		if gone == "" {
			t.Fatal("no pod has gone: run the case before as well")
		}
		address := p.expose(t, "one", nil)
		p.lead(t, "one", there, 8080)
		c.waitAnswered(t, address)
		p.lead(t, "one", gone, 8080)
		c.waitLed(t, address, "")
		silent := c.fresh(1)
		if got := c.ask(t, address, "F", silent); got[0] != "" {
			t.Fatalf("%s answered at the address of a pod that is gone", got[0])
		}
		p.lead(t, "one", there, 8081) // where it does not listen
		refused := c.waitLed(t, address, refusal)
		p.lead(t, "one", there, 8080)
		c.waitLed(t, address, there)
		if got := c.ask(t, address, "F", silent); got[0] != "" {
			t.Errorf("%s answered on a port whose connection was never answered, want nobody", got[0])
		}
		if got := answering(c.ask(t, address, "F", refused)); !slices.Equal(got, []string{there}) {
			t.Errorf("%q answered on ports whose connections were refused, want %s", got, there)
		}
	})
}

// trackedAfterReset is net.netfilter.nf_conntrack_tcp_timeout_close.
const trackedAfterReset = 10 * time.Second

// callers connect from ports that none of them has used before.
type callers struct {
	*place
	next int
}

func (c *callers) fresh(n int) []string {
	ports := make([]string, n)
	for i := range ports {
		ports[i] = strconv.Itoa(c.next)
		c.next++
	}
	return ports
}

// ask gives who answered on each port.
func (c *callers) ask(t *testing.T, address, how string, ports []string) []string {
	t.Helper()
	return c.askDoor(t, address, 80, how, ports)
}

// askAgain gives who answered, in their order. Whoever stands still for a second looks like
// nobody: then all is asked once more, on other ports, as a port remembers.
func (c *callers) askAgain(t *testing.T, address, how string, ports func() []string) []string {
	t.Helper()
	got := distinct(c.ask(t, address, how, ports()))
	if slices.Contains(got, "") {
		t.Logf("%q answered: once more", got)
		got = distinct(c.ask(t, address, how, ports()))
	}
	return got
}

// hold resets connections until there are three ports that lead to one pod: two are
// looked at after the same time, because whoever stands still for a second looks like
// nobody.
func (c *callers) hold(t *testing.T, address string) (pod string, ports []string) {
	t.Helper()
	held := map[string][]string{}
	for {
		asked := c.fresh(6)
		for i, pod := range c.ask(t, address, "R", asked) {
			if nobody(pod) {
				continue
			}
			if held[pod] = append(held[pod], asked[i]); len(held[pod]) == 3 {
				return pod, held[pod]
			}
		}
	}
}

// askDoor asks at a port of the address.
func (c *callers) askDoor(t *testing.T, address string, door int, how string, ports []string) []string {
	t.Helper()
	args := append([]string{"exec", "-n", c.namespace, "caller", "--", "python3", "-c", caller, address, strconv.Itoa(door), how}, ports...)
	out, err := exec.CommandContext(t.Context(), "kubectl", args...).Output()
	if err != nil {
		t.Fatalf("kubectl exec: %v\n%s", err, out)
	}
	var pods []string
	if err := json.Unmarshal(out, &pods); err != nil {
		t.Fatal(err)
	}
	return pods
}

// waitAnswered waits until the proxies lead the address somewhere.
func (c *callers) waitAnswered(t *testing.T, address string) {
	t.Helper()
	waitFor(t, address+" to answer", func(context.Context) (string, error) {
		if slices.ContainsFunc(c.ask(t, address, "F", c.fresh(5)), nobody) {
			return "not all connections are answered", nil
		}
		return "", nil
	})
}

// waitForgotten waits until the pod is dead and the proxies lead the address to it no
// more. One that is dead answers nobody, so that its silence does not show the second.
func (c *callers) waitForgotten(t *testing.T, address, gone string) {
	t.Helper()
	waitFor(t, "the pod to be dead", func(context.Context) (string, error) {
		if len(answering(c.askDoor(t, gone, 8080, "F", c.fresh(2)))) > 0 {
			return "it answers", nil
		}
		return "", nil
	})
	waitFor(t, "the proxies to forget the pod", func(context.Context) (string, error) {
		got := c.ask(t, address, "F", c.fresh(20))
		if slices.ContainsFunc(got, nobody) || slices.Contains(got, gone) {
			return fmt.Sprintf("%q answer", distinct(got)), nil
		}
		return "", nil
	})
}

// waitLed waits until the proxies lead the address to one pod, to nobody or to a refusal,
// and gives the ports that it was seen on. It takes several, as one that stands still for
// a second looks like nobody.
func (c *callers) waitLed(t *testing.T, address, pod string) (ports []string) {
	t.Helper()
	waitFor(t, "the proxies to know", func(context.Context) (string, error) {
		ports = c.fresh(3)
		if got := distinct(c.ask(t, address, "F", ports)); !slices.Equal(got, []string{pod}) {
			return fmt.Sprintf("%q answer", got), nil
		}
		return "", nil
	})
	return ports
}

// answering gives the pods among the answers.
func answering(answers []string) []string {
	return distinct(slices.DeleteFunc(answers, nobody))
}

func distinct(pods []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(pods)))
}

// run begins a pod of its own that runs a script.
func (p *place) run(t *testing.T, name, script string, labels map[string]string) {
	t.Helper()
	c := corev1.Container{
		Name: "python", Image: "shutdowncheck-flask:dev", ImagePullPolicy: corev1.PullIfNotPresent,
		Command: []string{"python3", "-c", script},
		Env:     []corev1.EnvVar{{Name: "ADDRESS", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "status.podIP"}}}},
	}
	if labels != nil {
		c.ReadinessProbe = &corev1.Probe{
			ProbeHandler:  corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromInt32(8080)}},
			PeriodSeconds: 1,
		}
	}
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels},
		Spec:       corev1.PodSpec{TerminationGracePeriodSeconds: new(int64(1)), Containers: []corev1.Container{c}},
	}
	if _, err := client.CoreV1().Pods(p.namespace).Create(t.Context(), pod, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// waitReady waits for so many pods, and gives the names of those with a label by
// their addresses.
func (p *place) waitReady(t *testing.T, n int) map[string]string {
	t.Helper()
	names := map[string]string{}
	waitFor(t, "the pods to be Ready", func(ctx context.Context) (string, error) {
		pods, err := client.CoreV1().Pods(p.namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return "", err
		}
		ready := 0
		for _, pod := range pods.Items {
			if slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
				return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
			}) {
				ready++
				if len(pod.Labels) > 0 {
					names[pod.Status.PodIP] = pod.Name
				}
			}
		}
		if ready < n {
			return fmt.Sprintf("%d of %d are", ready, n), nil
		}
		return "", nil
	})
	return names
}

// force deletes a pod without any grace.
func (p *place) force(t *testing.T, pod string) {
	t.Helper()
	if err := client.CoreV1().Pods(p.namespace).Delete(t.Context(), pod, metav1.DeleteOptions{GracePeriodSeconds: new(int64(0))}); err != nil {
		t.Fatal(err)
	}
}

// expose makes a Service and gives its address. Without labels it leads wherever lead
// says.
func (p *place) expose(t *testing.T, name string, labels map[string]string) string {
	t.Helper()
	service, err := client.CoreV1().Services(p.namespace).Create(t.Context(), &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: corev1.ServiceSpec{
			Selector: labels,
			Ports:    []corev1.ServicePort{{Name: "door", Port: 80, TargetPort: intstr.FromInt32(8080)}},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return service.Spec.ClusterIP
}

// lead has a Service without labels lead to an address alone.
func (p *place) lead(t *testing.T, service, address string, port int32) {
	t.Helper()
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta:  metav1.ObjectMeta{Name: service, Labels: map[string]string{discoveryv1.LabelServiceName: service}},
		AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints:   []discoveryv1.Endpoint{{Addresses: []string{address}}},
		Ports:       []discoveryv1.EndpointPort{{Name: new("door"), Port: new(port)}},
	}
	slices := client.DiscoveryV1().EndpointSlices(p.namespace)
	_, err := slices.Update(t.Context(), slice, metav1.UpdateOptions{})
	if err != nil {
		_, err = slices.Create(t.Context(), slice, metav1.CreateOptions{})
	}
	if err != nil {
		t.Fatal(err)
	}
}
