// Package fakecluster is a Kubernetes API for tests, with one Deployment and a
// controller in miniature.
package fakecluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
)

// Namespace is where the Deployment is, whose name is web.
const Namespace = "shop"

// The resources that a cluster has objects of.
var (
	Deployments = appsv1.SchemeGroupVersion.WithResource("deployments")
	Pods        = corev1.SchemeGroupVersion.WithResource("pods")
	Nodes       = corev1.SchemeGroupVersion.WithResource("nodes")
)

// Cluster is a fake API with one Deployment, and by choice a controller that
// does at once, within the call that asks for it, what the real one does in
// seconds. It proves nothing about Kubernetes: it is there to see what its user
// asks, writes down and reports.
type Cluster struct {
	Client *fake.Clientset
	// Obedient makes the controller act.
	Obedient bool
	// Conflicts is how many writes are still refused as conflicts.
	Conflicts int
	// Nodes are where pods are put, one after the other, but for those that are cordoned.
	Nodes []string
	// Refusal answers a request for an eviction; nil, or one that gives nil,
	// grants it.
	Refusal func(pod string) error
	// OnWrite is called before each write.
	OnWrite func(clienttesting.Action)
	// Watch answers a watch of the Client.
	Watch clienttesting.WatchReactionFunc
	// Denied tells which rights the client does not have; nil denies none.
	Denied func(*authorizationv1.ResourceAttributes) bool

	t testing.TB
	// version is the Deployment's last resource version, made how many pods were.
	version atomic.Int64
	made    int
}

// New gives a cluster whose pods are Ready, each change made to its Deployment.
func New(t testing.TB, change ...func(*appsv1.Deployment)) *Cluster {
	t.Helper()
	d := NewDeployment()
	for _, f := range change {
		f(d)
	}
	c := &Cluster{t: t, Client: fake.NewClientset(d, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: Namespace}}), Obedient: true}
	for range *d.Spec.Replicas {
		c.MakePod(d)
	}
	c.Client.PrependReactor("patch", "deployments", c.Patch)
	c.Client.PrependReactor("patch", "nodes", c.PatchNode)
	c.Client.PrependReactor("delete", "pods", c.deletePod)
	c.Client.PrependReactor("create", "pods", c.evictPod)
	c.Client.PrependReactor("create", "selfsubjectaccessreviews", c.review)
	c.Watch = c.watched(c.Client)
	return c
}

// Observer gives another client of the cluster, for somebody who only lists and
// watches: the watches of two on one client would get in each other's way.
func (c *Cluster) Observer() *fake.Clientset {
	observer := fake.NewClientset()
	observer.PrependReactor("*", "*", clienttesting.ObjectReaction(c.Client.Tracker()))
	c.watched(observer)
	return observer
}

func (c *Cluster) review(action clienttesting.Action) (bool, runtime.Object, error) {
	review := action.(clienttesting.CreateAction).GetObject().(*authorizationv1.SelfSubjectAccessReview).DeepCopy()
	review.Status.Allowed = c.Denied == nil || !c.Denied(review.Spec.ResourceAttributes)
	return true, review, nil
}

// NewDeployment gives the cluster's Deployment as it is at first.
func NewDeployment() *appsv1.Deployment {
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{
			Name: "web", Namespace: Namespace, UID: "uid-web", Generation: 4,
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

// MakePod makes one more Ready pod of the Deployment.
func (c *Cluster) MakePod(d *appsv1.Deployment) {
	hash := "h" + d.Annotations["deployment.kubernetes.io/revision"]
	c.made++
	name := fmt.Sprintf("web-%s-%d", hash, c.made)
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: Namespace, UID: types.UID("uid-" + name),
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
	if open := slices.DeleteFunc(slices.Clone(c.Nodes), func(node string) bool { return c.Node(node).Spec.Unschedulable }); len(open) > 0 {
		pod.Spec.NodeName = open[c.made%len(open)]
	}
	c.must(c.Client.Tracker().Add(pod))
}

// OnNodes gives the cluster Ready nodes of those names and puts the pods on
// them, one after the other.
func (c *Cluster) OnNodes(names ...string) {
	for _, name := range names {
		c.must(c.Client.Tracker().Add(&corev1.Node{
			ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{corev1.LabelHostname: name}},
			Status:     corev1.NodeStatus{Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}},
		}))
	}
	c.Nodes = names
	for i, pod := range c.Pods() {
		pod.Spec.NodeName = names[i%len(names)]
		c.must(c.Client.Tracker().Update(Pods, pod, Namespace))
	}
}

// Node gives a copy of the node.
func (c *Cluster) Node(name string) *corev1.Node {
	o, err := c.Client.Tracker().Get(Nodes, "", name)
	c.must(err)
	return o.(*corev1.Node).DeepCopy()
}

