package matrix

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/victim"
	"github.com/shutdowncheck/shutdowncheck/matrix/witness"
)

// patience bounds whatever the cluster has to do.
const patience = 3 * time.Minute

// service is a row's service in a namespace of its own.
type service struct {
	client    kubernetes.Interface
	namespace string
	workload  check.Workload
	// folder is, on this machine, what the nodes know as /out/matrix/NAMESPACE.
	folder string
	// image is the tool's.
	image string
	// inside are the pods that send; nil where the Job does.
	inside *check.Inside
	say    func(format string, args ...any)
}

// deploy brings up the row's service and waits until all its pods are Ready.
func (s *service) deploy(ctx context.Context, demo string, row *Row) error {
	objects := row.Objects
	if row.Base != "" {
		var err error
		if objects, err = s.sample(demo, row); err != nil {
			return err
		}
	}
	for _, object := range objects {
		if err := s.create(ctx, object); err != nil {
			return err
		}
	}
	if err := s.waitSteady(ctx); err != nil {
		return err
	}
	if err := s.waitListening(ctx); err != nil {
		return err
	}
	select {
	case <-time.After(row.Rest):
	case <-ctx.Done():
		return ctx.Err()
	}
	if row.Pause {
		return s.patch(ctx, `{"spec":{"paused":true}}`)
	}
	return nil
}

// sample gives the objects of a sample service.
func (s *service) sample(demo string, row *Row) ([]runtime.Object, error) {
	data, err := os.ReadFile(filepath.Join(demo, row.Base, row.Base+".yaml"))
	if err != nil {
		return nil, err
	}
	objects, err := objectsOf(data)
	if err != nil {
		return nil, err
	}
	for _, object := range objects {
		switch o := object.(type) {
		case *appsv1.Deployment:
			if row.Base != "flask" {
				env("VICTIM_LOG_DIR", s.logs())(o)
				env("VICTIM_LOG_REQUESTS", "true")(o)
			}
			for _, edit := range row.Edits {
				edit(o)
			}
		case *corev1.Service:
			o.Spec.Type = corev1.ServiceTypeClusterIP
			o.Spec.Ports[0].NodePort = 0
			if row.callsGRPC() {
				o.Spec.Ports = append(o.Spec.Ports, corev1.ServicePort{Name: "grpc", Port: grpcPort, TargetPort: intstr.FromInt32(grpcPort)})
			}
		}
	}
	return objects, nil
}

// create makes one object in the service's own namespace.
func (s *service) create(ctx context.Context, object runtime.Object) (err error) {
	apps, core, options := s.client.AppsV1(), s.client.CoreV1(), metav1.CreateOptions{}
	switch o := object.DeepCopyObject().(type) {
	case *appsv1.Deployment:
		o.Namespace = s.namespace
		_, err = apps.Deployments(s.namespace).Create(ctx, o, options)
	case *appsv1.StatefulSet:
		o.Namespace = s.namespace
		_, err = apps.StatefulSets(s.namespace).Create(ctx, o, options)
	case *corev1.Service:
		o.Namespace = s.namespace
		_, err = core.Services(s.namespace).Create(ctx, o, options)
	case *corev1.ConfigMap:
		o.Namespace = s.namespace
		_, err = core.ConfigMaps(s.namespace).Create(ctx, o, options)
	case *autoscalingv2.HorizontalPodAutoscaler:
		o.Namespace = s.namespace
		_, err = s.client.AutoscalingV2().HorizontalPodAutoscalers(s.namespace).Create(ctx, o, options)
	case *corev1.Namespace: // The row has its own.
	default:
		err = fmt.Errorf("cannot create a %T", o)
	}
	return err
}

// logs is the folder of the pods' logs, as they know it.
func (s *service) logs() string { return "/out/matrix/" + s.namespace }

// patch does what kubectl patch --patch does.
func (s *service) patch(ctx context.Context, patch string) (err error) {
	apps, name, data := s.client.AppsV1(), s.workload.Name, []byte(patch)
	if s.workload.Kind == check.StatefulSet {
		_, err = apps.StatefulSets(s.namespace).Patch(ctx, name, types.StrategicMergePatchType, data, metav1.PatchOptions{})
	} else {
		_, err = apps.Deployments(s.namespace).Patch(ctx, name, types.StrategicMergePatchType, data, metav1.PatchOptions{})
	}
	return err
}

