package fleet

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
)

func waiting(reason, message string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Status = corev1.PodStatus{Phase: corev1.PodPending, ContainerStatuses: []corev1.ContainerStatus{{State: corev1.ContainerState{
			Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message},
		}}}}
	}
}

func failedCreate(message string) *corev1.Event {
	return &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Name: "e", Namespace: namespace},
		InvolvedObject: corev1.ObjectReference{Kind: "Job", Name: name}, Reason: "FailedCreate", Message: message,
	}
}

// Of two senders one runs. What is with the other is told at once where it will not
// pass, and else when the time is over; always on one line and within a minute.
func TestSendersThatDoNotRun(t *testing.T) {
	const inTheEnd = startTimeout
	tests := map[string]struct {
		pod    func(*corev1.Pod) // nil is no pod
		also   runtime.Object
		denied string
		want   string
		after  time.Duration
	}{
		"image cannot be pulled": {
			waiting("ImagePullBackOff", "Back-off pulling\nimage \"tool:v1\""), nil, "",
			`pod/shutdowncheck-senders-abc234-1-x: ImagePullBackOff: Back-off pulling image "tool:v1"; ` + adviceImage, 0,
		},
		"image is not on the node": {waiting("ErrImageNeverPull", "absent"), nil, "", "pod/shutdowncheck-senders-abc234-1-x: ErrImageNeverPull: absent; " + adviceImage, 0},
		"image has no name":        {waiting("InvalidImageName", "no"), nil, "", "pod/shutdowncheck-senders-abc234-1-x: InvalidImageName: no; " + adviceImage, 0},
		"a pull that may pass":     {waiting("ErrImagePull", "timeout"), nil, "", "pod/shutdowncheck-senders-abc234-1-x: ErrImagePull: timeout (not all ran within 50s); " + adviceImage, inTheEnd},
		"config":                   {waiting("CreateContainerConfigError", "no user"), nil, "", "pod/shutdowncheck-senders-abc234-1-x: CreateContainerConfigError: no user; see kubectl get events -n demo --field-selector involvedObject.name=shutdowncheck-senders-abc234-1-x", 0},
		"being made":               {waiting("ContainerCreating", ""), nil, "", "pod/shutdowncheck-senders-abc234-1-x: ContainerCreating: (not all ran within 50s); see kubectl get events -n demo --field-selector involvedObject.name=shutdowncheck-senders-abc234-1-x", inTheEnd},
		"no room": {func(p *corev1.Pod) {
			p.Status = corev1.PodStatus{Phase: corev1.PodPending, Conditions: []corev1.PodCondition{{
				Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable", Message: "0/2 nodes are available: 2 Insufficient cpu.",
			}}}
		}, nil, "", "pod/shutdowncheck-senders-abc234-1-x: Unschedulable: 0/2 nodes are available: 2 Insufficient cpu. (not all ran within 50s); make room, or ask for fewer senders with --senders", inTheEnd},
		"ended": {func(p *corev1.Pod) {
			p.Status = corev1.PodStatus{Phase: corev1.PodFailed, ContainerStatuses: []corev1.ContainerStatus{{State: corev1.ContainerState{
				Terminated: &corev1.ContainerStateTerminated{ExitCode: 2, Reason: "Error", Message: "starting\n\nunknown command \"send\"\n"},
			}}}}
		}, nil, "", `pod/shutdowncheck-senders-abc234-1-x: ended with exit code 2 (Error): unknown command "send"; is tool:v1 an image of shutdowncheck? --sender-image names one`, 0},
		"evicted": {func(p *corev1.Pod) {
			p.Status = corev1.PodStatus{Phase: corev1.PodFailed, Reason: "Evicted", Message: "low on memory"}
		}, nil, "", "pod/shutdowncheck-senders-abc234-1-x: Evicted: low on memory; see kubectl get events -n demo --field-selector involvedObject.name=shutdowncheck-senders-abc234-1-x", 0},
		"Pod Security": {
			nil, failedCreate(`Error creating: pods "x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot`), "",
			`job/shutdowncheck-senders-abc234: FailedCreate: Error creating: pods "x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot; let the namespace's`, 0,
		},
		"quota": {
			nil, failedCreate(`Error creating: pods "x" is forbidden: exceeded quota: q, requested: pods=1`), "",
			`job/shutdowncheck-senders-abc234: FailedCreate: Error creating: pods "x" is forbidden: exceeded quota: q, requested: pods=1; raise the namespace's quota, or ask for fewer`, 0,
		},
		"quota of what a sender does not limit": {
			nil, failedCreate(`Error creating: pods "x" is forbidden: failed quota: q: must specify limits.cpu for: sender`), "",
			`job/shutdowncheck-senders-abc234: FailedCreate: Error creating: pods "x" is forbidden: failed quota: q: must specify limits.cpu for: sender; give the namespace a LimitRange with a default for it`, 0,
		},
		"most of a LimitRange": {
			nil, failedCreate(`Error creating: pods "x" is forbidden: maximum memory usage per Container is 128Mi, but limit is 512Mi`), "",
			`job/shutdowncheck-senders-abc234: FailedCreate: Error creating: pods "x" is forbidden: maximum memory usage per Container is 128Mi, but limit is 512Mi; let the namespace's LimitRange`, 0,
		},
		"default of a LimitRange": {
			nil, failedCreate(`Error creating: Pod "x" is invalid: spec.containers[0].resources.requests: Invalid value: "200m": must be less than or equal to cpu limit of 100m`), "",
			`job/shutdowncheck-senders-abc234: FailedCreate: Error creating: Pod "x" is invalid: spec.containers[0].resources.requests: Invalid value: "200m": must be less than or equal to cpu limit of 100m; let the namespace's LimitRange`, 0,
		},
		"a webhook that is away": {
			nil, failedCreate(`Error creating: Internal error occurred: failed calling webhook`), "",
			"job/shutdowncheck-senders-abc234: FailedCreate: Error creating: Internal error occurred: failed calling webhook (not all ran within 50s); see kubectl", inTheEnd,
		},
		"job failed": {nil, &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace}, Status: batchv1.JobStatus{Conditions: []batchv1.JobCondition{{
			Type: batchv1.JobFailed, Status: corev1.ConditionTrue, Reason: "FailedIndexes", Message: "Job has failed indexes",
		}}}}, "", "job/shutdowncheck-senders-abc234: FailedIndexes: Job has failed indexes; see kubectl get events -n demo --field-selector involvedObject.name=shutdowncheck-senders-abc234", 0},
		"nothing is known": {
			nil, failedCreate("is forbidden: but nobody may read it"), "events",
			"job/shutdowncheck-senders-abc234: no pod was made: (not all ran within 50s); see kubectl get events -n demo --field-selector involvedObject.name=shutdowncheck-senders-abc234", inTheEnd,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := fake.NewClientset(pod(0, podLabels(runID)))
				if test.pod != nil {
					p := pod(1, podLabels(runID))
					test.pod(p)
					test.also = p
				}
				if err := client.Tracker().Add(test.also); err != nil {
					t.Fatal(err)
				}
				if test.denied != "" {
					client.PrependReactor("list", test.denied, func(clienttesting.Action) (bool, runtime.Object, error) {
						return true, nil, apierrors.NewForbidden(corev1.Resource(test.denied), "", nil)
					})
				}
				f := &Fleet{cfg: Config{Observe: client, Namespace: namespace, ID: runID, Image: "tool:v1"}, job: JobName(runID), place: placement{senders: 2}}
				began := time.Now()
				_, err := f.await(t.Context())
				if _, ok := errors.AsType[*StartError](err); !ok {
					t.Fatalf("got %v", err)
				}
				if text := err.Error(); !strings.HasPrefix(text, "the senders do not run: "+test.want) || strings.Contains(text, "\n") {
					t.Errorf("got  %s\nwant the senders do not run: %s", text, test.want)
				}
				if after := time.Since(began); after != test.after {
					t.Errorf("it was told after %s, want %s", after, test.after)
				}
			})
		})
	}
}

// A pod that begins to run later, an API server that is away for a while, and the pods
// in the order of their indexes.
func TestSendersThatRunLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		late := pod(0, podLabels(runID))
		waiting("ErrImagePull", "timeout")(late)
		client := fake.NewClientset(pod(1, podLabels(runID)), late)
		asked := 0
		client.PrependReactor("list", "pods", func(clienttesting.Action) (bool, runtime.Object, error) {
			switch asked++; asked {
			case 3:
				return true, nil, apierrors.NewServiceUnavailable("restarting")
			case 20:
				if err := client.Tracker().Update(corev1.SchemeGroupVersion.WithResource("pods"), pod(0, podLabels(runID)), namespace); err != nil {
					t.Error(err)
				}
			}
			return false, nil, nil
		})
		f := &Fleet{cfg: Config{Observe: client, Namespace: namespace, ID: runID}, job: JobName(runID), place: placement{senders: 2}}
		pods, err := f.await(t.Context())
		if err != nil || len(pods) != 2 || pods[0].Name != podName(0) || pods[1].Name != podName(1) {
			t.Errorf("got %v, %v", pods, err)
		}
	})
}