// SetNode changes the node as somebody else would.
func (c *Cluster) SetNode(name string, change func(*corev1.Node)) {
	node := c.Node(name)
	change(node)
	node.ResourceVersion = strconv.FormatInt(c.version.Add(1), 10)
	c.must(c.Client.Tracker().Update(Nodes, node, ""))
}

func (c *Cluster) deletePod(action clienttesting.Action) (bool, runtime.Object, error) {
	if c.OnWrite != nil {
		c.OnWrite(action)
	}
	asked := action.(clienttesting.DeleteAction)
	return true, nil, c.end(asked.GetNamespace(), asked.GetName(), asked.GetDeleteOptions())
}

func (c *Cluster) evictPod(action clienttesting.Action) (bool, runtime.Object, error) {
	if action.GetSubresource() != "eviction" {
		return false, nil, nil
	}
	if c.OnWrite != nil {
		c.OnWrite(action)
	}
	eviction := action.(clienttesting.CreateAction).GetObject().(*policyv1.Eviction)
	if c.Refusal != nil {
		if err := c.Refusal(eviction.Name); err != nil {
			return true, nil, err
		}
	}
	return true, nil, c.end(eviction.Namespace, eviction.Name, *eviction.DeleteOptions)
}

// end ends a pod and, if the controller obeys, makes another on the node that
// is not cordoned.
func (c *Cluster) end(namespace, name string, options metav1.DeleteOptions) error {
	o, err := c.Client.Tracker().Get(Pods, namespace, name)
	if err != nil {
		return err
	}
	pod := o.(*corev1.Pod)
	if options.Preconditions != nil && *options.Preconditions.UID != pod.UID {
		return apierrors.NewConflict(Pods.GroupResource(), name, errors.New("the UID in the precondition does not match"))
	}
	if !c.Obedient {
		return nil
	}
	c.must(c.Client.Tracker().Delete(Pods, namespace, name))
	if pod.Labels["app"] == "web" {
		c.MakePod(c.Deployment())
	}
	return nil
}

// selected answers a list of pods by a field, which the fake API would ignore.
func (c *Cluster) selected(list clienttesting.ListAction) (bool, runtime.Object, error) {
	o, err := c.Client.Tracker().List(Pods, corev1.SchemeGroupVersion.WithKind("Pod"), list.GetNamespace())
	if err != nil {
		return true, nil, err
	}
	pods := o.(*corev1.PodList)
	pods.Items = slices.DeleteFunc(pods.Items, func(pod corev1.Pod) bool {
		return !list.GetListRestrictions().Fields.Matches(fields.Set{"metadata.name": pod.Name, "spec.nodeName": pod.Spec.NodeName})
	})
	return true, pods, nil
}

func (c *Cluster) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

// Deployment gives a copy of the Deployment.
func (c *Cluster) Deployment() *appsv1.Deployment {
	o, err := c.Client.Tracker().Get(Deployments, Namespace, "web")
	c.must(err)
	return o.(*appsv1.Deployment).DeepCopy()
}

// Set changes the Deployment as somebody else would.
func (c *Cluster) Set(change func(*appsv1.Deployment)) {
	d := c.Deployment()
	change(d)
	c.Update(d)
}

// Update writes the Deployment in a version of its own.
func (c *Cluster) Update(d *appsv1.Deployment) {
	d.ResourceVersion = strconv.FormatInt(c.version.Add(1), 10)
	c.must(c.Client.Tracker().Update(Deployments, d, Namespace))
}

// Pods gives the pods in the order of their names.
func (c *Cluster) Pods() []*corev1.Pod {
	o, err := c.Client.Tracker().List(Pods, corev1.SchemeGroupVersion.WithKind("Pod"), Namespace)
	c.must(err)
	var all []*corev1.Pod
	for i := range o.(*corev1.PodList).Items {
		all = append(all, &o.(*corev1.PodList).Items[i])
	}
	slices.SortFunc(all, func(a, b *corev1.Pod) int { return strings.Compare(a.Name, b.Name) })
	return all
}

func (c *Cluster) refuse(action clienttesting.Action) error {
	if c.OnWrite != nil {
		c.OnWrite(action)
	}
	if c.Conflicts > 0 {
		c.Conflicts--
		return apierrors.NewConflict(Deployments.GroupResource(), "web", nil)
	}
	return nil
}

