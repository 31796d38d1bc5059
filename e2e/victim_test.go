//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
)

// undoKey marks a workload that bears something to be put back.
const undoKey = "shutdowncheck.io/undo"

// restartedAtKey marks a template that was restarted.
const restartedAtKey = "kubectl.kubernetes.io/restartedAt"

// victim is a service of demo/ in a place of its own.
type victim struct {
	*place
	name string
	kind string // deployment or statefulset
	url  string
}

// edit changes what a manifest says.
type edit func(*appsv1.Deployment)

// deploy brings up the service that demo/NAME describes and waits until it
// answers.
func (p *place) deploy(t *testing.T, name string, edits ...edit) *victim {
	t.Helper()
	return p.deployAs(t, name, "deployment", func(ctx context.Context, d *appsv1.Deployment) error {
		_, err := client.AppsV1().Deployments(p.namespace).Create(ctx, d, metav1.CreateOptions{})
		return err
	}, edits...)
}

// deploySet does so with a StatefulSet.
func (p *place) deploySet(t *testing.T, name string, edits ...edit) *victim {
	t.Helper()
	return p.deployAs(t, name, "statefulset", func(ctx context.Context, d *appsv1.Deployment) error {
		set := &appsv1.StatefulSet{
			ObjectMeta: d.ObjectMeta,
			Spec:       appsv1.StatefulSetSpec{Replicas: d.Spec.Replicas, Selector: d.Spec.Selector, Template: d.Spec.Template},
		}
		_, err := client.AppsV1().StatefulSets(p.namespace).Create(ctx, set, metav1.CreateOptions{})
		return err
	}, edits...)
}

func (p *place) deployAs(t *testing.T, name, kind string, create func(context.Context, *appsv1.Deployment) error, edits ...edit) *victim {
	t.Helper()
	v := &victim{place: p, name: name, kind: kind, url: fmt.Sprintf("http://127.0.0.1:%d/", p.port)}
	data, err := os.ReadFile("../demo/" + name + "/" + name + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range objects(t, data) {
		var err error
		switch o := object.(type) {
		case *appsv1.Deployment:
			o.Namespace = p.namespace
			v.logHere(o)
			for _, edit := range edits {
				edit(o)
			}
			err = create(t.Context(), o)
		case *corev1.Service:
			o.Namespace = p.namespace
			o.Spec.Ports[0].NodePort = p.port
			_, err = client.CoreV1().Services(p.namespace).Create(t.Context(), o, metav1.CreateOptions{})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	v.waitSteady(t)
	waitFor(t, name+" to answer", v.unreachable)
	return v
}

// logHere lets a victim log into the place's folder. The flask service has no
// such log.
func (v *victim) logHere(d *appsv1.Deployment) {
	for i, variable := range d.Spec.Template.Spec.Containers[0].Env {
		if variable.Name == "VICTIM_LOG_DIR" {
			d.Spec.Template.Spec.Containers[0].Env[i].Value = "/out/" + v.namespace
		}
	}
}

// env sets a variable of the service.
func env(name, value string) edit {
	return func(d *appsv1.Deployment) {
		container := &d.Spec.Template.Spec.Containers[0]
		container.Env = slices.DeleteFunc(container.Env, func(v corev1.EnvVar) bool { return v.Name == name })
		container.Env = append(container.Env, corev1.EnvVar{Name: name, Value: value})
	}
}

// envFrom takes a variable from a ConfigMap, so that only new pods see it
// change.
func envFrom(config, name string) edit {
	return func(d *appsv1.Deployment) {
		container := &d.Spec.Template.Spec.Containers[0]
		container.Env = append(container.Env, corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{
			ConfigMapKeyRef: &corev1.ConfigMapKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: config}, Key: name},
		}})
	}
}

func replicas(n int32) edit {
	return func(d *appsv1.Deployment) { d.Spec.Replicas = &n }
}

// hasty leaves the pods little time and no preStop hook.
func hasty(grace int64) edit {
	return func(d *appsv1.Deployment) {
		d.Spec.Template.Spec.TerminationGracePeriodSeconds = &grace
		d.Spec.Template.Spec.Containers[0].Lifecycle = nil
	}
}

// objects reads the objects of a manifest.
func objects(t *testing.T, manifest []byte) []runtime.Object {
	t.Helper()
	var all []runtime.Object
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(manifest), 4096)
	for {
		var raw runtime.RawExtension
		if err := decoder.Decode(&raw); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		object, _, err := scheme.Codecs.UniversalDeserializer().Decode(raw.Raw, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, object)
	}
}

// unreachable tells whether the service does not answer yet, whatever the
// answer, on the path that the requests of a check take.
func (v *victim) unreachable(ctx context.Context) (string, error) {
	const times = 5
	fresh := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for range times {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, v.url, nil)
		if err != nil {
			return "", err
		}
		response, err := fresh.Do(request)
		if err != nil {
			return err.Error(), nil
		}
		_ = response.Body.Close()
	}
	return "", nil
}
