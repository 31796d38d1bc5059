package control

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/retry"
	"github.com/shutdowncheck/shutdowncheck/internal/shell"
)

const (
	// startTimeout bounds how long its pods may take to be Ready, and its
	// address to answer.
	startTimeout = 2 * time.Minute
	// poll is how often that is looked at.
	poll = 500 * time.Millisecond
)

// Service is the careless service of one run.
type Service struct {
	client    kubernetes.Interface
	namespace string
	run       string
	name      string
	image     string
	// url is empty where senders inside the cluster are to find it.
	url string
	of  check.Check
}

// New names the control of the run with the given id, for a check that has one; nothing
// is made yet.
func New(client kubernetes.Interface, namespace, id string, of check.Check) *Service {
	suffix := strings.ToLower(id[strings.LastIndexByte(id, '-')+1:])
	s := &Service{client: client, namespace: namespace, run: id, name: nameValue + "-" + suffix, image: of.Control.Image, url: of.Control.URL, of: of}
	if s.url == "" && of.Inside == nil {
		s.url = fmt.Sprintf("http://%s.%s.svc/", s.name, namespace)
	}
	return s
}

// Name is that of its Deployment and its Service.
func (s *Service) Name() string { return s.name }

// Start makes it and waits until it answers, as far as that can be seen from here.
// Whatever the error, Remove has to be called.
func (s *Service) Start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if _, err := s.client.AppsV1().Deployments(s.namespace).Create(ctx, s.deployment(), metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("make the control's deployment %s: %w", s.name, err)
	}
	if _, err := s.client.CoreV1().Services(s.namespace).Create(ctx, s.service(), metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("make the control's service %s: %w", s.name, err)
	}
	if err := s.ready(ctx); err != nil {
		return err
	}
	if s.of.Inside != nil {
		return nil
	}
	return answers(ctx, s.url)
}

// ready waits until all pods are Ready. It gives up on one whose container
// cannot be made.
func (s *Service) ready(ctx context.Context) error {
	missing := "none was seen"
	err := wait.PollUntilContextCancel(ctx, poll, true, func(ctx context.Context) (bool, error) {
		list, err := s.client.CoreV1().Pods(s.namespace).List(ctx, metav1.ListOptions{LabelSelector: labels.FormatLabels(s.selector())})
		if err != nil {
			return false, err
		}
		ready := 0
		for i := range list.Items {
			pod := &list.Items[i]
			if isReady(pod) {
				ready++
			}
			if why, hopeless := waiting(pod); why != "" {
				missing = pod.Name + ": " + why
				if hopeless {
					return false, errors.New(missing)
				}
			}
		}
		return ready == replicas, nil
	})
	switch {
	case err == nil:
		return nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("the control's pods were not Ready within %s (%s)", startTimeout, missing)
	default:
		return fmt.Errorf("wait for the control's pods: %w", err)
	}
}

func isReady(pod *corev1.Pod) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// waiting tells what a pod's container waits for, and whether in vain. The
// reasons are the kubelet's (pkg/kubelet/images/types.go); a first ErrImagePull
// may pass.
func waiting(pod *corev1.Pod) (why string, hopeless bool) {
	for i := range pod.Status.ContainerStatuses {
		state := pod.Status.ContainerStatuses[i].State.Waiting
		if state == nil || state.Reason == "ContainerCreating" {
			continue
		}
		why = strings.Join(strings.Fields(state.Reason+" "+state.Message), " ")
		switch state.Reason {
		case "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "CreateContainerConfigError", "CrashLoopBackOff":
			return why, true
		}
	}
	return why, false
}

// Remove takes it out of the cluster again, as much of it as was made. A server that
// is out of order is asked again until ctx ends.
func (s *Service) Remove(ctx context.Context) error {
	background := metav1.DeleteOptions{PropagationPolicy: new(metav1.DeletePropagationBackground)}
	err := errors.Join(
		remove(ctx, func() error { return s.client.AppsV1().Deployments(s.namespace).Delete(ctx, s.name, background) }),
		remove(ctx, func() error { return s.client.CoreV1().Services(s.namespace).Delete(ctx, s.name, background) }),
	)
	if err != nil {
		return fmt.Errorf("remove the control by hand (%s): %s",
			shell.Line("kubectl delete deployment,service %s -n %s", s.name, s.namespace), strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return nil
}

// remove takes what is not there any more as removed.
func remove(ctx context.Context, call func() error) error {
	if err := retry.Insist(ctx, call); err != nil && !apierrors.IsNotFound(err) {
		return err
	}
	return nil
}
