package chaos

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/shutdowncheck/shutdowncheck/check"
)

func TestBelowPartition(t *testing.T) {
	selector := &metav1.LabelSelector{MatchLabels: map[string]string{"app": "x"}}
	for name, tt := range map[string]struct {
		start, partition int32
		want             int
	}{
		"none":                   {0, 0, 0},
		"two of five":            {0, 2, 2},
		"numbered from ten":      {10, 12, 2},
		"below the first number": {10, 5, 0},
		"all":                    {0, 9, 5},
	} {
		set := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Name: "db", Namespace: namespace}, Spec: appsv1.StatefulSetSpec{
			Replicas: new(int32(5)), Selector: selector, Ordinals: &appsv1.StatefulSetOrdinals{Start: tt.start},
			UpdateStrategy: appsv1.StatefulSetUpdateStrategy{RollingUpdate: &appsv1.RollingUpdateStatefulSetStrategy{Partition: new(tt.partition)}},
		}}
		w, err := Open(t.Context(), fake.NewClientset(set), namespace, check.Workload{Kind: check.StatefulSet, Name: "db"}, present, ByHand{})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := w.BelowPartition(t.Context()); err != nil || got != tt.want {
			t.Errorf("%s: got %d, %v", name, got, err)
		}
	}
}
