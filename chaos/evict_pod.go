package chaos

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/retry"
	"github.com/shutdowncheck/shutdowncheck/internal/shell"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// askAgain lies between two requests for an eviction that was refused.
const askAgain = time.Second

// errRefused is an eviction that was refused where that is the end of it.
var errRefused = errors.New("an eviction was refused")

// evictPod asks for the eviction of one pod until it is granted. It gives false
// for a pod that was gone before. The error is a waitError where a
// PodDisruptionBudget forbade it and whenRefused says so, or until ctx ended.
func (a *attempt) evictPod(ctx context.Context, pod *corev1.Pod, whenRefused check.WhenRefused) (bool, error) {
	refused := refusals{attempt: a, pod: pod}
	defer refused.recordRepeated()
	for {
		when, err := a.during(func() error { return a.Workload.evict(ctx, pod) })
		if err == nil {
			refused.recordRepeated()
			a.recordOf(a.podName(pod), recording.Requested, when, "eviction of pod "+pod.Name+" granted", a.ownOnly(pod)...)
			return true, nil
		}
		why, budget := budgetRefusal(err)
		switch {
		case budget:
			refused.add(why, when)
			if whenRefused == check.Fail {
				return false, &waitError{reason: refused.reason(), err: errRefused}
			}
		case severalBudgets(err):
			// More requests would get the same answer.
			refused.several = true
			refused.add(a.Workload.tooManyBudgets(ctx, pod), when)
			return false, &waitError{reason: refused.reason(), err: errRefused}
		case ctx.Err() != nil:
			return false, refused.interrupted(ctx)
		case podIsGone(err):
			there, err := a.Workload.stillThere(ctx, pod)
			if err != nil || !there {
				return false, err
			}
		case !retry.Passing(err, retry.WarmUp):
			return false, fmt.Errorf("evict pod %s: %w", pod.Name, err)
		default:
			refused.unanswered = err
		}
		select {
		case <-ctx.Done():
			return false, refused.interrupted(ctx)
		case <-time.After(askAgain):
		}
	}
}

// ownOnly gives the pod if it is one of the workload's: others' are no part of the
// recording.
func (a *attempt) ownOnly(pod *corev1.Pod) []*corev1.Pod {
	if pod.Namespace == a.Workload.namespace && a.Workload.owns(pod) {
		return []*corev1.Pod{pod}
	}
	return nil
}

// podName gives the object of an action on a pod: the workload for its own.
func (a *attempt) podName(pod *corev1.Pod) string {
	if len(a.ownOnly(pod)) > 0 {
		return a.Workload.String()
	}
	return "pod/" + pod.Name + " in namespace " + pod.Namespace
}

func (w *Workload) evict(ctx context.Context, pod *corev1.Pod) error {
	return w.client.PolicyV1().Evictions(pod.Namespace).Evict(ctx, &policyv1.Eviction{
		ObjectMeta:    metav1.ObjectMeta{Name: pod.Name, Namespace: pod.Namespace},
		DeleteOptions: &metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(pod.UID))},
	})
}

// budgetRefusal gives the API's words where a PodDisruptionBudget forbids an
// eviction (kubernetes pkg/registry/core/pod/storage/eviction.go): they name
// it.
func budgetRefusal(err error) (why string, refused bool) {
	answer, ok := errors.AsType[*apierrors.StatusError](err)
	if !ok || answer.ErrStatus.Code != http.StatusTooManyRequests {
		return "", false
	}
	cause, ok := apierrors.StatusCause(err, policyv1.DisruptionBudgetCause)
	return strings.TrimSuffix(cmp.Or(cause.Message, answer.ErrStatus.Message), "."), ok
}

// severalBudgets is the answer for a pod that more than one PodDisruptionBudget
// covers. Only its words tell it from a server that is out of order.
func severalBudgets(err error) bool {
	answer, ok := errors.AsType[*apierrors.StatusError](err)
	return ok && answer.ErrStatus.Code == http.StatusInternalServerError && strings.Contains(answer.ErrStatus.Message, "more than one PodDisruptionBudget")
}

// tooManyBudgets says so, with their names where they may be read.
func (w *Workload) tooManyBudgets(ctx context.Context, pod *corev1.Pod) string {
	const problem = "more than one PodDisruptionBudget covers it, and then the API refuses every eviction"
	budgets, err := w.budgetsOf(ctx, pod.Namespace, pod.Labels)
	if err != nil || len(budgets) == 0 {
		return problem
	}
	return problem + " (" + strings.Join(budgetNames(budgets), ", ") + ")"
}

// podIsGone is the answer for a pod that is not there, or no longer the one that
// was meant.
func podIsGone(err error) bool { return apierrors.IsNotFound(err) || apierrors.IsConflict(err) }

// stillThere tells whether the very pod is there and was not asked to end. It
// lists, which needs no right beyond those of every check.
func (w *Workload) stillThere(ctx context.Context, pod *corev1.Pod) (bool, error) {
	named, err := w.podsWhere(ctx, pod.Namespace, metav1.ObjectNameField, pod.Name)
	if err != nil {
		return false, fmt.Errorf("look for pod %s: %w", pod.Name, err)
	}
	return slices.ContainsFunc(named, func(now corev1.Pod) bool { return now.UID == pod.UID && isActive(&now) }), nil
}

// refusals are the answers to the requests for one pod's eviction. They come
// every second: each new one is recorded, and how often it was repeated.
type refusals struct {
	attempt *attempt
	pod     *corev1.Pod
	why     string
	// several tells that more than one budget covers the pod.
	several bool
	// total counts all, repeated those of why after the first.
	total, repeated int
	// since is from the first repetition to the last.
	since span
	// unanswered is a failure that was none of these.
	unanswered error
}

func (r *refusals) add(why string, when span) {
	r.total++
	if why != r.why {
		r.recordRepeated()
		r.why = why
		r.record(when, why)
		return
	}
	if r.repeated == 0 {
		r.since.at = when.at
	}
	r.repeated++
	r.since.done = when.done
}

// recordRepeated records what was repeated since it was last recorded.
func (r *refusals) recordRepeated() {
	if r.repeated > 0 {
		r.record(r.since, fmt.Sprintf("refused %s more: %s", times(r.repeated), r.why))
	}
	r.repeated = 0
}

func (r *refusals) record(when span, why string) {
	a := r.attempt
	a.recordOf(a.podName(r.pod), recording.Refused, when, "eviction of pod "+r.pod.Name+": "+why, a.ownOnly(r.pod)...)
}

// reason says what stood in the way, and what it takes.
func (r *refusals) reason() string {
	switch {
	case r.total == 1:
		return fmt.Sprintf("the eviction of pod %s was refused: %s; %s", r.pod.Name, r.why, r.remedy())
	case r.total > 1:
		return fmt.Sprintf("the eviction of pod %s was refused %s: %s; %s", r.pod.Name, times(r.total), r.why, r.remedy())
	case r.unanswered != nil:
		return fmt.Sprintf("the eviction of pod %s was not answered (%v)", r.pod.Name, r.unanswered)
	default:
		return fmt.Sprintf("the eviction of pod %s was not granted", r.pod.Name)
	}
}

func (r *refusals) remedy() string {
	if r.several {
		return shell.Line("it takes one budget for each pod (kubectl get pdb -n %s)", r.pod.Namespace)
	}
	return shell.Line("it takes more Ready pods than the budget wants, or a budget that allows a disruption (kubectl get pdb -n %s)", r.pod.Namespace)
}

func (r *refusals) interrupted(ctx context.Context) error {
	return &waitError{reason: r.reason(), err: context.Cause(ctx)}
}
