//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// away is how long the API server does not answer.
const away = 30 * time.Second

// clone deploys the victim once more under another name, without a service: its pods get
// no requests, but they take as long to end.
func (v *victim) clone(t *testing.T, name string) *victim {
	t.Helper()
	d := v.deployment(t).DeepCopy()
	labels := map[string]string{"app": name}
	d.ObjectMeta = metav1.ObjectMeta{Name: name, Namespace: v.namespace, Labels: labels}
	d.Spec.Selector = &metav1.LabelSelector{MatchLabels: labels}
	d.Spec.Template.Labels = labels
	if _, err := client.AppsV1().Deployments(v.namespace).Create(t.Context(), d, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	same := &victim{place: v.place, name: name, kind: v.kind, url: v.url}
	same.waitSteady(t)
	return same
}

// waitAlone waits until one pod is in rotation, by the service's slices and by the proxy
// that the requests of a check go through.
func (v *victim) waitAlone(t *testing.T) {
	t.Helper()
	waitFor(t, "one pod to be alone in rotation", func(ctx context.Context) (string, error) {
		ready, err := v.readyEndpoints(ctx)
		if err != nil || ready != 1 {
			return fmt.Sprintf("%d are ready", ready), err
		}
		// So many that two pods would hardly leave all of them to one.
		pods, err := v.answering(ctx, 20)
		switch {
		case err != nil:
			return err.Error(), nil
		case len(pods) != 1:
			return fmt.Sprintf("%d answer", len(pods)), nil
		}
		return "", nil
	})
}

// readyEndpoints counts the endpoints of the service that its slices call ready.
func (v *victim) readyEndpoints(ctx context.Context) (ready int, err error) {
	list, err := client.DiscoveryV1().EndpointSlices(v.namespace).List(ctx, metav1.ListOptions{LabelSelector: discoveryv1.LabelServiceName + "=" + v.name})
	if err != nil {
		return 0, err
	}
	for _, slice := range list.Items {
		for _, endpoint := range slice.Endpoints {
			if endpoint.Conditions.Ready == nil || *endpoint.Conditions.Ready {
				ready++
			}
		}
	}
	return ready, nil
}

// answering gives which pods answer so many requests, each on a connection of its own.
func (v *victim) answering(ctx context.Context, requests int) (pods map[string]bool, err error) {
	pods = map[string]bool{}
	fresh := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for range requests {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, v.url, nil)
		if err != nil {
			return nil, err
		}
		response, err := fresh.Do(request)
		if err != nil {
			return nil, err
		}
		_ = response.Body.Close()
		pods[response.Header.Get("X-Pod-Name")] = true
	}
	return pods, nil
}

// signalAPIServer stops the API server's process, or lets it go on.
func signalAPIServer(t *testing.T, signal string) {
	t.Helper()
	kill := fmt.Sprintf(`pkill -%[1]s -x kube-apiserver || pkill -%[1]s -f '^kube-apiserver '`, signal)
	if out, err := exec.CommandContext(t.Context(), "docker", "exec", "shutdowncheck-control-plane", "sh", "-c", kill).CombinedOutput(); err != nil {
		t.Fatalf("sending %s to the API server: %v\n%s", signal, err, out)
	}
}

