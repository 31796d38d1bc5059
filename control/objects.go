package control

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/shutdowncheck/shutdowncheck/internal/label"
)

// The labels of everything the control is made of, beside those by which `restore
// --all` finds what a run that was killed has left behind; nobody owns it.
const (
	nameKey     = "app.kubernetes.io/name"
	nameValue   = "shutdowncheck-control"
	instanceKey = "app.kubernetes.io/instance"
)

// replicas are enough for a rollout in which some pods serve while others end.
const replicas = 3

// port is where the careless service listens (cmd/shutdowncheck careless).
const port = 8080

// user is nobody in particular, as in deploy/job.yaml.
const user = 65532

func (s *Service) meta() metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: s.name, Namespace: s.namespace, Labels: map[string]string{
		label.ManagedBy: label.Tool, label.Run: s.run, nameKey: nameValue, instanceKey: s.name,
	}}
}

// selector names the pods of this control and no other's.
func (s *Service) selector() map[string]string {
	return map[string]string{nameKey: nameValue, instanceKey: s.name}
}

func (s *Service) service() *corev1.Service {
	return &corev1.Service{ObjectMeta: s.meta(), Spec: corev1.ServiceSpec{
		Selector: s.selector(),
		Ports:    []corev1.ServicePort{{Port: 80, TargetPort: intstr.FromInt32(port)}},
	}}
}

func (s *Service) deployment() *appsv1.Deployment {
	return &appsv1.Deployment{ObjectMeta: s.meta(), Spec: appsv1.DeploymentSpec{
		Replicas: new(int32(replicas)),
		Selector: &metav1.LabelSelector{MatchLabels: s.selector()},
		Template: corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: s.meta().Labels},
			Spec:       s.podSpec(),
		},
	}}
}

func (s *Service) podSpec() corev1.PodSpec {
	return corev1.PodSpec{
		AutomountServiceAccountToken: new(false),
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot: new(true), RunAsUser: new(int64(user)), RunAsGroup: new(int64(user)),
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
		Containers: []corev1.Container{{
			Name:  "careless",
			Image: s.image,
			Args:  []string{"careless"},
			Ports: []corev1.ContainerPort{{ContainerPort: port}},
			Env: []corev1.EnvVar{{Name: "POD_NAME", ValueFrom: &corev1.EnvVarSource{
				FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.name"},
			}}},
			ReadinessProbe: &corev1.Probe{
				ProbeHandler:  corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/readyz", Port: intstr.FromInt32(port)}},
				PeriodSeconds: 1,
			},
			SecurityContext: &corev1.SecurityContext{
				AllowPrivilegeEscalation: new(false),
				ReadOnlyRootFilesystem:   new(true),
				Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			},
		}},
	}
}
