package main

import (
	"errors"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
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
