package chaos

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/shutdowncheck/shutdowncheck/internal/fakecluster"
)

func TestStatefulSetUnsteady(t *testing.T) {
	steady := func() *appsv1.StatefulSet {
		return &appsv1.StatefulSet{
			ObjectMeta: metav1.ObjectMeta{Generation: 2},
			Spec:       appsv1.StatefulSetSpec{Replicas: new(int32(3)), UpdateStrategy: appsv1.StatefulSetUpdateStrategy{RollingUpdate: &appsv1.RollingUpdateStatefulSetStrategy{}}},
			Status:     appsv1.StatefulSetStatus{ObservedGeneration: 2, Replicas: 3, UpdatedReplicas: 3, ReadyReplicas: 3, AvailableReplicas: 3},
		}
	}
	tests := map[string]struct {
		change func(*appsv1.StatefulSet)
		want   string
	}{
		"steady":                  {func(*appsv1.StatefulSet) {}, ""},
		"new template not seen":   {func(s *appsv1.StatefulSet) { s.Generation = 3 }, "its controller has not taken up the latest change"},
		"one pod short":           {func(s *appsv1.StatefulSet) { s.Status.Replicas = 2 }, "2 pods there of the 3 wanted"},
		"rolling":                 {func(s *appsv1.StatefulSet) { s.Status.UpdatedReplicas = 1 }, "1 of 3 pods updated"},
		"partition below":         {partition(2, 1), ""},
		"partition not yet there": {partition(1, 1), "1 of 2 pods updated"},
		"OnDelete": {func(s *appsv1.StatefulSet) {
			s.Spec.UpdateStrategy.Type = appsv1.OnDeleteStatefulSetStrategyType
			s.Status.UpdatedReplicas = 0
		}, ""},
		"not Ready": {func(s *appsv1.StatefulSet) { s.Status.ReadyReplicas = 2 }, "2 of 3 pods Ready"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			set := steady()
			test.change(set)
			s, err := statefulSetState(set)
			if err != nil {
				t.Fatal(err)
			}
			if got := s.unsteady(); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func partition(at, updated int32) func(*appsv1.StatefulSet) {
	return func(s *appsv1.StatefulSet) {
		s.Spec.UpdateStrategy.RollingUpdate.Partition = &at
		s.Status.UpdatedReplicas = updated
	}
}

func TestADeploymentTellsWhyItCannotMakePods(t *testing.T) {
	d := fakecluster.NewDeployment()
	d.Status.Replicas = 2
	d.Status.Conditions = []appsv1.DeploymentCondition{{Type: appsv1.DeploymentReplicaFailure, Status: corev1.ConditionTrue, Reason: "FailedCreate", Message: "exceeded quota"}}
	s, err := deploymentState(d)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.unsteady(); got != "FailedCreate: exceeded quota" {
		t.Errorf("got %q", got)
	}
}

func TestOvertook(t *testing.T) {
	tests := map[string]struct {
		revision string
		replicas int32
		change   change
		want     bool
	}{
		"restart not yet seen":                {"7", 3, change{Revision: 7, Restart: &restartChange{}}, false},
		"restart under way":                   {"8", 3, change{Revision: 7, Restart: &restartChange{}}, false},
		"rolled out after the restart":        {"9", 3, change{Revision: 7, Restart: &restartChange{}}, true},
		"scaled":                              {"7", 1, change{Revision: 7, Scale: &scaleChange{From: 3, To: 1}}, false},
		"rolled out while scaled":             {"8", 1, change{Revision: 7, Scale: &scaleChange{From: 3, To: 1}}, false},
		"rolled out when scaled back":         {"8", 3, change{Revision: 7, Scale: &scaleChange{From: 3, To: 1}}, true},
		"a kind whose revisions bear no name": {"", 3, change{Restart: &restartChange{}}, false},
	}
	for name, test := range tests {
		s := state{replicas: test.replicas, meta: metav1.ObjectMeta{Annotations: map[string]string{"deployment.kubernetes.io/revision": test.revision}}}
		if got := s.overtook(&test.change); got != test.want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}

func TestSentence(t *testing.T) {
	want(t, "sentences", []string{joinReasons(nil), joinReasons([]string{"a", "b", "a"}), joinReasons([]string{"a", "b", "c", "d", "e", "f"})},
		"", "a; b", "a; b; c; d; and 2 more")
}

func TestAStatefulSetEndsItsHighestNumbers(t *testing.T) {
	for name, number := range map[string]int32{"db-0": 0, "db-12": 12, "a-b-7": 7} {
		if got, ok := ordinal(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name}}); !ok || got != number {
			t.Errorf("%s: got %d, %t", name, got, ok)
		}
	}
	if _, ok := ordinal(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "db"}}); ok {
		t.Error("a name without a number has one")
	}
}

// A report tells what a rollout does by its strategy, which each kind calls otherwise.
func TestStrategy(t *testing.T) {
	d, set, daemons := &appsv1.Deployment{}, &appsv1.StatefulSet{}, &appsv1.DaemonSet{}
	d.Spec.Strategy.Type = appsv1.RecreateDeploymentStrategyType
	set.Spec.UpdateStrategy.Type = appsv1.OnDeleteStatefulSetStrategyType
	daemons.Spec.UpdateStrategy.Type = appsv1.RollingUpdateDaemonSetStrategyType
	for want, read := range map[string]func() (state, error){
		"Recreate":      func() (state, error) { return deploymentState(d) },
		"OnDelete":      func() (state, error) { return statefulSetState(set) },
		"RollingUpdate": func() (state, error) { return daemonSetState(daemons) },
	} {
		if s, err := read(); err != nil || s.strategy != want {
			t.Errorf("got %q (%v), want %s", s.strategy, err, want)
		}
	}
}
