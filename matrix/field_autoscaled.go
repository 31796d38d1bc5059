package matrix

import (
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// autoscaled is a Deployment whose HorizontalPodAutoscaler wants three pods at the
// least. It sets them without any metrics, the next time that it looks, at the latest
// 15 s later (kubernetes pkg/controller/podautoscaler, reconcileAutoscaler): the sleep is
// longer, so that it comes before the pods are gone and the run puts them back. That it
// may do so is said before, that it did only afterwards.
func autoscaled() []Row {
	row := tried("an autoscaler keeps three", "nginx", allThree, closesIdle().saying("HorizontalPodAutoscaler web set the replicas to 3"), env("STOP_SIGNAL", "3"), preStop(20), grace(40))
	row.Disruption = scale
	row.Objects = append(row.Objects, &autoscalingv2.HorizontalPodAutoscaler{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
			ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "web"},
			MinReplicas:    new(int32(3)), MaxReplicas: 6,
			Metrics: []autoscalingv2.MetricSpec{{
				Type: autoscalingv2.ResourceMetricSourceType,
				Resource: &autoscalingv2.ResourceMetricSource{
					Name:   corev1.ResourceCPU,
					Target: autoscalingv2.MetricTarget{Type: autoscalingv2.UtilizationMetricType, AverageUtilization: new(int32(80))},
				},
			}},
		},
	})
	return []Row{row}
}
