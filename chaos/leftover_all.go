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
	found := slices.Concat(notes, made)
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
			w, s, err := find(ctx, client, object.Namespace, check.Workload{Kind: kind, Name: object.Name}, byHand)
			if apierrors.IsNotFound(err) {
				continue
			}
			if err == nil {
				var some []Leftover
				some, err = w.noteLeft(s, now)
				found = append(found, some...)
			}
			failures = append(failures, err)
		}
	}
	return found, errors.Join(failures...)
}

// bearers gives the objects of one kind of workload that bear a note.
func bearers(ctx context.Context, client kubernetes.Interface, namespace string, kind check.WorkloadKind) ([]metav1.ObjectMeta, error) {
	var all []metav1.ObjectMeta
	var err error
	apps := client.AppsV1()
	switch kind {
	case check.Deployment:
		all, err = metas(apps.Deployments(namespace).List(ctx, metav1.ListOptions{}))
	case check.StatefulSet:
		all, err = metas(apps.StatefulSets(namespace).List(ctx, metav1.ListOptions{}))
	default:
		all, err = metas(apps.DaemonSets(namespace).List(ctx, metav1.ListOptions{}))
	}
	var noted []metav1.ObjectMeta
	for _, object := range all {
		if _, bears := object.Annotations[undoKey]; bears {
			noted = append(noted, object)
		}
	}
	return noted, err
}

// madeLeft gives the objects that runs have made, as selector picks them. Pods that
// another object owns go with that.
func madeLeft(ctx context.Context, client kubernetes.Interface, namespace, selector string) ([]Leftover, error) {
	var found []Leftover
	var failures []error
	labelled := metav1.ListOptions{LabelSelector: selector}
	take := func(kind string, all []metav1.ObjectMeta, err error, remove func(ctx context.Context, namespace, name string, options metav1.DeleteOptions) error) {
		if err != nil {
			failures = append(failures, fmt.Errorf("look for what runs have made: %w", err))
		}
		for _, object := range all {
			if metav1.GetControllerOf(&object) == nil {
				found = append(found, objectLeft(kind, object, remove))
			}
		}
	}
	pods, err := metas(client.CoreV1().Pods(namespace).List(ctx, labelled))
	take("pod", pods, err, func(ctx context.Context, namespace, name string, options metav1.DeleteOptions) error {
		options.GracePeriodSeconds = new(int64(0))
		return client.CoreV1().Pods(namespace).Delete(ctx, name, options)
	})
	services, err := metas(client.CoreV1().Services(namespace).List(ctx, labelled))
	take("service", services, err, func(ctx context.Context, namespace, name string, options metav1.DeleteOptions) error {
		return client.CoreV1().Services(namespace).Delete(ctx, name, options)
	})
	deployments, err := metas(client.AppsV1().Deployments(namespace).List(ctx, labelled))
	take("deployment", deployments, err, func(ctx context.Context, namespace, name string, options metav1.DeleteOptions) error {
		return client.AppsV1().Deployments(namespace).Delete(ctx, name, options)
	})
	jobs, err := metas(client.BatchV1().Jobs(namespace).List(ctx, labelled))
	take("job", jobs, err, func(ctx context.Context, namespace, name string, options metav1.DeleteOptions) error {
		return client.BatchV1().Jobs(namespace).Delete(ctx, name, options)
	})
	return found, errors.Join(failures...)
}

// objectLeft is an object to be removed, the very one that was found.
func objectLeft(kind string, object metav1.ObjectMeta, remove func(ctx context.Context, namespace, name string, options metav1.DeleteOptions) error) Leftover {
	return Leftover{
		Object: kind + "/" + object.Name, Namespace: object.Namespace, Run: object.Labels[label.Run],
		Since: object.CreationTimestamp.Time, What: "removed",
		putBack: func(ctx context.Context) (string, error) {
			gone := false
			err := retry.Insist(ctx, func() error {
				err := remove(ctx, object.Namespace, object.Name, metav1.DeleteOptions{
					PropagationPolicy: new(metav1.DeletePropagationBackground),
					Preconditions:     metav1.NewUIDPreconditions(string(object.UID)),
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

// metas gives the metadata of what a call has listed.
func metas(list runtime.Object, err error) ([]metav1.ObjectMeta, error) {
	if err != nil {
		return nil, err
	}
	items, err := meta.ExtractList(list)
	if err != nil {
		return nil, fmt.Errorf("read a list: %w", err)
	}
	all := make([]metav1.ObjectMeta, 0, len(items))
	for _, item := range items {
		object, ok := item.(metav1.ObjectMetaAccessor)
		if !ok {
			return nil, fmt.Errorf("read a list: a %T has no metadata", item)
		}
		accessor, ok := object.GetObjectMeta().(*metav1.ObjectMeta)
		if !ok {
			return nil, fmt.Errorf("read a list: a %T has no metadata", item)
		}
		all = append(all, *accessor)
	}
	return all, nil
}
