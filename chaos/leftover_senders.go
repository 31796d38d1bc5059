package chaos

import (
	"context"
	"fmt"
	"slices"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/label"
	"github.com/shutdowncheck/shutdowncheck/internal/retry"
)

// SendersLeft gives the senders of runs that checked the workload and are not among
// those that known tells of: a run that only observes leaves no note there. It needs the
// right to list jobs.
func SendersLeft(ctx context.Context, client kubernetes.Interface, namespace string, ref check.Workload, known []Leftover) ([]Leftover, error) {
	jobs, err := listJobs(ctx, client, namespace)
	if err != nil {
		return nil, err
	}
	var found []Leftover
	for _, job := range jobs {
		if job.Annotations[label.Workload] != ref.String() ||
			slices.ContainsFunc(known, func(l Leftover) bool { return l.Run == job.Labels[label.Run] }) {
			continue
		}
		l := jobLeft(client, &job)
		if job.Status.Active > 0 {
			l.Doubt = "its pods still run, as they do for 15 s after their run was killed: the run may be at work"
		}
		found = append(found, l)
	}
	return found, nil
}

// jobsLeft gives the Jobs that runs have made.
func jobsLeft(ctx context.Context, client kubernetes.Interface, namespace string) ([]Leftover, error) {
	jobs, err := listJobs(ctx, client, namespace)
	var found []Leftover
	for _, job := range jobs {
		found = append(found, jobLeft(client, &job))
	}
	return found, err
}

// listJobs gives the Jobs that runs have made. Those that another object owns go with
// that.
func listJobs(ctx context.Context, client kubernetes.Interface, namespace string) ([]batchv1.Job, error) {
	list, err := client.BatchV1().Jobs(namespace).List(ctx, metav1.ListOptions{LabelSelector: label.Selector})
	if err != nil {
		return nil, fmt.Errorf("look for what runs have made: %w", err)
	}
	return slices.DeleteFunc(list.Items, func(job batchv1.Job) bool { return metav1.GetControllerOf(&job) != nil }), nil
}

func jobLeft(client kubernetes.Interface, job *batchv1.Job) Leftover {
	return objectLeft("job", job, jobRemover{client.BatchV1().Jobs(job.Namespace), client.CoreV1().Pods(job.Namespace)}, nil)
}

// removeSenders removes the Job of that name, if it is the run's. did says what was
// done, empty if nothing had to be.
func (w *Workload) removeSenders(ctx context.Context, name, run string) (did string, err error) {
	if name == "" {
		return "", nil
	}
	var job *batchv1.Job
	err = retry.Insist(ctx, func() error {
		job, err = w.client.BatchV1().Jobs(w.namespace).Get(ctx, name, metav1.GetOptions{})
		return err
	})
	switch {
	case apierrors.IsNotFound(err), err == nil && job.Labels[label.Run] != run:
		return "", nil
	case err == nil:
		did, err = jobLeft(w.client, job).PutBack(ctx)
	}
	if err != nil {
		return "", fmt.Errorf("remove the senders' job %s, of which the annotation %s tells until then: %w", name, undoKey, err)
	}
	if did != "" {
		did = "job/" + name + " " + did
	}
	return did, nil
}

// podsFollow is how long the removal of a Job waits for its pods.
const podsFollow = 15 * time.Second

// jobRemover removes a Job and waits for its pods, which the garbage collector removes
// after it. What is still there then is on its way.
type jobRemover struct {
	remover
	pods interface {
		List(ctx context.Context, options metav1.ListOptions) (*corev1.PodList, error)
	}
}

// Delete removes the Job and waits for its pods.
func (r jobRemover) Delete(ctx context.Context, name string, options metav1.DeleteOptions) error {
	if err := r.remover.Delete(ctx, name, options); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, podsFollow)
	defer cancel()
	_ = await(ctx, func() (bool, error) {
		list, err := r.pods.List(ctx, metav1.ListOptions{LabelSelector: label.Selector})
		return err == nil && !slices.ContainsFunc(list.Items, func(pod corev1.Pod) bool {
			owner := metav1.GetControllerOf(&pod)
			return owner != nil && owner.UID == *options.Preconditions.UID
		}), nil
	})
	return nil
}