// Patch answers a patch of the Deployment, and has the controller act on it.
func (c *Cluster) Patch(action clienttesting.Action) (bool, runtime.Object, error) {
	if err := c.refuse(action); err != nil {
		return true, nil, err
	}
	before := c.Deployment()
	var patch struct{ Metadata metav1.ObjectMeta }
	c.must(json.Unmarshal(action.(clienttesting.PatchAction).GetPatch(), &patch))
	if patch.Metadata.ResourceVersion != before.ResourceVersion {
		return true, nil, apierrors.NewConflict(Deployments.GroupResource(), "web", errors.New("the object has been modified"))
	}
	_, _, err := clienttesting.ObjectReaction(c.Client.Tracker())(action)
	if err != nil {
		return true, nil, err
	}
	after := c.Deployment()
	switch {
	case !SameTemplate(before, after):
		c.rollOut(after)
	case *before.Spec.Replicas != *after.Spec.Replicas:
		after.Generation++
		if c.Obedient {
			c.reach(after, *after.Spec.Replicas)
		}
		c.Update(after)
	default:
		c.Update(after)
	}
	return true, c.Deployment(), nil
}

// PatchNode answers a patch of a node, and refuses one of a version that is no longer
// the node's.
func (c *Cluster) PatchNode(action clienttesting.Action) (bool, runtime.Object, error) {
	patch := action.(clienttesting.PatchAction)
	var asked struct{ Metadata metav1.ObjectMeta }
	c.must(json.Unmarshal(patch.GetPatch(), &asked))
	node := c.Node(patch.GetName())
	if asked.Metadata.ResourceVersion != node.ResourceVersion {
		return true, nil, apierrors.NewConflict(Nodes.GroupResource(), node.Name, errors.New("the object has been modified"))
	}
	_, _, err := clienttesting.ObjectReaction(c.Client.Tracker())(action)
	if err != nil {
		return true, nil, err
	}
	c.SetNode(node.Name, func(*corev1.Node) {})
	return true, c.Node(node.Name), nil
}

// watched begins a watch before anything is listed, and hands it out when it is asked
// for: like a real API, and unlike the fake one, nothing is lost between the two.
func (c *Cluster) watched(client *fake.Clientset) clienttesting.WatchReactionFunc {
	begun := map[string]watch.Interface{}
	client.PrependReactor("list", "*", func(action clienttesting.Action) (bool, runtime.Object, error) {
		resource := action.GetResource()
		if list := action.(clienttesting.ListAction); resource == Pods && !list.GetListRestrictions().Fields.Empty() {
			return c.selected(list)
		}
		if old, ok := begun[resource.Resource]; ok {
			old.Stop()
		}
		w, err := c.Client.Tracker().Watch(resource, Namespace)
		begun[resource.Resource] = w
		return false, nil, err
	})
	answer := func(action clienttesting.Action) (bool, watch.Interface, error) {
		resource := action.GetResource()
		if w, ok := begun[resource.Resource]; ok {
			delete(begun, resource.Resource)
			return true, w, nil
		}
		w, err := c.Client.Tracker().Watch(resource, Namespace)
		return true, w, err
	}
	client.PrependWatchReactor("*", answer)
	return answer
}

// SameTemplate tells whether two Deployments have the same pod template.
func SameTemplate(a, b *appsv1.Deployment) bool {
	return apiequality.Semantic.DeepEqual(a.Spec.Template, b.Spec.Template)
}

// rollOut replaces every pod.
func (c *Cluster) rollOut(d *appsv1.Deployment) {
	d.Generation++
	if c.Obedient {
		d.Status.ObservedGeneration = d.Generation
		d.Annotations["deployment.kubernetes.io/revision"] = fmt.Sprint(7 + d.Generation - 4)
		for _, pod := range c.Pods() {
			c.must(c.Client.Tracker().Delete(Pods, Namespace, pod.Name))
		}
		for range *d.Spec.Replicas {
			c.MakePod(d)
		}
	}
	c.Update(d)
}

// reach makes or ends pods until there are n.
func (c *Cluster) reach(d *appsv1.Deployment, n int32) {
	s := &d.Status
	s.ObservedGeneration, s.Replicas, s.UpdatedReplicas, s.ReadyReplicas, s.AvailableReplicas = d.Generation, n, n, n, n
	present := c.Pods()
	for i := int32(len(present)); i < n; i++ {
		c.MakePod(d)
	}
	for i := n; i < int32(len(present)); i++ {
		c.must(c.Client.Tracker().Delete(Pods, Namespace, present[i].Name))
	}
}

// Writes names the calls that change something.
func (c *Cluster) Writes() []string {
	var writes []string
	for _, action := range c.Client.Actions() {
		switch action.GetVerb() {
		case "get", "list", "watch":
		default:
			writes = append(writes, action.GetVerb()+" "+action.GetResource().Resource+"/"+action.GetSubresource())
		}
	}
	return writes
}