// The API server does not answer for half a minute: one run is in its baseline, one
// scales down, one puts back. It runs while no other test does, because all share the
// server.
func TestAPIServerAway(t *testing.T) {
	scaling := newSolePlace(t).deploy(t, "graceful")
	baseline, restoring := scaling.clone(t, "graceful-baseline"), scaling.clone(t, "graceful-restoring")
	all := []*victim{baseline, scaling, restoring}
	var before []state
	for _, v := range all {
		before = append(before, v.state(t))
	}
	load := []string{"--rate", "20", "--settle", "1s", "--scale-to", "1"}
	// The clones have no service: what is asked meanwhile is the first one's, on purpose.
	calls := []*call{
		baseline.startCheck(t, append(load, "--service", scaling.name, "--baseline", "50s")...),
		scaling.startCheck(t, append(load, "--baseline", "2s")...),
		restoring.startCheck(t, append(load, "--service", scaling.name, "--baseline", "2s")...),
	}
	scaling.waitScaledTo(t, 1)
	restoring.waitScaledTo(t, 1)
	// Pods that leave while the proxies cannot hear of it lose requests, however well they
	// drain.
	scaling.waitAlone(t)
	signalAPIServer(t, "STOP")
	if err := calls[2].cmd.Process.Signal(os.Interrupt); err != nil {
		t.Error(err)
	}
	time.Sleep(away) // this is the fault, not a wait
	signalAPIServer(t, "CONT")

	for i, v := range all {
		run := calls[i].wait(t)
		if want := []int{passed, failed, inconclusive, interrupted}; run.code == toolError || run.code == usage {
			t.Errorf("%s: exit code %d, want one of %v\n%s", v.name, run.code, want, run.stderr)
		}
		v.wantPutBack(t, before[i])
		for _, s := range run.report(t).Streams {
			if s.Failed > 0 {
				t.Errorf("%s: %s lost %d requests to an API server that no request goes through", v.name, s.Name, s.Failed)
			}
		}
	}
}

// The rights are taken away in the midst of a run: what is left is told with the command
// for it, and whoever has the rights puts it back.
func TestRightsThatVanish(t *testing.T) {
	graceful := newPlace(t).deploy(t, "graceful")
	before := graceful.state(t)
	bindings := client.RbacV1().RoleBindings(graceful.namespace)
	_, err := bindings.Create(t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "checker"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "edit"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: "checker", Namespace: graceful.namespace}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	check := graceful.startCheck(t, append(quick, "--scale-to", "1", "--as", "system:serviceaccount:"+graceful.namespace+":checker")...)
	graceful.waitScaledTo(t, 1)
	if err := bindings.Delete(t.Context(), "checker", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	run := check.wait(t)
	run.want(t, toolError)
	workload := graceful.kind + "/" + graceful.name
	for _, want := range []string{"the replicas are 1 instead of 3", "the right to put it back is gone", "shutdowncheck restore " + workload + " -n " + graceful.namespace} {
		if !strings.Contains(run.stderr, want) {
			t.Errorf("%q is not in\n%s", want, run.stderr)
		}
	}
	runTool(t, "restore", workload, "-n", graceful.namespace).want(t, 0)
	graceful.wantPutBack(t, before)
}

// Somebody else writes to the workload as fast as they can: the run gets its own writes
// through, and undoes them.
func TestConflictStorm(t *testing.T) {
	graceful := newPlace(t).deploy(t, "graceful")
	before := graceful.state(t)
	// It ends with the check. Without a deadline: near one the client's own limit of
	// requests fails a write before the context has ended.
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var storm sync.WaitGroup
	writes := 0
	storm.Go(func() {
		for ; ctx.Err() == nil; writes++ {
			// A label, as annotations count as a generation each, which nobody takes up so fast.
			patch := fmt.Appendf(nil, `{"metadata":{"labels":{"storm":"%d"}}}`, writes)
			_, err := client.AppsV1().Deployments(graceful.namespace).Patch(ctx, graceful.name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: "storm"})
			if err != nil && ctx.Err() == nil {
				t.Errorf("storm: %v", err)
				return
			}
		}
	})
	run := graceful.check(t, append(quick, "--scale-to", "1", "--env", "E2E=1")...)
	stop()
	storm.Wait()
	t.Logf("%d writes of somebody else's", writes)
	if run.code != passed && run.code != inconclusive {
		t.Errorf("exit code %d\n%s%s", run.code, run.stdout, run.stderr)
	}
	if done := run.report(t).Disruptions; len(done) != 2 {
		t.Errorf("%d disruptions were done, want 2", len(done))
	}
	graceful.wantPutBack(t, before)
	graceful.wantNoVariable(t, "E2E")
}
