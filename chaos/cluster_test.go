package chaos

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

const namespace = "shop"

var (
	web         = check.Workload{Kind: check.Deployment, Name: "web"}
	deployments = appsv1.SchemeGroupVersion.WithResource("deployments")
	podsOf      = corev1.SchemeGroupVersion.WithResource("pods")
	nodesOf     = corev1.SchemeGroupVersion.WithResource("nodes")
)

// cluster is a fake API with one Deployment, and by choice a controller that
// does at once, within the call that asks for it, what the real one does in
// seconds. It proves nothing about Kubernetes: it is there to see what this
// package asks, writes down and reports.
type cluster struct {
	t      *testing.T
	client *fake.Clientset
	// obedient makes the controller act.
	obedient bool
	// watches are those that a list has already begun, by resource.
	watches map[string]watch.Interface
	// conflicts is how many writes are still refused as conflicts.
	conflicts int
	made      int
	// version is the Deployment's last resource version.
	version int
	// nodes are where pods are put, one after the other.
	nodes []string
	// refusal answers a request for an eviction; nil, or one that gives nil,
	// grants it.
	refusal func(pod string) error
	// asking is held while pods are ended: they are asked to at the same time.
	asking sync.Mutex

	// onWrite is called before each write.
	onWrite func(clienttesting.Action)
}

func newCluster(t *testing.T, change ...func(*appsv1.Deployment)) *cluster {
	t.Helper()
	d := deployment()
	for _, f := range change {
		f(d)
	}
	c := &cluster{t: t, client: fake.NewClientset(d), obedient: true, watches: map[string]watch.Interface{}}
	for range *d.Spec.Replicas {
		c.makePod(d)
	}
	c.client.PrependReactor("patch", "deployments", c.patch)
	c.client.PrependReactor("patch", "nodes", c.patchNode)
	c.client.PrependReactor("delete", "pods", c.deletePod)
	c.client.PrependReactor("create", "pods", c.evictPod)
	c.client.PrependReactor("list", "*", c.list)
	c.client.PrependWatchReactor("*", c.watch)
	return c
}

func deployment() *appsv1.Deployment {
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{
			Name: "web", Namespace: namespace, UID: "uid-web", Generation: 4,
			Annotations: map[string]string{"deployment.kubernetes.io/revision": "7", "owner": "shop"},
		},
		Spec: appsv1.DeploymentSpec{
			Replicas: new(int32(3)),
			Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "web", "tier": "front"}},
				Spec: corev1.PodSpec{Containers: []corev1.Container{
					{Name: "app", Image: "web:1", Env: []corev1.EnvVar{
						{Name: "MODE", Value: "fast"},
						{Name: "NODE", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "spec.nodeName"}}},
						{Name: "TWICE", Value: "1"},
						{Name: "TWICE", Value: "2"},
					}},
					{Name: "log", Image: "log:1"},
				}},
			},
		},
		Status: appsv1.DeploymentStatus{ObservedGeneration: 4, Replicas: 3, UpdatedReplicas: 3, ReadyReplicas: 3, AvailableReplicas: 3},
	}
}

func (c *cluster) makePod(d *appsv1.Deployment) {
	hash := "h" + d.Annotations["deployment.kubernetes.io/revision"]
	c.made++
	name := fmt.Sprintf("web-%s-%d", hash, c.made)
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: namespace, UID: types.UID("uid-" + name),
			Labels:          map[string]string{"app": "web", "pod-template-hash": hash},
			OwnerReferences: []metav1.OwnerReference{{Kind: "ReplicaSet", Name: "web-" + hash, Controller: new(true)}},
		},
		Spec:   *d.Spec.Template.Spec.DeepCopy(),
		Status: corev1.PodStatus{Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}},
	}
	for _, container := range pod.Spec.Containers {
		pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, corev1.ContainerStatus{
			Name: container.Name, ContainerID: "containerd://" + container.Name + "-of-" + name, Ready: true,
			State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}},
		})
	}
	pod.Spec.NodeName = "node-1"
	if len(c.nodes) > 0 {
		pod.Spec.NodeName = c.nodes[c.made%len(c.nodes)]
	}
	c.must(c.client.Tracker().Add(pod))
}

