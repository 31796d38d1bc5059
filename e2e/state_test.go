//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// state is what a check may not leave changed, and nothing that changes by
// itself.
type state struct {
	Replicas            int32
	Generation          int64
	Annotations         map[string]string
	TemplateAnnotations map[string]string
	// Pods are the UIDs.
	Pods []string
}

func (v *victim) state(t *testing.T) state {
	t.Helper()
	s, _, err := v.read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// wantUnchanged fails the test if anything was done to the workload since.
func (v *victim) wantUnchanged(t *testing.T, before state) {
	t.Helper()
	if now := v.state(t); !reflect.DeepEqual(now, before) {
		t.Errorf("%s was changed:\nbefore %+v\nnow    %+v", v.name, before, now)
	}
}

// wantAsBefore fails the test if anything is not as it was before a run that held the
// workload. Each change of a Deployment's annotations, and so each claim, counts as a
// generation (kubernetes pkg/registry/apps/deployment/strategy.go).
func (v *victim) wantAsBefore(t *testing.T, before state) {
	t.Helper()
	now := v.state(t)
	before.Generation = now.Generation
	if !reflect.DeepEqual(now, before) {
		t.Errorf("%s was changed:\nbefore %+v\nnow    %+v", v.name, before, now)
	}
}

// wantPutBack fails the test unless the workload wants what it wanted before
// and bears nothing to undo, then waits until it has all it wants.
func (v *victim) wantPutBack(t *testing.T, before state) {
	t.Helper()
	now := v.state(t)
	if now.Replicas != before.Replicas {
		t.Errorf("%s wants %d replicas, before it were %d", v.name, now.Replicas, before.Replicas)
	}
	if note, there := now.Annotations[undoKey]; there {
		t.Errorf("%s still bears %s: %s", v.name, undoKey, note)
	}
	v.waitSteady(t)
}

// waitSteady waits until all pods that are wanted are Ready, and no other is
// left.
func (v *victim) waitSteady(t *testing.T) {
	t.Helper()
	waitFor(t, v.name+" to have its pods, all Ready", func(ctx context.Context) (string, error) {
		_, missing, err := v.read(ctx)
		return missing, err
	})
}

// read gives the state, and what keeps the workload from being steady.
func (v *victim) read(ctx context.Context) (s state, missing string, err error) {
	var observed int64
	var total, updated, ready int32
	if v.kind == "statefulset" {
		set, err := client.AppsV1().StatefulSets(v.namespace).Get(ctx, v.name, metav1.GetOptions{})
		if err != nil {
			return state{}, "", err
		}
		s = state{*set.Spec.Replicas, set.Generation, set.Annotations, set.Spec.Template.Annotations, nil}
		observed, total, updated, ready = set.Status.ObservedGeneration, set.Status.Replicas, set.Status.UpdatedReplicas, set.Status.ReadyReplicas
	} else {
		d, err := client.AppsV1().Deployments(v.namespace).Get(ctx, v.name, metav1.GetOptions{})
		if err != nil {
			return state{}, "", err
		}
		s = state{*d.Spec.Replicas, d.Generation, d.Annotations, d.Spec.Template.Annotations, nil}
		observed, total, updated, ready = d.Status.ObservedGeneration, d.Status.Replicas, d.Status.UpdatedReplicas, d.Status.ReadyReplicas
	}
	pods, err := v.pods(ctx)
	if err != nil {
		return state{}, "", err
	}
	s.Pods = slices.Sorted(maps.Keys(pods))
	return s, unsteady(s, observed, total, updated, ready, pods), nil
}

func unsteady(s state, observed int64, total, updated, ready int32, pods map[string]corev1.Pod) string {
	if observed < s.Generation || total != s.Replicas || updated != s.Replicas || ready != s.Replicas || len(pods) != int(s.Replicas) {
		return fmt.Sprintf("it wants %d and has %d pods, %d of them updated, %d Ready (by its controller %d in all; generation %d, seen %d)",
			s.Replicas, len(pods), updated, ready, total, s.Generation, observed)
	}
	for _, pod := range pods {
		if pod.DeletionTimestamp != nil {
			return pod.Name + " is terminating"
		}
	}
	return ""
}

// pods gives the workload's pods by their UID.
func (v *victim) pods(ctx context.Context) (map[string]corev1.Pod, error) {
	list, err := client.CoreV1().Pods(v.namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=" + v.name})
	if err != nil {
		return nil, err
	}
	pods := map[string]corev1.Pod{}
	for _, pod := range list.Items {
		pods[string(pod.UID)] = pod
	}
	return pods, nil
}
