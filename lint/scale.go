package lint

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/manifest/validation"
)

// ScaledObject is what the rules read of KEDA's autoscalers (keda.sh/v1alpha1).
type ScaledObject struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		ScaleTargetRef   ScaleTarget `json:"scaleTargetRef"`
		MinReplicaCount  *int32      `json:"minReplicaCount"`
		IdleReplicaCount *int32      `json:"idleReplicaCount"`
		Triggers         []struct {
			Type string `json:"type"`
		} `json:"triggers"`
	} `json:"spec"`
}

// HTTPScaledObject is what the rules read of the autoscalers of KEDA's HTTP add-on
// (http.keda.sh/v1alpha1), which holds requests back while there is no pod.
type HTTPScaledObject struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		ScaleTargetRef ScaleTarget `json:"scaleTargetRef"`
	} `json:"spec"`
}

// ScaleTarget names the workload of an autoscaler of KEDA's: a Deployment where no kind is
// given.
type ScaleTarget struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Name       string `json:"name"`
	// DeploymentName is KEDA 1's name (keda.k8s.io/v1alpha1).
	DeploymentName string `json:"deploymentName"`
}

func (t ScaleTarget) is(w *workload) bool {
	return cmp.Or(t.Name, t.DeploymentName) == w.meta.Name && (t.Kind == w.kind || t.Kind == "" && w.kind == "Deployment")
}

// scale is how many pods a workload is meant to have at least.
type scale struct {
	fewest int
	// known is false where no manifest tells the number, as for a DaemonSet.
	known bool
	// off says that the workload is not meant to run.
	off bool
	// by is the autoscaler; nil where the workload itself says the number, or where a
	// pause keeps it.
	by *scaler
	// inert is a HorizontalPodAutoscaler that does not find the workload which it names; nil
	// for none.
	inert *other
}

// scaler is a HorizontalPodAutoscaler or one of KEDA's.
type scaler struct {
	other
	// field holds the least number of pods.
	field string
	// most is the greatest, 0 where that was not read.
	most int
	// queue says that it looks at how much waits in a queue.
	queue bool
	// idle says that the number is KEDA's of times without work.
	idle bool
	// paused says that KEDA keeps the number as it is.
	paused bool
}

// keeps says of a number that it is the fewest, as a clause.
func (s *scaler) keeps(n int) string {
	if s.paused {
		return fmt.Sprintf("The %s is paused with %s", s.kind, text.Count(n, "pod"))
	}
	return fmt.Sprintf("The %s keeps %s at its fewest", s.kind, text.Count(n, "pod"))
}

// raise says how more pods stay, as a sentence. KEDA takes no other idleReplicaCount than 0
// (keda.sh, ScaledObject specification).
func (s *scaler) raise() string {
	if s.paused {
		return fmt.Sprintf("Set its annotation %s to 2 or more, or take it out.", pausedReplicas)
	}
	if s.idle {
		return "Leave idleReplicaCount out, with a minReplicaCount of 2 or more."
	}
	return fmt.Sprintf("Set its %s to 2 or more.", lastStep(s.field))
}

// The annotations by which KEDA is told to leave a workload as it is
// (keda.sh, Scaling Deployments: pausing autoscaling), the first before the others.
const (
	pausedReplicas = "autoscaling.keda.sh/paused-replicas"
	paused         = "autoscaling.keda.sh/paused"
	pausedScaleIn  = "autoscaling.keda.sh/paused-scale-in"
)

// queues are the triggers of KEDA's that look at queues (keda.sh, Scalers).
var queues = []string{
	"activemq", "apache-kafka", "artemis-queue", "aws-kinesis-stream", "aws-sqs-queue", "azure-eventhub", "azure-queue",
	"azure-servicebus", "beanstalkd", "gcp-pubsub", "ibmmq", "kafka", "liiklus", "nats-jetstream", "pulsar", "rabbitmq",
	"redis", "redis-cluster", "redis-streams", "solace-event-queue", "stan", "temporal",
}

// scaleOf finds the least number of pods. KEDA makes a HorizontalPodAutoscaler of its own,
// which never goes to 0, so its ScaledObject tells more.
func (o *Objects) scaleOf(w *workload) scale {
	if w.daemonSet != nil {
		return scale{}
	}
	if w.void("spec.replicas") {
		return scale{}
	}
	if len(w.several) > 0 && len(o.scaledFrom(w)) > 0 {
		return scale{}
	}
	stated := w.stated()
	for _, s := range o.HTTPScaledObjects {
		if together(s.Value.Namespace, w.meta.Namespace) && s.Value.Spec.ScaleTargetRef.is(w) {
			return scale{}
		}
	}
	for _, s := range o.ScaledObjects {
		if together(s.Value.Namespace, w.meta.Namespace) && s.Value.Spec.ScaleTargetRef.is(w) {
			return kedaScale(s, stated)
		}
	}
	// A HorizontalPodAutoscaler leaves a workload alone that is at 0 (autoscaling/v2).
	if stated != nil && *stated == 0 {
		return scale{known: true, off: true}
	}
	var inert *other
	for _, h := range o.Autoscalers {
		target := h.Value.Spec.ScaleTargetRef
		if !together(h.Value.Namespace, w.meta.Namespace) || target.Kind != w.kind || target.Name != w.meta.Name {
			continue
		}
		if len(validation.Refused(h.Value)) > 0 {
			return scale{}
		}
		switch groupOf(target) {
		case "apps":
		case "", "extensions":
			inert = new(otherOf("HorizontalPodAutoscaler", h))
			continue
		default:
			continue // another's kind of that name
		}
		return scale{fewest: orDefault(h.Value.Spec.MinReplicas, 1), known: true, by: hpa(h)}
	}
	return scale{fewest: orDefault(stated, 1), known: true, inert: inert}
}

