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
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/shutdowncheck/shutdowncheck/internal/victim"
	"github.com/shutdowncheck/shutdowncheck/matrix/witness"
)

// patience bounds whatever the cluster has to do.
const patience = 3 * time.Minute

// service is a row's service in a namespace of its own.
type service struct {
	client    kubernetes.Interface
	namespace string
	name      string
	// folder is, on this machine, what the nodes know as /out/matrix/NAMESPACE.
	folder string
	// image is the tool's.
	image string
}

// deploy brings up the row's service and waits until all its pods are Ready.
func (s *service) deploy(ctx context.Context, demo string, row *Row) error {
	data, err := os.ReadFile(filepath.Join(demo, row.Base, row.Base+".yaml"))
	if err != nil {
		return err
	}
	objects, err := objectsOf(data)
	if err != nil {
		return err
	}
	for _, object := range objects {
		switch o := object.(type) {
		case *appsv1.Deployment:
			o.Namespace = s.namespace
			if row.Base != "flask" {
				env("VICTIM_LOG_DIR", s.logs())(o)
				env("VICTIM_LOG_REQUESTS", "true")(o)
			}
			for _, edit := range row.Edits {
				edit(o)
			}
			_, err = s.client.AppsV1().Deployments(s.namespace).Create(ctx, o, metav1.CreateOptions{})
		case *corev1.Service:
			o.Namespace = s.namespace
			o.Spec.Type = corev1.ServiceTypeClusterIP
			o.Spec.Ports[0].NodePort = 0
			_, err = s.client.CoreV1().Services(s.namespace).Create(ctx, o, metav1.CreateOptions{})
		}
		if err != nil {
			return err
		}
	}
	if err := s.waitSteady(ctx); err != nil {
		return err
	}
	if err := s.waitListening(ctx); err != nil {
		return err
	}
	if row.Pause {
		return s.patch(ctx, `{"spec":{"paused":true}}`)
	}
	return nil
}

// logs is the folder of the pods' logs, as they know it.
func (s *service) logs() string { return "/out/matrix/" + s.namespace }

// patch does what kubectl patch --patch does.
func (s *service) patch(ctx context.Context, patch string) error {
	_, err := s.client.AppsV1().Deployments(s.namespace).Patch(ctx, s.name, types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{})
	return err
}

// waitSteady waits until the Deployment has its pods, all new and Ready, and no
// others are left.
func (s *service) waitSteady(ctx context.Context) error {
	return poll(ctx, s.name+" to be steady", func(ctx context.Context) (string, error) {
		d, err := s.client.AppsV1().Deployments(s.namespace).Get(ctx, s.name, metav1.GetOptions{})
		if err != nil {
			return "", err
		}
		pods, err := s.client.CoreV1().Pods(s.namespace).List(ctx, metav1.ListOptions{LabelSelector: metav1.FormatLabelSelector(d.Spec.Selector)})
		if err != nil {
			return "", err
		}
		n, have := *d.Spec.Replicas, d.Status
		if have.ObservedGeneration < d.Generation || have.UpdatedReplicas != n || have.ReadyReplicas != n || len(pods.Items) != int(n) {
			return fmt.Sprintf("%d of %d pods are new, %d Ready, %d there", have.UpdatedReplicas, n, have.ReadyReplicas, len(pods.Items)), nil
		}
		return "", nil
	})
}

// waitListening waits until the pods say in their logs that they listen: without
// a readiness probe they are Ready before. The Flask service has no such log, but
// a probe.
func (s *service) waitListening(ctx context.Context) error {
	return poll(ctx, s.name+" to listen", func(context.Context) (string, error) {
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
