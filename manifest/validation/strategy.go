package validation

import (
	"cmp"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/shutdowncheck/shutdowncheck/internal/patch"
)

// deploymentStrategy is apps/validation's ValidateDeploymentStrategy.
func (l *list) deploymentStrategy(s *appsv1.DeploymentStrategy) {
	const at = "spec.strategy.rollingUpdate"
	oneOf(l, "spec.strategy.type", s.Type, appsv1.RollingUpdateDeploymentStrategyType, appsv1.RecreateDeploymentStrategyType)
	rolling := s.RollingUpdate
	switch {
	case rolling == nil:
	case s.Type == appsv1.RecreateDeploymentStrategyType:
		l.add(at, "rollingUpdate is there, and the strategy is Recreate", "Take rollingUpdate out, or set the type to RollingUpdate.")
		l.mended(patch.JSON(patch.Object{"spec": patch.Object{"strategy": patch.Object{"rollingUpdate": nil}}}))
	case cmp.Or(s.Type, appsv1.RollingUpdateDeploymentStrategyType) == appsv1.RollingUpdateDeploymentStrategyType:
		quarter := intstr.FromString("25%")
		surge, unavailable := cmp.Or(rolling.MaxSurge, &quarter), cmp.Or(rolling.MaxUnavailable, &quarter)
		fine := l.pods(at+".maxUnavailable", unavailable)
		if fine = l.pods(at+".maxSurge", surge) && fine; fine && value(surge) == 0 && value(unavailable) == 0 {
			l.add(at+".maxUnavailable", "maxSurge and maxUnavailable are both 0", "Let one of the two be above 0: maxSurge: 1 keeps all pods until new ones are ready.")
			l.mended(patch.JSON(patch.Object{"spec": patch.Object{"strategy": patch.Object{"rollingUpdate": patch.Object{"maxSurge": 1}}}}))
		}
		l.atMostAll(at+".maxUnavailable", unavailable)
	}
}

// statefulSetStrategy is apps/validation's ValidateStatefulSetSpec. Where the feature gate
// MaxUnavailableStatefulSet is off, as it is by default before 1.37, maxUnavailable is
// dropped. The strategy Recreate is behind a gate that is off in 1.37.
func (l *list) statefulSetStrategy(s *appsv1.StatefulSetUpdateStrategy) {
	const at = "spec.updateStrategy.rollingUpdate"
	oneOf(l, "spec.updateStrategy.type", s.Type, appsv1.RollingUpdateStatefulSetStrategyType, appsv1.OnDeleteStatefulSetStrategyType)
	rolling := s.RollingUpdate
	switch {
	case rolling == nil:
	case s.Type == appsv1.OnDeleteStatefulSetStrategyType:
		l.add(at, "rollingUpdate is there, and the strategy is OnDelete", "Take rollingUpdate out, or set the type to RollingUpdate.")
	case cmp.Or(s.Type, appsv1.RollingUpdateStatefulSetStrategyType) == appsv1.RollingUpdateStatefulSetStrategyType:
		notNegative(l, at+".partition", rolling.Partition)
		before := len(*l)
		if n := rolling.MaxUnavailable; l.pods(at+".maxUnavailable", n) && n != nil && value(n) == 0 {
			l.add(at+".maxUnavailable", fmt.Sprintf("maxUnavailable is %s", n), "Want 1 or more, or leave it out.")
		}
		l.atMostAll(at+".maxUnavailable", rolling.MaxUnavailable)
		for i := range (*l)[before:] {
			(*l)[before+i].Since = "1.37"
		}
	}
}

// daemonSetStrategy is apps/validation's ValidateDaemonSetUpdateStrategy. What is left out
// is 1 for maxUnavailable and 0 for maxSurge (apps/v1 defaults.go).
func (l *list) daemonSetStrategy(s *appsv1.DaemonSetUpdateStrategy) {
	const at = "spec.updateStrategy.rollingUpdate"
	oneOf(l, "spec.updateStrategy.type", s.Type, appsv1.RollingUpdateDaemonSetStrategyType, appsv1.OnDeleteDaemonSetStrategyType)
	rolling := s.RollingUpdate
	if rolling == nil || cmp.Or(s.Type, appsv1.RollingUpdateDaemonSetStrategyType) != appsv1.RollingUpdateDaemonSetStrategyType {
		return
	}
	zero, one := intstr.FromInt32(0), intstr.FromInt32(1)
	surge, unavailable := cmp.Or(rolling.MaxSurge, &zero), cmp.Or(rolling.MaxUnavailable, &one)
	fine := l.pods(at+".maxUnavailable", unavailable)
	fine = l.pods(at+".maxSurge", surge) && fine
	switch {
	case !fine:
	case value(surge) != 0 && value(unavailable) != 0:
		said := ""
		if rolling.MaxUnavailable == nil {
			said = ", which is the default"
		}
		l.add(at+".maxSurge", fmt.Sprintf("maxSurge is %s and maxUnavailable %s%s", surge, unavailable, said), "Let one of the two be 0: with maxSurge set maxUnavailable: 0.")
		if rolling.MaxUnavailable == nil {
			l.mended(patch.JSON(patch.Object{"spec": patch.Object{"updateStrategy": patch.Object{"rollingUpdate": patch.Object{"maxUnavailable": 0}}}}))
		}
	case value(surge) == 0 && value(unavailable) == 0:
		l.add(at+".maxUnavailable", "maxSurge and maxUnavailable are both 0", "Let one of the two be above 0: maxUnavailable: 1 is the default.")
	}
	l.atMostAll(at+".maxUnavailable", unavailable)
	l.atMostAll(at+".maxSurge", surge)
}
