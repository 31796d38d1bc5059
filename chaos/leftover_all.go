package chaos

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/label"
	"github.com/shutdowncheck/shutdowncheck/internal/retry"
)

// AllLeft gives whatever runs have left in the namespace, or with an empty one in
// the whole cluster: notes on workloads, cordoned nodes, and what bears the labels
// of this tool: helper pods, controls, jobs. What could be found is given also with
// an error, which says for each kind of object why it could not be looked at.
func AllLeft(ctx context.Context, client kubernetes.Interface, namespace string, now func() time.Time, byHand ByHand) ([]Leftover, error) {
	var failures []error
	noted := map[string]bool{}
	notes, err := notesLeft(ctx, client, namespace, now, byHand)
	failures = append(failures, err)
	for _, l := range notes {
		noted[l.Namespace+"/"+l.Object] = true
	}
	made, err := madeLeft(ctx, client, namespace, label.Selector)
	failures = append(failures, err)
	jobs, err := jobsLeft(ctx, client, namespace)
	failures = append(failures, err)
	found := slices.Concat(notes, made, jobs)
	// A cordon that a workload's note tells of is put back with that.
	cordons, err := cordonsLeft(ctx, client, func(by mark) bool {
		return (namespace == "" || by.Namespace == namespace) && !noted[by.Namespace+"/"+by.Workload]
	}, now)
	return append(found, cordons...), errors.Join(append(failures, err)...)
}

// notesLeft gives the workloads that bear a note.
func notesLeft(ctx context.Context, client kubernetes.Interface, namespace string, now func() time.Time, byHand ByHand) ([]Leftover, error) {
	var found []Leftover
	var failures []error
	for _, kind := range []check.WorkloadKind{check.Deployment, check.StatefulSet, check.DaemonSet} {
		bearers, err := bearers(ctx, client, namespace, kind)
		if err != nil {
			failures = append(failures, fmt.Errorf("look for notes: %w", err))
			continue
		}
		for _, object := range bearers {
			w, s, err := find(ctx, client, object.GetNamespace(), check.Workload{Kind: kind, Name: object.GetName()}, byHand)
			if apierrors.IsNotFound(err) {
				continue
			}
			if err == nil {
				var some []Leftover
				some, err = w.noteLeft(ctx, s, now)
				found = append(found, some...)
			}
			failures = append(failures, err)
		}
	}
	return found, errors.Join(failures...)
}

// bearers gives the objects of one kind of workload that bear a note.
func bearers(ctx context.Context, client kubernetes.Interface, namespace string, kind check.WorkloadKind) ([]metav1.Object, error) {
	var all []metav1.Object
	var err error
	apps := client.AppsV1()
	switch kind {
	case check.Deployment:
		all, err = objects(apps.Deployments(namespace).List(ctx, metav1.ListOptions{}))
	case check.StatefulSet:
		all, err = objects(apps.StatefulSets(namespace).List(ctx, metav1.ListOptions{}))
	default:
		all, err = objects(apps.DaemonSets(namespace).List(ctx, metav1.ListOptions{}))
	}
	return slices.DeleteFunc(all, func(object metav1.Object) bool {
		_, bears := object.GetAnnotations()[undoKey]
		return !bears
	}), err
}

// remover removes objects of one kind in one namespace.
type remover interface {
	Delete(ctx context.Context, name string, options metav1.DeleteOptions) error
}

// madeLeft gives the objects that runs have made, as selector picks them, but no Jobs.
// Pods that another object owns go with that.
func madeLeft(ctx context.Context, client kubernetes.Interface, namespace, selector string) ([]Leftover, error) {
	var found []Leftover
	var failures []error
	take := func(kind string, list runtime.Object, err error, from func(namespace string) remover, grace *int64) {
		all, err := objects(list, err)
		if err != nil {
			failures = append(failures, fmt.Errorf("look for what runs have made: %w", err))
		}
		for _, object := range all {
			if metav1.GetControllerOf(object) == nil {
				found = append(found, objectLeft(kind, object, from(object.GetNamespace()), grace))
			}
		}
	}
	core, apps, labelled := client.CoreV1(), client.AppsV1(), metav1.ListOptions{LabelSelector: selector}
	pods, err := core.Pods(namespace).List(ctx, labelled)
	take("pod", pods, err, func(namespace string) remover { return core.Pods(namespace) }, new(int64(0)))
	services, err := core.Services(namespace).List(ctx, labelled)
	take("service", services, err, func(namespace string) remover { return core.Services(namespace) }, nil)
	deployments, err := apps.Deployments(namespace).List(ctx, labelled)
	take("deployment", deployments, err, func(namespace string) remover { return apps.Deployments(namespace) }, nil)
	return found, errors.Join(failures...)
}

// objectLeft is an object to be removed, the very one that was found.
func objectLeft(kind string, object metav1.Object, from remover, grace *int64) Leftover {
	return Leftover{
		Object: kind + "/" + object.GetName(), Namespace: object.GetNamespace(), Run: object.GetLabels()[label.Run],
		Since: object.GetCreationTimestamp().Time, What: "removed",
		putBack: func(ctx context.Context) (string, error) {
			gone := false
			err := retry.Insist(ctx, func() error {
				err := from.Delete(ctx, object.GetName(), metav1.DeleteOptions{
					GracePeriodSeconds: grace,
					PropagationPolicy:  new(metav1.DeletePropagationBackground),
					Preconditions:      metav1.NewUIDPreconditions(string(object.GetUID())),
				})
				// A conflict is another object of that name, which stays.
				if gone = apierrors.IsNotFound(err) || apierrors.IsConflict(err); gone {
					return nil
				}
				return err
			})
			if gone {
				return "", nil
			}
			return "removed", err
		},
	}
}

// objects gives what a call has listed.
func objects(list runtime.Object, err error) ([]metav1.Object, error) {
	if err != nil {
		return nil, err
	}
	var all []metav1.Object
	err = meta.EachListItem(list, func(item runtime.Object) error {
		object, err := meta.Accessor(item)
		all = append(all, object)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read a list: %w", err)
	}
	return all, nil
}