// groupOf is the group in which a HorizontalPodAutoscaler looks for a kind, whatever the version:
// the core's where the reference names none (kubernetes pkg/controller/podautoscaler/horizontal.go,
// reconcileAutoscaler).
func groupOf(target autoscalingv2.CrossVersionObjectReference) string {
	version, _ := schema.ParseGroupVersion(target.APIVersion)
	return version.Group
}

// stated is the number of pods in the workload itself, nil for none.
func (w *workload) stated() *int32 {
	if w.deployment != nil {
		return w.deployment.Spec.Replicas
	}
	return w.statefulSet.Spec.Replicas
}

func hpa(h Object[*autoscalingv2.HorizontalPodAutoscaler]) *scaler {
	return &scaler{other: otherOf("HorizontalPodAutoscaler", h), field: "spec.minReplicas", most: int(h.Value.Spec.MaxReplicas)}
}

// pauses tells whether an annotation is set by which KEDA pauses. It takes any text that is no
// boolean for true (kedacore/keda apis/keda/v1alpha1 scaledobject_types.go,
// NeedToBePausedByAnnotation).
func (s *ScaledObject) pauses(annotation string) bool {
	value, given := s.Annotations[annotation]
	on, err := strconv.ParseBool(value)
	return given && (on || err != nil)
}

func kedaScale(s Object[*ScaledObject], stated *int32) scale {
	queue := false
	onlyResources := len(s.Value.Spec.Triggers) > 0
	for _, t := range s.Value.Spec.Triggers {
		queue = queue || slices.Contains(queues, t.Type)
		onlyResources = onlyResources && (t.Type == "cpu" || t.Type == "memory")
	}
	by := &scaler{other: otherOf("ScaledObject", s), field: "spec.minReplicaCount", queue: queue}
	if at, given := s.Value.Annotations[pausedReplicas]; given {
		n, err := strconv.ParseInt(at, 10, 32)
		if err != nil || n < 0 {
			return scale{} // KEDA fails at it, and leaves what there is
		}
		by.field, by.paused = "metadata.annotations."+pausedReplicas, true
		return scale{fewest: int(n), known: true, off: n == 0, by: by}
	}
	if s.Value.pauses(paused) {
		// The number stays what it was, which the workload's own tells if it has one.
		return scale{fewest: orDefault(stated, 0), known: stated != nil, off: stated != nil && *stated == 0}
	}
	least := orDefault(s.Value.Spec.MinReplicaCount, 0)
	if idle := s.Value.Spec.IdleReplicaCount; idle != nil && int(*idle) < least && !onlyResources {
		least, by.field, by.idle = int(*idle), "spec.idleReplicaCount", true
	}
	if onlyResources && least == 0 {
		least = 1 // pods that are not there use no CPU (keda.sh, CPU scaler)
	}
	if s.Value.pauses(pausedScaleIn) {
		if own := orDefault(stated, 0); own > least {
			return scale{fewest: own, known: true}
		}
		if least == 0 {
			return scale{} // how many there are by now, of which none is taken away
		}
	}
	return scale{fewest: least, known: true, by: by}
}

// replicas is the fewest pods that the workload is meant to have, where that is known and
// it is meant to run.
func (w *workload) replicas() (n int, known bool) {
	return w.scale.fewest, w.scale.known && !w.scale.off
}

// autoscaled tells whether the workload may have more pods than its fewest.
func (w *workload) autoscaled() bool {
	return w.scale.by != nil && !w.scale.by.paused && !w.scale.off
}

// pods is the fewest that workloads have together with what stands beside them.
func pods(all []*workload, beside scale) (n int, known bool) {
	if !beside.known {
		return 0, false
	}
	n = beside.fewest
	for _, w := range all {
		if !w.scale.known {
			return 0, false
		}
		n += w.scale.fewest
	}
	return n, true
}

// lonely are the services behind which the workload is the only one with pods; beside
// tells that behind another service there are more.
func (w *workload) lonely() (alone []*podService, beside bool) {
	for _, s := range w.trafficServices() {
		others := slices.DeleteFunc(slices.Clone(s.of), func(other *workload) bool { return other == w })
		if n, known := pods(others, s.beside); known && n == 0 {
			alone = append(alone, s)
		} else {
			beside = true
		}
	}
	return alone, beside
}

// replacedAfterwards tells that the workload's one pod is gone before its replacement starts,
// whatever ends it, and that none of others stands beside it: what a sleep has it still answer is
// missing from its replacement's time. A Deployment replaces a pod that is evicted or deleted at
// once; the new one waits for a claim that the old one holds.
func (w *workload) replacedAfterwards() bool {
	n, known := w.replicas()
	_, beside := w.lonely()
	return (w.statefulSet != nil || w.recreated() && w.claim != nil && w.claim.known && w.claim.holds()) && known && n == 1 && !w.autoscaled() && !beside
}

// othersStay tells that whatever happens to the workload, each service has pods of others.
func (w *workload) othersStay() bool {
	alone, beside := w.lonely()
	return beside && len(alone) == 0
}
