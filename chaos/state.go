package chaos

import (
	"fmt"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// state is what the kinds of workloads have in common, as one read showed it.
type state struct {
	meta     metav1.ObjectMeta
	template corev1.PodTemplateSpec
	selector labels.Selector

	// replicas is how many pods the workload wants; the other counts are what
	// its controller reported when it had seen the generation observed.
	replicas                         int32
	observed                         int64
	total, updated, ready, available int32

	paused bool
	// strategy is the type of the rollout's.
	strategy string
	// allAtOnce is the strategy that ends every pod before it makes a new one,
	// onDelete the one that ends none by itself.
	allAtOnce, onDelete bool
	maxSurge            *intstr.IntOrString
	maxUnavailable      *intstr.IntOrString
	// A StatefulSet numbers its pods from start; a rollout leaves those below
	// partition alone.
	start, partition int32
	// failure is why a Deployment's controller cannot make pods, as it says.
	failure string
}

func deploymentState(d *appsv1.Deployment) (state, error) {
	s := state{
		meta: d.ObjectMeta, template: d.Spec.Template, replicas: 1,
		observed: d.Status.ObservedGeneration,
		total:    d.Status.Replicas, updated: d.Status.UpdatedReplicas,
		ready: d.Status.ReadyReplicas, available: d.Status.AvailableReplicas,
		paused:    d.Spec.Paused,
		strategy:  string(d.Spec.Strategy.Type),
		allAtOnce: d.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType,
	}
	if d.Spec.Replicas != nil {
		s.replicas = *d.Spec.Replicas
	}
	if rolling := d.Spec.Strategy.RollingUpdate; rolling != nil {
		s.maxSurge, s.maxUnavailable = rolling.MaxSurge, rolling.MaxUnavailable
	}
	for _, c := range d.Status.Conditions {
		if c.Type == appsv1.DeploymentReplicaFailure && c.Status == corev1.ConditionTrue {
			s.failure = c.Reason + ": " + c.Message
		}
	}
	return s.withSelector(d.Spec.Selector)
}

func statefulSetState(set *appsv1.StatefulSet) (state, error) {
	s := state{
		meta: set.ObjectMeta, template: set.Spec.Template, replicas: 1,
		observed: set.Status.ObservedGeneration,
		total:    set.Status.Replicas, updated: set.Status.UpdatedReplicas,
		ready: set.Status.ReadyReplicas, available: set.Status.AvailableReplicas,
		strategy: string(set.Spec.UpdateStrategy.Type),
		onDelete: set.Spec.UpdateStrategy.Type == appsv1.OnDeleteStatefulSetStrategyType,
	}
	if set.Spec.Replicas != nil {
		s.replicas = *set.Spec.Replicas
	}
	if set.Spec.Ordinals != nil {
		s.start = set.Spec.Ordinals.Start
	}
	if rolling := set.Spec.UpdateStrategy.RollingUpdate; rolling != nil {
		s.maxUnavailable = rolling.MaxUnavailable
		if rolling.Partition != nil {
			s.partition = *rolling.Partition
		}
	}
	return s.withSelector(set.Spec.Selector)
}

func daemonSetState(set *appsv1.DaemonSet) (state, error) {
	s := state{
		meta: set.ObjectMeta, template: set.Spec.Template,
		replicas: set.Status.DesiredNumberScheduled,
		observed: set.Status.ObservedGeneration,
		total:    set.Status.CurrentNumberScheduled, updated: set.Status.UpdatedNumberScheduled,
		ready: set.Status.NumberReady, available: set.Status.NumberAvailable,
		strategy: string(set.Spec.UpdateStrategy.Type),
		onDelete: set.Spec.UpdateStrategy.Type == appsv1.OnDeleteDaemonSetStrategyType,
	}
	if rolling := set.Spec.UpdateStrategy.RollingUpdate; rolling != nil {
		s.maxSurge, s.maxUnavailable = rolling.MaxSurge, rolling.MaxUnavailable
	}
	return s.withSelector(set.Spec.Selector)
}

func (s state) withSelector(selector *metav1.LabelSelector) (state, error) {
	var err error
	s.selector, err = metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		return state{}, fmt.Errorf("selector of %s: %w", s.meta.Name, err)
	}
	return s, nil
}

// toUpdate is how many pods a rollout replaces.
func (s state) toUpdate() int32 {
	if s.onDelete {
		return 0
	}
	return max(s.replicas+s.start-max(s.partition, s.start), 0)
}

// unsteady says what the controller still has to do; empty if nothing. The
// rules are those of `kubectl rollout status` (kubectl
// pkg/polymorphichelpers/rollout_status.go), and that all pods are Ready.
func (s state) unsteady() string {
	switch {
	case s.observed < s.meta.Generation:
		return "its controller has not taken up the latest change"
	case s.failure != "":
		return s.failure
	case s.total != s.replicas:
		return fmt.Sprintf("%s there of the %d wanted", podCount(s.total), s.replicas)
	case s.updated < s.toUpdate():
		return fmt.Sprintf("%d of %s updated", s.updated, podCount(s.toUpdate()))
	case s.ready < s.replicas:
		return fmt.Sprintf("%d of %s Ready", s.ready, podCount(s.replicas))
	case s.available < s.replicas:
		return fmt.Sprintf("%d of %s available", s.available, podCount(s.replicas))
	}
	return ""
}

// revision is the number that the Deployment controller gave to the present
// template, 0 where it gave none.
func (s state) revision() int64 {
	n, err := strconv.ParseInt(s.meta.Annotations["deployment.kubernetes.io/revision"], 10, 64)
	if err != nil {
		return 0
	}
	return n
}