// onNodes gives the cluster Ready nodes of those names and puts the pods on
// them, one after the other.
func (c *cluster) onNodes(names ...string) {
	for _, name := range names {
		c.must(c.client.Tracker().Add(&corev1.Node{
			ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{corev1.LabelHostname: name}},
			Status:     corev1.NodeStatus{Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}},
		}))
	}
	c.nodes = names
	for i, pod := range c.pods() {
		pod.Spec.NodeName = names[i%len(names)]
		c.must(c.client.Tracker().Update(podsOf, pod, namespace))
	}
}

func (c *cluster) node(name string) *corev1.Node {
	o, err := c.client.Tracker().Get(nodesOf, "", name)
	c.must(err)
	return o.(*corev1.Node).DeepCopy()
}

func (c *cluster) setNode(name string, change func(*corev1.Node)) {
	node := c.node(name)
	change(node)
	c.version++
	node.ResourceVersion = strconv.Itoa(c.version)
	c.must(c.client.Tracker().Update(nodesOf, node, ""))
}

func (c *cluster) deletePod(action clienttesting.Action) (bool, runtime.Object, error) {
	if c.onWrite != nil {
		c.onWrite(action)
	}
	asked := action.(clienttesting.DeleteAction)
	return true, nil, c.end(asked.GetNamespace(), asked.GetName(), asked.GetDeleteOptions())
}

func (c *cluster) evictPod(action clienttesting.Action) (bool, runtime.Object, error) {
	if action.GetSubresource() != "eviction" {
		return false, nil, nil
	}
	if c.onWrite != nil {
		c.onWrite(action)
	}
	eviction := action.(clienttesting.CreateAction).GetObject().(*policyv1.Eviction)
	if c.refusal != nil {
		if err := c.refusal(eviction.Name); err != nil {
			return true, nil, err
		}
	}
	return true, nil, c.end(eviction.Namespace, eviction.Name, *eviction.DeleteOptions)
}

// end ends a pod and, if the controller obeys, makes another on the node that
// is not cordoned.
func (c *cluster) end(namespace, name string, options metav1.DeleteOptions) error {
	c.asking.Lock()
	defer c.asking.Unlock()
	o, err := c.client.Tracker().Get(podsOf, namespace, name)
	if err != nil {
		return err
	}
	pod := o.(*corev1.Pod)
	if options.Preconditions != nil && *options.Preconditions.UID != pod.UID {
		return apierrors.NewConflict(podsOf.GroupResource(), name, errors.New("the UID in the precondition does not match"))
	}
	if !c.obedient {
		return nil
	}
	c.must(c.client.Tracker().Delete(podsOf, namespace, name))
	if c.nodes = slices.DeleteFunc(slices.Clone(c.nodes), func(node string) bool { return c.node(node).Spec.Unschedulable }); pod.Labels["app"] == "web" {
		c.makePod(c.deployment())
	}
	return nil
}

// selected answers a list of pods by a field, which the fake API would ignore.
func (c *cluster) selected(list clienttesting.ListAction) (bool, runtime.Object, error) {
	o, err := c.client.Tracker().List(podsOf, corev1.SchemeGroupVersion.WithKind("Pod"), list.GetNamespace())
	if err != nil {
		return true, nil, err
	}
	pods := o.(*corev1.PodList)
	pods.Items = slices.DeleteFunc(pods.Items, func(pod corev1.Pod) bool {
		return !list.GetListRestrictions().Fields.Matches(fields.Set{"metadata.name": pod.Name, "spec.nodeName": pod.Spec.NodeName})
	})
	return true, pods, nil
}

func (c *cluster) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *cluster) deployment() *appsv1.Deployment {
	o, err := c.client.Tracker().Get(deployments, namespace, "web")
	c.must(err)
	return o.(*appsv1.Deployment).DeepCopy()
}

// set changes the Deployment as somebody else would.
func (c *cluster) set(change func(*appsv1.Deployment)) {
	d := c.deployment()
	change(d)
	c.update(d)
}

