package fleet

import (
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/shutdowncheck/shutdowncheck/internal/label"
)

// The labels of the Job and its pods, beside those by which `restore` finds what a run
// that was killed has left behind.
const (
	nameKey     = "app.kubernetes.io/name"
	nameValue   = "shutdowncheck-senders"
	instanceKey = "app.kubernetes.io/instance"
)

const (
	// user is nobody in particular, as in deploy/job.yaml.
	user = 65532
	// longestJob ends a Job whose pods never came to run, or never noticed that nobody
	// conducts them; a run may take days.
	longestJob = 7 * 24 * time.Hour
	// jobKept is how long a Job whose senders have ended stays where nobody removes it,
	// so that their logs can be read.
	jobKept = 5 * time.Minute
	// What a sender asks for, and what it may have. There is no limit on the processor:
	// being throttled would upset the rate.
	requestCPU, requestMemory, limitMemory = "200m", "64Mi", "512Mi"
	// grace is far longer than a sender takes to end on SIGTERM.
	grace = 30 * time.Second
)

// placement is how many senders there are, and where.
type placement struct {
	senders int
	// apart allows one on a node and no more.
	apart bool
	// avoid are nodes, by name, that get none.
	avoid []string
}

// JobName is the Job's for the run with the given id.
func JobName(id string) string {
	return nameValue + "-" + strings.ToLower(id[strings.LastIndexByte(id, '-')+1:])
}

func podLabels(id string) map[string]string {
	return map[string]string{
		label.ManagedBy: label.Tool, label.Run: id, nameKey: nameValue, instanceKey: JobName(id),
	}
}

// newJob is the Job of a run's senders. Whoever may read it learns nothing of the check
// but, once it is made, its workload.
//
// A sender that fails is not replaced, and leaves the others alone: BackoffLimitPerIndex
// sees to both (on by default since Kubernetes 1.29). A plain backoffLimit of 0 would
// end all with the first. Older servers drop the field, and then BackoffLimit lets them
// replace as many as there are, by pods that nobody assigns anything.
func newJob(id, image string, p placement) *batchv1.Job {
	senders := int32(p.senders)
	return &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Name: JobName(id), Labels: podLabels(id)},
		Spec: batchv1.JobSpec{
			CompletionMode: new(batchv1.IndexedCompletion),
			Completions:    &senders, Parallelism: &senders,
			BackoffLimit: &senders, BackoffLimitPerIndex: new(int32(0)),
			ActiveDeadlineSeconds:   new(int64(longestJob / time.Second)),
			TTLSecondsAfterFinished: new(int32(jobKept / time.Second)),
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: podLabels(id)},
				Spec:       podSpec(id, image, p),
			},
		},
	}
}

func podSpec(id, image string, p placement) corev1.PodSpec {
	spec := corev1.PodSpec{
		RestartPolicy:                 corev1.RestartPolicyNever,
		TerminationGracePeriodSeconds: new(int64(grace / time.Second)),
		AutomountServiceAccountToken:  new(false),
		// The first process of a PID namespace loses a SIGTERM that comes before it has set
		// its handler (pid_namespaces(7)), and lasts until it is killed at its grace: met
		// where senders were removed while they started. Shared, the first is the sandbox's.
		ShareProcessNamespace: new(true),
		EnableServiceLinks:    new(false),
		NodeSelector:          map[string]string{corev1.LabelOSStable: "linux"},
		Affinity:              affinity(id, p),
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot: new(true), RunAsUser: new(int64(user)), RunAsGroup: new(int64(user)),
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
		// A service's full name is looked up as it stands, as in deploy/job.yaml.
		DNSConfig: &corev1.PodDNSConfig{Options: []corev1.PodDNSConfigOption{{Name: "ndots", Value: new("1")}}},
		Containers: []corev1.Container{{
			Name:  "sender",
			Image: image, ImagePullPolicy: corev1.PullIfNotPresent,
			Args: []string{"send"},
			Resources: corev1.ResourceRequirements{
				Requests: corev1.ResourceList{
					corev1.ResourceCPU: resource.MustParse(requestCPU), corev1.ResourceMemory: resource.MustParse(requestMemory),
				},
				Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse(limitMemory)},
			},
			// The program leaves its last words there; its log is for one that could not.
			TerminationMessagePath:   corev1.TerminationMessagePathDefault,
			TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
			SecurityContext: &corev1.SecurityContext{
				AllowPrivilegeEscalation: new(false),
				ReadOnlyRootFilesystem:   new(true),
				Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			},
		}},
	}
	if !p.apart {
		// Only a wish: a node without room must not keep the others from taking two.
		spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
			MaxSkew: 1, TopologyKey: corev1.LabelHostname, WhenUnsatisfiable: corev1.ScheduleAnyway,
			LabelSelector: siblings(id),
		}}
	}
	return spec
}

// affinity keeps senders off nodes, and where one node is to have one of them, off each
// other. Nodes go by their name, which the label kubernetes.io/hostname need not be.
func affinity(id string, p placement) *corev1.Affinity {
	a := &corev1.Affinity{}
	if len(p.avoid) > 0 {
		var others []corev1.NodeSelectorRequirement
		for _, node := range p.avoid { // one value is all that a field may have
			others = append(others, corev1.NodeSelectorRequirement{Key: metav1.ObjectNameField, Operator: corev1.NodeSelectorOpNotIn, Values: []string{node}})
		}
		a.NodeAffinity = &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{
			NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchFields: others}},
		}}
	}
	if p.apart {
		a.PodAntiAffinity = &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
			TopologyKey: corev1.LabelHostname, LabelSelector: siblings(id),
		}}}
	}
	return a
}

// siblings selects the senders of a run.
func siblings(id string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{instanceKey: JobName(id)}}
}
