//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// patience bounds whatever the cluster has to do. Nothing is judged by it: how
// long things take depends on the machine.
const patience = 3 * time.Minute

// ownLabel marks the namespaces of these tests.
const ownLabel = "shutdowncheck.io/e2e"

var (
	// slots bounds how many tests load the machine at once: a busy one cannot
	// keep the schedule, and then nothing is proven. Two on two processors had
	// threads waiting for 80 ms while pods started.
	slots = make(chan struct{}, max(1, runtime.NumCPU()/2))
	// ports are NodePorts that kind-config.yaml brings to 127.0.0.1.
	ports = make(chan port, 6)
)

func init() {
	for number := int32(30083); number <= 30088; number++ {
		ports <- port{number: number}
	}
}

// port is a NodePort that can be used from a moment on.
type port struct {
	number int32
	rested time.Time
}

// rest is how long a node remembers a connection that was never answered, and
// would lead a new one from the same client port to the same dead pod
// (nf_conntrack_tcp_timeout_syn_sent, and some seconds for the last attempt). The
// engine's proxy in front of the nodes' ports chooses its own by itself.
const rest = 130 * time.Second

func takePort(t *testing.T) int32 {
	t.Helper()
	for {
		p := <-ports
		if !time.Now().Before(p.rested) {
			return p.number
		}
		ports <- p
		select {
		case <-t.Context().Done():
			t.Fatal("no port is free")
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// place is where one test works: a namespace, a port, and a folder that its
// pods know as /out/NAMESPACE.
type place struct {
	namespace string
	port      int32
	folder    string
	// runs counts the recordings made.
	runs int
	// lossy tells that a run lost requests, so that the port needs a rest.
	lossy bool
	// sendersFirst tells that the pods that send have priority.
	sendersFirst bool
}

// newPlace makes the test parallel and waits for its turn.
func newPlace(t *testing.T) *place {
	t.Helper()
	t.Parallel()
	return newSolePlace(t)
}

// newSolePlace is for a test that runs while no other does.
func newSolePlace(t *testing.T) *place {
	t.Helper()
	slots <- struct{}{}
	t.Cleanup(func() { <-slots })

	space, err := client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		GenerateName: "e2e-", Labels: map[string]string{ownLabel: strings.ToLower(filepath.Base(t.Name()))},
	}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	p := &place{namespace: space.Name, port: takePort(t), folder: filepath.Join(shared, space.Name)}
	t.Cleanup(p.freePort)
	t.Cleanup(func() { p.remove(t) })
	if err := os.Mkdir(p.folder, 0o777); err != nil {
		t.Fatal(err)
	}
	// The victims run as another user, and the umask does not count them in.
	if err := os.Chmod(p.folder, 0o777); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *place) freePort() {
	free := port{number: p.port}
	if p.lossy {
		free.rested = time.Now().Add(rest)
	}
	ports <- free
}

func (p *place) remove(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	// The services at once, for another test may want their port.
	services, err := client.CoreV1().Services(p.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		t.Error(err)
		return
	}
	for _, service := range services.Items {
		if err := client.CoreV1().Services(p.namespace).Delete(ctx, service.Name, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	}
	if err := client.CoreV1().Namespaces().Delete(ctx, p.namespace, metav1.DeleteOptions{}); err != nil {
		t.Error(err)
	}
	if err := os.RemoveAll(p.folder); err != nil {
		t.Error(err)
	}
}

// removeLeftovers removes what an earlier run of the tests left that was ended
// before it could.
func removeLeftovers() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	old, err := client.CoreV1().Namespaces().List(ctx, metav1.ListOptions{LabelSelector: ownLabel})
	if err != nil {
		return err
	}
	for _, space := range old.Items {
		if err := freePods(ctx, space.Name); err != nil {
			return err
		}
		if err := client.CoreV1().Namespaces().Delete(ctx, space.Name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
			return err
		}
		if err := os.RemoveAll(filepath.Join(shared, space.Name)); err != nil {
			return err
		}
	}
	return poll(ctx, "the namespaces of earlier tests to go", func(ctx context.Context) (string, error) {
		left, err := client.CoreV1().Namespaces().List(ctx, metav1.ListOptions{LabelSelector: ownLabel})
		if err != nil || len(left.Items) == 0 {
			return "", err
		}
		return fmt.Sprintf("%d are left", len(left.Items)), nil
	})
}

// freePods takes away what a test had put on pods to keep them from going.
func freePods(ctx context.Context, namespace string) error {
	pods, err := client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, pod := range pods.Items {
		if len(pod.Finalizers) == 0 {
			continue
		}
		patch := []byte(`{"metadata":{"finalizers":null}}`)
		if _, err := client.CoreV1().Pods(namespace).Patch(ctx, pod.Name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil && !apierrors.IsNotFound(err) {
			return err
		}
	}
	return nil
}

// waitFor fails the test unless pending soon finds nothing more to wait for.
func waitFor(t *testing.T, what string, pending func(context.Context) (string, error)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := poll(ctx, what, pending); err != nil {
		t.Fatal(err)
	}
}

func poll(ctx context.Context, what string, pending func(context.Context) (string, error)) error {
	last := ""
	for {
		reason, err := pending(ctx)
		switch {
		case err == nil && reason == "":
			return nil
		case err != nil && ctx.Err() == nil:
			return fmt.Errorf("waiting for %s: %w", what, err)
		case reason != "":
			last = reason
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited for %s: %s", what, last)
		case <-time.After(200 * time.Millisecond):
		}
	}
}
