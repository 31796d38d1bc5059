package main

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/shutdowncheck/shutdowncheck/lint"
)

func TestReadAll(t *testing.T) {
	in := func(namespace, name string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Namespace: namespace, Name: name}
	}
	everything := []runtime.Object{
		&appsv1.Deployment{ObjectMeta: in("shop", "web")}, &appsv1.Deployment{ObjectMeta: in("shop", "api")}, &appsv1.Deployment{ObjectMeta: in("other", "web")},
		&appsv1.StatefulSet{ObjectMeta: in("shop", "db")}, &appsv1.DaemonSet{ObjectMeta: in("shop", "log")},
		&appsv1.Deployment{ObjectMeta: in("kube-system", "coredns")}, &appsv1.DaemonSet{ObjectMeta: in("kube-system", "kube-proxy")},
		&corev1.Service{ObjectMeta: in("shop", "web")}, &policyv1.PodDisruptionBudget{ObjectMeta: in("other", "web")},
	}
	forbidden := apierrors.NewForbidden(schema.GroupResource{}, "", errors.New("no"))
	tests := map[string]struct {
		namespace  string
		everywhere bool
		refused    []string
		err        error
		// want are the workloads, as kind/name.
		want   []string
		beside int
		// notes are the beginnings of them.
		notes []string
		fails string
	}{
		"a namespace":       {namespace: "shop", want: []string{"deployment/api", "deployment/web", "statefulset/db", "daemonset/log"}, beside: 1},
		"the system's own":  {namespace: "kube-system", want: []string{"deployment/coredns", "daemonset/kube-proxy"}},
		"everywhere":        {namespace: "shop", everywhere: true, want: []string{"deployment/web", "deployment/api", "deployment/web", "statefulset/db", "daemonset/log"}, beside: 2, notes: []string{"2 workloads of namespace kube-system"}},
		"an empty one":      {namespace: "none", fails: "no Deployment, StatefulSet or DaemonSet in namespace none"},
		"no right to some":  {namespace: "shop", refused: []string{"statefulsets", "services"}, err: forbidden, want: []string{"deployment/api", "deployment/web", "daemonset/log"}, notes: []string{"statefulsets and services, for want of the right to list them; the rules about them were left out"}},
		"no right to any":   {namespace: "shop", refused: []string{"deployments", "statefulsets", "daemonsets"}, err: forbidden, fails: "list the workloads of namespace shop: "},
		"no right, no more": {namespace: "other", refused: []string{"deployments"}, err: forbidden, fails: "no Deployment, StatefulSet or DaemonSet in namespace other; not looked at: deployments, for want"},
		"no answer":         {namespace: "shop", refused: []string{"daemonsets"}, err: errors.New("gone"), fails: "list daemonsets: gone"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			client := fake.NewClientset(everything...)
			for _, resource := range test.refused {
				client.PrependReactor("*", resource, func(clienttesting.Action) (bool, runtime.Object, error) { return true, nil, test.err })
			}
			o, notes, err := readAll(t.Context(), &cluster{observe: client, namespace: test.namespace}, test.everywhere)
			if test.fails != "" {
				if err == nil || !strings.HasPrefix(err.Error(), test.fails) {
					t.Fatalf("got %v, want %s", err, test.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := lint.Lint(o).Workloads
			slices.Sort(got)
			slices.Sort(test.want)
			if !slices.Equal(got, test.want) || len(o.Services)+len(o.Budgets) != test.beside {
				t.Errorf("got %q and %d beside", got, len(o.Services)+len(o.Budgets))
			}
			if !slices.EqualFunc(notes, test.notes, strings.HasPrefix) {
				t.Errorf("notes %q", notes)
			}
			told := lintRights(t)
			asked := map[string]int{}
			for _, action := range client.Actions() {
				resource := action.GetResource().Resource
				asked[action.GetVerb()+" "+resource]++
				if !strings.Contains(told, resource) {
					t.Errorf("docs/rights.md does not tell that lint reads %s", resource)
				}
			}
			for what, times := range asked {
				// Which custom kinds there are is told once, by discovery.
				if times != 1 || !strings.HasPrefix(what, "list ") && what != "get group" {
					t.Errorf("%s was asked for %d times", what, times)
				}
			}
		})
	}
}

// lintRights is what docs/rights.md says of lint.
func lintRights(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/rights.md")
	if err != nil {
		t.Fatal(err)
	}
	_, of, _ := strings.Cut(string(page), "\n`lint` of a workload")
	of, _, _ = strings.Cut(of, "\n\n")
	return of
}