// update writes the Deployment in a version of its own.
func (c *cluster) update(d *appsv1.Deployment) {
	c.version++
	d.ResourceVersion = strconv.Itoa(c.version)
	c.must(c.client.Tracker().Update(deployments, d, namespace))
}

func (c *cluster) pods() []*corev1.Pod {
	o, err := c.client.Tracker().List(podsOf, corev1.SchemeGroupVersion.WithKind("Pod"), namespace)
	c.must(err)
	var all []*corev1.Pod
	for i := range o.(*corev1.PodList).Items {
		all = append(all, &o.(*corev1.PodList).Items[i])
	}
	sortByName(all)
	return all
}

func (c *cluster) refuse(action clienttesting.Action) error {
	if c.onWrite != nil {
		c.onWrite(action)
	}
	if c.conflicts > 0 {
		c.conflicts--
		return apierrors.NewConflict(deployments.GroupResource(), "web", nil)
	}
	return nil
}

func (c *cluster) patch(action clienttesting.Action) (bool, runtime.Object, error) {
	if err := c.refuse(action); err != nil {
		return true, nil, err
	}
	before := c.deployment()
	var patch struct{ Metadata metav1.ObjectMeta }
	c.must(json.Unmarshal(action.(clienttesting.PatchAction).GetPatch(), &patch))
	if patch.Metadata.ResourceVersion != before.ResourceVersion {
		return true, nil, apierrors.NewConflict(deployments.GroupResource(), "web", errors.New("the object has been modified"))
	}
	_, _, err := clienttesting.ObjectReaction(c.client.Tracker())(action)
	if err != nil {
		return true, nil, err
	}
	after := c.deployment()
	switch {
	case !equalTemplates(before, after):
		c.rollOut(after)
	case *before.Spec.Replicas != *after.Spec.Replicas:
		after.Generation++
		if c.obedient {
			c.reach(after, *after.Spec.Replicas)
		}
		c.update(after)
	default:
		c.update(after)
	}
	return true, c.deployment(), nil
}

// patchNode refuses a patch of a version that is no longer the node's.
func (c *cluster) patchNode(action clienttesting.Action) (bool, runtime.Object, error) {
	patch := action.(clienttesting.PatchAction)
	var asked struct{ Metadata metav1.ObjectMeta }
	c.must(json.Unmarshal(patch.GetPatch(), &asked))
	node := c.node(patch.GetName())
	if asked.Metadata.ResourceVersion != node.ResourceVersion {
		return true, nil, apierrors.NewConflict(nodesOf.GroupResource(), node.Name, errors.New("the object has been modified"))
	}
	_, _, err := clienttesting.ObjectReaction(c.client.Tracker())(action)
	if err != nil {
		return true, nil, err
	}
	c.setNode(node.Name, func(*corev1.Node) {})
	return true, c.node(node.Name), nil
}

// list begins a watch before anything is listed, and watch hands it out: like
// a real API, and unlike the fake one, nothing is lost between the two.
func (c *cluster) list(action clienttesting.Action) (bool, runtime.Object, error) {
	resource := action.GetResource()
	if list := action.(clienttesting.ListAction); resource == podsOf && !list.GetListRestrictions().Fields.Empty() {
		return c.selected(list)
	}
	if old, ok := c.watches[resource.Resource]; ok {
		old.Stop()
	}
	begun, err := c.client.Tracker().Watch(resource, namespace)
	c.watches[resource.Resource] = begun
	return false, nil, err
}

func (c *cluster) watch(action clienttesting.Action) (bool, watch.Interface, error) {
	resource := action.GetResource()
	if begun, ok := c.watches[resource.Resource]; ok {
		delete(c.watches, resource.Resource)
		return true, begun, nil
	}
	begun, err := c.client.Tracker().Watch(resource, namespace)
	return true, begun, err
}

func equalTemplates(a, b *appsv1.Deployment) bool {
	return apiequality.Semantic.DeepEqual(a.Spec.Template, b.Spec.Template)
}