// rollout is how far a workload is with its pods.
type rollout struct {
	name                 string
	selector             *metav1.LabelSelector
	pods, updated, ready int32
	// seen tells whether its controller has seen its present form.
	seen bool
}

// rollouts gives those of all workloads in the namespace.
func (s *service) rollouts(ctx context.Context) ([]rollout, error) {
	apps := s.client.AppsV1()
	deployments, err := apps.Deployments(s.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	sets, err := apps.StatefulSets(s.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	var all []rollout
	take := func(meta metav1.ObjectMeta, selector *metav1.LabelSelector, pods *int32, updated, ready int32, observed int64) {
		all = append(all, rollout{meta.Name, selector, *pods, updated, ready, observed >= meta.Generation})
	}
	for _, w := range deployments.Items {
		take(w.ObjectMeta, w.Spec.Selector, w.Spec.Replicas, w.Status.UpdatedReplicas, w.Status.ReadyReplicas, w.Status.ObservedGeneration)
	}
	for _, w := range sets.Items {
		take(w.ObjectMeta, w.Spec.Selector, w.Spec.Replicas, w.Status.UpdatedReplicas, w.Status.ReadyReplicas, w.Status.ObservedGeneration)
	}
	return all, nil
}

// waitSteady waits until each workload has its pods, all new and Ready, and no
// others are left.
func (s *service) waitSteady(ctx context.Context) error {
	return poll(ctx, s.workload.Name+" to be steady", func(ctx context.Context) (string, error) {
		rollouts, err := s.rollouts(ctx)
		if err != nil {
			return "", err
		}
		for _, r := range rollouts {
			pods, err := s.client.CoreV1().Pods(s.namespace).List(ctx, metav1.ListOptions{LabelSelector: metav1.FormatLabelSelector(r.selector)})
			if err != nil {
				return "", err
			}
			if !r.seen || r.updated != r.pods || r.ready != r.pods || len(pods.Items) != int(r.pods) {
				return fmt.Sprintf("of %s %d of %d pods are new, %d Ready, %d there", r.name, r.updated, r.pods, r.ready, len(pods.Items)), nil
			}
		}
		return "", nil
	})
}

// waitListening waits until the pods say in their logs that they listen: without
// a readiness probe they are Ready before. The Flask service has no such log, but
// a probe.
func (s *service) waitListening(ctx context.Context) error {
	return poll(ctx, s.workload.Name+" to listen", func(context.Context) (string, error) {
		events, err := witness.Events(s.folder)
		if err != nil {
			return "", err
		}
		started, listening := 0, 0
		for _, e := range events {
			switch e.Event {
			case victim.Started:
				started++
			case victim.Listening:
				listening++
			}
		}
		if listening < started {
			return fmt.Sprintf("%d of %d pods do", listening, started), nil
		}
		return "", nil
	})
}

// objectsOf reads the objects of a manifest.
func objectsOf(manifest []byte) ([]runtime.Object, error) {
	var all []runtime.Object
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(manifest), 4096)
	for {
		var raw runtime.RawExtension
		if err := decoder.Decode(&raw); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		object, _, err := scheme.Codecs.UniversalDeserializer().Decode(raw.Raw, nil, nil)
		if err != nil {
			return nil, err
		}
		all = append(all, object)
	}
}

// poll asks until pending finds nothing more to wait for.
func poll(ctx context.Context, what string, pending func(context.Context) (string, error)) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	last := "nothing was seen"
	for {
		reason, err := pending(ctx)
		switch {
		case err == nil && reason == "":
			return nil
		case err != nil && ctx.Err() == nil:
			return fmt.Errorf("waiting for %s: %w", what, err)
		case reason != "":
			last = reason
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited for %s: %s", what, last)
		case <-time.After(300 * time.Millisecond):
		}
	}
}
