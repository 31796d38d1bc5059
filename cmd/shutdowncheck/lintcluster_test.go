package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/shutdowncheck/shutdowncheck/check"
)

func TestReadCluster(t *testing.T) {
	meta := metav1.ObjectMeta{Name: "web", Namespace: "shop"}
	web := check.Workload{Kind: check.Deployment, Name: "web"}
	forbidden := apierrors.NewForbidden(schema.GroupResource{}, "", errors.New("no"))
	tests := map[string]struct {
		resource string
		err      error
		notes    int
		fails    string
	}{
		"all":                       {},
		"no right to services":      {resource: "services", err: forbidden, notes: 1},
		"no right to budgets":       {resource: "poddisruptionbudgets", err: forbidden, notes: 1},
		"no right to autoscalers":   {resource: "horizontalpodautoscalers", err: forbidden, notes: 1},
		"no right to the workload":  {resource: "deployments", err: forbidden, fails: "read deployment/web in namespace shop: "},
		"services are not answered": {resource: "services", err: errors.New("gone"), fails: "list services: gone"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			client := fake.NewClientset(&appsv1.Deployment{ObjectMeta: meta}, &corev1.Service{ObjectMeta: meta},
				&policyv1.PodDisruptionBudget{ObjectMeta: meta}, &autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: meta})
			if test.err != nil {
				client.PrependReactor("*", test.resource, func(clienttesting.Action) (bool, runtime.Object, error) {
					return true, nil, test.err
				})
			}
			o, notes, err := readCluster(t.Context(), &cluster{observe: client, namespace: "shop"}, web)
			if test.fails != "" {
				if err == nil || !strings.HasPrefix(err.Error(), test.fails) {
					t.Fatalf("got %v, want %s", err, test.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			read := len(o.Deployments) + len(o.Services) + len(o.Budgets) + len(o.Autoscalers)
			if len(notes) != test.notes || read != 4-test.notes {
				t.Errorf("%d objects read, notes %q", read, notes)
			}
			if o.BudgetsUnknown != (test.resource == "poddisruptionbudgets") {
				t.Errorf("budgets unknown: %t", o.BudgetsUnknown)
			}
		})
	}
}

// What stands beside a workload is read where the cluster has such kinds and the user may.
func TestReadBeside(t *testing.T) {
	meta := metav1.ObjectMeta{Name: "web", Namespace: "shop"}
	web := check.Workload{Kind: check.Deployment, Name: "web"}
	claims := corev1.PodSpec{Volumes: []corev1.Volume{{VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "web"}}}}}
	class := "public"
	forbidden := apierrors.NewForbidden(schema.GroupResource{}, "", errors.New("no"))
	of := func(apiVersion, kind, namespace, name, spec string) *unstructured.Unstructured {
		u := &unstructured.Unstructured{}
		if err := u.UnmarshalJSON([]byte(`{"apiVersion":"` + apiVersion + `","kind":"` + kind + `","metadata":{"namespace":"` + namespace + `","name":"` + name + `"},"spec":` + spec + `}`)); err != nil {
			t.Fatal(err)
		}
		return u
	}
	all := "Deployments 2 StatefulSets 1 DaemonSets 1 Claims 1 Ingresses 1 IngressClasses 1 ScaledObjects 1 HTTPScaledObjects 0 Routes 1 Gateways 1"
	without := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(all) }
	for name, tt := range map[string]struct {
		resource string
		err      error
		absent   bool
		read     string
		notes    []string
	}{
		"all":                         {read: all},
		"no such kinds":               {absent: true, read: without("ScaledObjects 1", "ScaledObjects 0", "Routes 1", "Routes 0", "Gateways 1", "Gateways 0")},
		"no right to deployments":     {resource: "statefulsets", err: forbidden, read: without("StatefulSets 1", "StatefulSets 0"), notes: []string{"statefulsets, for want"}},
		"no right to claims":          {resource: "persistentvolumeclaims", err: forbidden, read: without("Claims 1", "Claims 0"), notes: []string{"persistentvolumeclaims, for want"}},
		"no right to ingresses":       {resource: "ingresses", err: forbidden, read: without("Ingresses 1", "Ingresses 0", "IngressClasses 1", "IngressClasses 0"), notes: []string{"ingresses, for want"}},
		"no right to ingress classes": {resource: "ingressclasses", err: forbidden, read: without("IngressClasses 1", "IngressClasses 0"), notes: []string{"ingressclasses, for want"}},
		"no right to scaled objects":  {resource: "scaledobjects", err: forbidden, read: without("ScaledObjects 1", "ScaledObjects 0"), notes: []string{"scaledobjects.keda.sh, for want"}},
		"no scaled objects of KEDA's": {resource: "scaledobjects", err: apierrors.NewNotFound(schema.GroupResource{}, ""), read: without("ScaledObjects 1", "ScaledObjects 0")},
		"no right to the gateway":     {resource: "gateways", err: forbidden, read: without("Gateways 1", "Gateways 0"), notes: []string{"gateway infra/front, for want"}},
		"the gateway is not there":    {resource: "gateways", err: apierrors.NewNotFound(schema.GroupResource{}, ""), read: without("Gateways 1", "Gateways 0")},
	} {
		t.Run(name, func(t *testing.T) {
			client := fake.NewClientset(
				&appsv1.Deployment{ObjectMeta: meta, Spec: appsv1.DeploymentSpec{Template: corev1.PodTemplateSpec{Spec: claims}}},
				&appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "canary", Namespace: "shop"}},
				&appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "other"}},
				&appsv1.StatefulSet{ObjectMeta: meta}, &appsv1.DaemonSet{ObjectMeta: meta}, &corev1.PersistentVolumeClaim{ObjectMeta: meta},
				&networkingv1.Ingress{ObjectMeta: meta, Spec: networkingv1.IngressSpec{IngressClassName: &class}}, &networkingv1.IngressClass{ObjectMeta: metav1.ObjectMeta{Name: "public"}})
			if !tt.absent {
				client.Resources = []*metav1.APIResourceList{{GroupVersion: "keda.sh/v1alpha1"}, {GroupVersion: "gateway.networking.k8s.io/v1"}}
			}
			custom := dynamicfake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), map[schema.GroupVersionResource]string{
				{Group: "keda.sh", Version: "v1alpha1", Resource: "scaledobjects"}:          "ScaledObjectList",
				{Group: "gateway.networking.k8s.io", Version: "v1", Resource: "httproutes"}: "HTTPRouteList",
				{Group: "gateway.networking.k8s.io", Version: "v1", Resource: "grpcroutes"}: "GRPCRouteList",
				{Group: "gateway.networking.k8s.io", Version: "v1", Resource: "gateways"}:   "GatewayList",
			},
				of("keda.sh/v1alpha1", "ScaledObject", "shop", "web", `{"scaleTargetRef":{"name":"web"},"minReplicaCount":3}`),
				of("keda.sh/v1alpha1", "ScaledObject", "other", "web", `{}`),
				of("gateway.networking.k8s.io/v1", "HTTPRoute", "shop", "web", `{"parentRefs":[{"name":"front","namespace":"infra"}]}`))
			// The fake guesses another plural.
			gateways := schema.GroupVersionResource{Group: "gateway.networking.k8s.io", Version: "v1", Resource: "gateways"}
			if err := custom.Tracker().Create(gateways, of("gateway.networking.k8s.io/v1", "Gateway", "infra", "front", `{"gatewayClassName":"gke-l7-rilb"}`), "infra"); err != nil {
				t.Fatal(err)
			}
			fails := func(clienttesting.Action) (bool, runtime.Object, error) { return true, nil, tt.err }
			if tt.err != nil {
				client.PrependReactor("*", tt.resource, fails)
				custom.PrependReactor("*", tt.resource, fails)
			}
			o, notes, err := readCluster(t.Context(), &cluster{observe: client, custom: custom, namespace: "shop"}, web)
			if err != nil {
				t.Fatal(err)
			}
			read := fmt.Sprintf("Deployments %d StatefulSets %d DaemonSets %d Claims %d Ingresses %d IngressClasses %d ScaledObjects %d HTTPScaledObjects %d Routes %d Gateways %d",
				len(o.Deployments), len(o.StatefulSets), len(o.DaemonSets), len(o.Claims), len(o.Ingresses), len(o.IngressClasses), len(o.ScaledObjects), len(o.HTTPScaledObjects), len(o.Routes), len(o.Gateways))
			if read != tt.read {
				t.Errorf("read %s\nwant %s", read, tt.read)
			}
			if len(notes) != len(tt.notes) || len(notes) == 1 && !strings.HasPrefix(notes[0], tt.notes[0]) {
				t.Errorf("notes %q, want %q", notes, tt.notes)
			}
			if o.Only != "deployment/web" || !o.AllServices || o.ServicesUnknown {
				t.Errorf("judges %q; all services: %t, unknown: %t", o.Only, o.AllServices, o.ServicesUnknown)
			}
			if len(o.ScaledObjects) == 1 && *o.ScaledObjects[0].Value.Spec.MinReplicaCount != 3 {
				t.Errorf("got %+v", o.ScaledObjects[0].Value)
			}
		})
	}
}

// Rights that are missing are told once, with all that they keep from being looked at.
func TestMissingRightsAreToldOnce(t *testing.T) {
	for name, tt := range map[string]struct {
		missed unread
		want   []string
	}{
		"none": {},
		"one":  {unread{unlisted: []string{"services"}}, []string{"services, for want of the right to list them; the rules about them were left out"}},
		"all": {
			unread{unlisted: []string{"services", "ingresses", "gateways"}, ungotten: []string{"gateway a/b", "gateway c/d"}, others: []string{"else"}},
			[]string{
				"services, ingresses and gateways, for want of the right to list them; the rules about them were left out",
				"gateway a/b and gateway c/d, for want of the right to get them; what they lead through was left out",
				"else",
			},
		},
	} {
		if got := tt.missed.notes(); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q\nwant %q", name, got, tt.want)
		}
	}
}