func stamp(d *appsv1.Deployment) *string {
	value, ok := d.Spec.Template.Annotations[restartedAtKey]
	if !ok {
		return nil
	}
	return &value
}

// rollOut replaces every pod.
func (c *cluster) rollOut(d *appsv1.Deployment) {
	d.Generation++
	if c.obedient {
		d.Status.ObservedGeneration = d.Generation
		d.Annotations["deployment.kubernetes.io/revision"] = fmt.Sprint(7 + d.Generation - 4)
		for _, pod := range c.pods() {
			c.must(c.client.Tracker().Delete(podsOf, namespace, pod.Name))
		}
		for range *d.Spec.Replicas {
			c.makePod(d)
		}
	}
	c.update(d)
}

// note gives what the Deployment bears.
func (c *cluster) note() note {
	c.t.Helper()
	n, err := state{meta: c.deployment().ObjectMeta}.note()
	c.must(err)
	if n == nil {
		c.t.Fatal("it bears no note")
	}
	return *n
}

// putBackLeft puts back what is left on a workload, without a doubt about anything.
func putBackLeft(t *testing.T, client kubernetes.Interface, ref check.Workload) (lines []string, err error) {
	t.Helper()
	left, err := Left(t.Context(), client, namespace, ref, func() time.Time { return present.Add(time.Minute) })
	for _, l := range left {
		if l.Doubt != "" {
			t.Errorf("in doubt: %s", l)
		}
		did, failure := l.PutBack(t.Context())
		if did != "" {
			lines = append(lines, fmt.Sprintf("%s: %s (run %s)", ref, did, l.Run))
		}
		err = errors.Join(err, failure)
	}
	return lines, err
}

// reach makes or ends pods until there are n.
func (c *cluster) reach(d *appsv1.Deployment, n int32) {
	s := &d.Status
	s.ObservedGeneration, s.Replicas, s.UpdatedReplicas, s.ReadyReplicas, s.AvailableReplicas = d.Generation, n, n, n, n
	present := c.pods()
	for i := int32(len(present)); i < n; i++ {
		c.makePod(d)
	}
	for i := n; i < int32(len(present)); i++ {
		c.must(c.client.Tracker().Delete(podsOf, namespace, present[i].Name))
	}
}

// present is the time at which the tests take place.
var present = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// open gives the cluster's workload.
func (c *cluster) open() *Workload {
	c.t.Helper()
	w, err := Open(c.t.Context(), c.client, namespace, web, present)
	c.must(err)
	return w
}

// run is one run's driver with what it recorded.
type run struct {
	*Driver
	actions []recording.Action
}

// begin gives a driver whose clock goes on by a millisecond with each look.
func (c *cluster) begin(id string) *run {
	r := &run{}
	now := present
	r.Driver = &Driver{
		Workload: c.open(),
		Run:      id,
		Journal:  filepath.Join(c.t.TempDir(), "journal.jsonl"),
		Record:   func(a recording.Action) { r.actions = append(r.actions, a) },
		Now:      func() time.Time { now = now.Add(time.Millisecond); return now },
	}
	return r
}

func (r *run) kinds() []recording.ActionKind {
	var kinds []recording.ActionKind
	for _, a := range r.actions {
		kinds = append(kinds, a.Kind)
	}
	return kinds
}

// steps reads the journal.
func (r *run) steps(t *testing.T) []step {
	t.Helper()
	file, err := os.Open(r.Journal)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var steps []step
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var e entry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, e.Step)
	}
	return steps
}

func want[T comparable](t *testing.T, what string, got []T, want ...T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// writes names the calls that change something.
func (c *cluster) writes() []string {
	var writes []string
	for _, action := range c.client.Actions() {
		switch action.GetVerb() {
		case "get", "list", "watch":
		default:
			writes = append(writes, action.GetVerb()+" "+action.GetResource().Resource+"/"+action.GetSubresource())
		}
	}
	return writes
}

// contextEnding gives a context whose time will be up.
func contextEnding(t *testing.T, after time.Duration) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithTimeoutCause(t.Context(), after, errors.New("time is up"))
}
