package lint

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	networkingv1beta1 "k8s.io/api/networking/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/shutdowncheck/shutdowncheck/balancer"
	"github.com/shutdowncheck/shutdowncheck/internal/patch"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// hop is a balancer outside of the cluster that requests come through, and the object
// that tells so.
type hop struct {
	profile balancer.Profile
	by      other
	// sign is what of the object tells.
	sign string
}

var pathRules = []rule{{
	id:    "prestop-short-for-path",
	cause: report.ListenerClosedEarly,
	doc:   "A balancer outside of the cluster learns later than kube-proxy that a pod ends; how much later is told as others report it.",
	find: func(w *workload, report func(breach)) {
		if len(w.paths) == 0 || w.grace() == 0 {
			return
		}
		slowest, lag := w.slowest()
		for _, c := range w.serving() {
			sleep, exact := hookSeconds(w, c)
			if sleep >= float64(lag) {
				continue
			}
			does := fmt.Sprintf("preStop sleeps %g s", sleep)
			switch {
			case preStop(c) == nil:
				does = "there is no preStop"
			case !exact && sleep > 0:
				does = fmt.Sprintf("of preStop only %g s are known", sleep)
			case !exact:
				does = "how long preStop takes is not known"
			}
			b := breach{
				severity: Note, container: c.Name, field: c.field + ".lifecycle.preStop",
				why: fmt.Sprintf("%s/%s (%s) stands for %s: it may send new requests for %d s after the pod has begun to end, as reported, not measured (%s), and %s.",
					strings.ToLower(slowest.by.kind), slowest.by.name, slowest.sign, slowest.profile.Title, lag, slowest.profile.Source, does),
				fix: fmt.Sprintf("Let preStop sleep for %d s%s, and the grace period hold that and the longest request.", lag, thenStop(c)),
			}
			if thenStop(c) == "" && (preStop(c) == nil || exact) {
				b.patch = pathPatch(w, c, lag)
			}
			if preStop(c) != nil && !exact && thenStop(c) == "" {
				// It may be what drains the program.
				b.fix = fmt.Sprintf("Let what preStop does now wait for %d s before it closes a port, and the grace period hold that and the longest request.", lag)
			}
			report(b)
		}
	},
}}

// slowest is the path on which a pod's end is noticed last, and after how many seconds; 0
// where there is none outside of the cluster.
func (w *workload) slowest() (h hop, lag int) {
	if len(w.paths) == 0 {
		return hop{}, 0
	}
	h = slices.MaxFunc(w.paths, func(a, b hop) int { return cmp.Compare(a.profile.Lag, b.profile.Lag) })
	return h, int(math.Ceil(h.profile.Lag.Seconds()))
}

// advised is for how many seconds preStop should sleep: longer than usual where a balancer
// outside of the cluster learns late that a pod ends.
func (w *workload) advised() int {
	_, lag := w.slowest()
	return max(advisedSleep, lag)
}

// advisedPatch lets preStop sleep for as long as is advised; it is empty where that alone
// is of no use.
func (w *workload) advisedPatch(c container) string { return w.sleepingPatch(c, w.advised()) }

// sleepingPatch lets preStop sleep for as long as is advised, or longer.
func (w *workload) sleepingPatch(c container, seconds int) string {
	if w.byNode() {
		return ""
	}
	if seconds > advisedSleep {
		return pathPatch(w, c, seconds)
	}
	return sleepPatch(w, c, seconds)
}

// hookSeconds is for how long preStop keeps a container from ending, at the least: until
// the hook ends, or tells the server to stop. exact is true where it does no more than
// sleep. Without a hook that is 0.
func hookSeconds(w *workload, c container) (seconds float64, exact bool) {
	if preStop(c) == nil {
		return 0, true
	}
	hook := judge(w, c)
	if hook.Quits != nil {
		return hook.Quits.After.Seconds(), false
	}
	return hook.Least.Seconds(), hook.OnlySleeps || hook.Fails != ""
}

// pathPatch lets preStop sleep, and leaves the usual grace after it where little was left.
func pathPatch(w *workload, c container, seconds int) string {
	const little = 10
	if w.grace() >= seconds+little {
		return sleepPatch(w, c, seconds)
	}
	spec := patch.Object{"terminationGracePeriodSeconds": seconds + defaultGrace}
	c.list.Container(spec, c.Name, patch.Sleep(seconds, otherHandlers(c)...))
	return patch.PodSpec(spec)
}

func otherHandlers(c container) []string {
	hook := preStop(c)
	switch {
	case hook == nil:
		return nil
	case hook.Exec != nil:
		return []string{"exec"}
	case hook.HTTPGet != nil:
		return []string{"httpGet"}
	case hook.TCPSocket != nil:
		return []string{"tcpSocket"}
	default:
		return nil
	}
}

// pathsTo finds the balancers outside of the cluster before a workload's services.
func (o *Objects) pathsTo(w *workload) []hop {
	var all []hop
	for _, s := range w.trafficServices() {
		if p, found := beforeService(s.Object); found {
			all = append(all, p)
		}
		for _, i := range o.Ingresses {
			if together(i.Value.Namespace, s.Value.Namespace) && slices.Contains(backends(i.Value), s.Value.Name) {
				if p, found := o.ofIngress(i, s.Value); found {
					all = append(all, p)
				}
			}
		}
		for _, g := range o.TargetGroups {
			if together(g.Value.Namespace, s.Value.Namespace) && g.Value.Spec.ServiceRef.Name == s.Value.Name && g.Value.Spec.TargetType == targetIP {
				all = append(all, hop{balancer.ALB, otherOf("TargetGroupBinding", g), "targetType: " + targetIP + ", of an ALB at least"})
			}
		}
		all = append(all, o.gatewaysBefore(s.Value)...)
	}
	if len(all) == 0 {
		return w.gated()
	}
	return all
}

// TargetGroupBinding is what the rules read of AWS's controller's (elbv2.k8s.aws/v1beta1):
// targets of a balancer that is made elsewhere.
type TargetGroupBinding struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		ServiceRef struct {
			Name string `json:"name"`
		} `json:"serviceRef"`
		TargetType string `json:"targetType"`
	} `json:"spec"`
}

// gates are the readiness gates that controllers of balancers give to pods which these
// balancers send to; they hold back new pods and do nothing for an ending one.
var gates = []struct {
	prefix  string
	profile balancer.Profile
}{
	{"target-health.elbv2.k8s.aws/", balancer.ALB},
	{"target-health.alb.ingress.k8s.aws/", balancer.ALB},
	{"cloud.google.com/load-balancer-neg-ready", balancer.NEG},
}

func (w *workload) gated() []hop {
	for _, g := range w.template.Spec.ReadinessGates {
		for _, known := range gates {
			if strings.HasPrefix(string(g.ConditionType), known.prefix) {
				return []hop{{known.profile, *w.self(), "readiness gate " + string(g.ConditionType)}}
			}
		}
	}
	return nil
}

// exposed tells whether something leads users to the service whatever its ports are called: a
// balancer of its own that has but one port is there for that, unless the service's name says
// that it is for watching.
func (o *Objects) exposed(s *corev1.Service) bool {
	if s.Spec.Type == corev1.ServiceTypeLoadBalancer && len(s.Spec.Ports) == 1 && !forWatching(s.Name, "", "") {
		return true
	}
	return slices.ContainsFunc(o.Ingresses, func(i Object[*networkingv1.Ingress]) bool {
		return together(i.Value.Namespace, s.Namespace) && slices.Contains(backends(i.Value), s.Name)
	}) || slices.ContainsFunc(o.Routes, func(r Object[*Route]) bool { return r.Value.leadsTo(s.Namespace, s.Name) })
}

// The annotations of AWS's load balancer controller (its guide, Service annotations) and
// Google's (cloud.google.com, Container-native load balancing).
const (
	awsType       = "service.beta.kubernetes.io/aws-load-balancer-type"
	awsNLBTarget  = "service.beta.kubernetes.io/aws-load-balancer-nlb-target-type"
	albPrefix     = "alb.ingress.kubernetes.io/"
	albTarget     = albPrefix + "target-type"
	agicPrefix    = "appgw.ingress.kubernetes.io/"
	googleNEG     = "cloud.google.com/neg"
	ingressClass  = "kubernetes.io/ingress.class"
	targetIP      = "ip"
	awsTypeWithIP = "nlb-ip"
)

// beforeService finds the balancer that the service itself asks the cloud for.
func beforeService(s Object[*corev1.Service]) (p hop, found bool) {
	by := otherOf("Service", s)
	annotations := s.Value.Annotations
	balanced := s.Value.Spec.Type == corev1.ServiceTypeLoadBalancer
	switch {
	case balanced && annotations[awsType] == awsTypeWithIP:
		return hop{balancer.NLB, by, awsType + ": " + awsTypeWithIP}, true
	case balanced && annotations[awsNLBTarget] == targetIP:
		return hop{balancer.NLB, by, awsNLBTarget + ": " + targetIP}, true
	case exposesNEG(annotations[googleNEG]):
		return hop{balancer.NEG, by, googleNEG}, true
	case (balanced || s.Value.Spec.Type == corev1.ServiceTypeNodePort) && s.Value.Spec.ExternalTrafficPolicy == corev1.ServiceExternalTrafficPolicyLocal:
		return hop{balancer.Local, by, "externalTrafficPolicy: Local"}, true
	default:
		return hop{}, false
	}
}

// neg is the value of Google's annotation.
type neg struct {
	Ingress      *bool          `json:"ingress"`
	ExposedPorts map[string]any `json:"exposed_ports"`
}

func negOf(annotation string) (n neg) {
	_ = json.Unmarshal([]byte(annotation), &n) // what is no JSON asks for nothing
	return n
}

// exposesNEG tells whether a service asks for groups of its pods without an Ingress.
func exposesNEG(annotation string) bool { return len(negOf(annotation).ExposedPorts) > 0 }

// ofIngress finds the balancer that an Ingress before the service makes. One that is a
// controller's pods in the cluster is none of these.
func (o *Objects) ofIngress(i Object[*networkingv1.Ingress], s *corev1.Service) (p hop, found bool) {
	by := otherOf("Ingress", i)
	class := o.classOf(i.Value)
	switch {
	case class == "alb" || class == "" && hasPrefix(i.Value.Annotations, albPrefix):
		target := cmp.Or(s.Annotations[albTarget], i.Value.Annotations[albTarget])
		switch {
		case target == targetIP:
			return hop{balancer.ALB, by, albTarget + ": " + targetIP}, true
		case target == "" && (s.Spec.Type == "" || s.Spec.Type == corev1.ServiceTypeClusterIP):
			// Targets that are nodes want a NodePort; so IngressClassParams or the
			// controller's own default say ip.
			return hop{balancer.ALB, by, "class alb, before a ClusterIP service"}, true
		}
	case class == "gce" || class == "gce-internal":
		if n := negOf(s.Annotations[googleNEG]); n.Ingress == nil || *n.Ingress {
			return hop{balancer.NEG, by, "class " + class}, true
		}
	case class == "agic" || class == "" && hasPrefix(i.Value.Annotations, agicPrefix):
		return hop{balancer.AGIC, by, "class azure/application-gateway"}, true
	case class == "" && negIngress(s.Annotations[googleNEG]):
		return hop{balancer.NEG, by, googleNEG}, true
	}
	return hop{}, false
}

func negIngress(annotation string) bool {
	n := negOf(annotation)
	return n.Ingress != nil && *n.Ingress
}

// classes are the controllers and the usual names of their classes, by what they make.
var classes = map[string]string{
	"alb": "alb", "ingress.k8s.aws/alb": "alb", "eks.amazonaws.com/alb": "alb",
	"gce": "gce", "gce-internal": "gce-internal", "k8s.io/ingress-gce": "gce",
	"azure/application-gateway": "agic", "azure-application-gateway": "agic",
}

// ownClasses are the usual names of controllers that are pods of the cluster.
var ownClasses = []string{"nginx", "traefik", "haproxy", "kong", "contour", "istio", "cilium", "apisix", "ambassador", "public"}

// classOf is what makes an Ingress: empty where nothing is said, "other" for what is not
// among the classes.
func (o *Objects) classOf(i *networkingv1.Ingress) string {
	name := i.Annotations[ingressClass]
	if i.Spec.IngressClassName != nil {
		name = cmp.Or(name, *i.Spec.IngressClassName)
	}
	for _, c := range o.IngressClasses {
		byDefault := name == "" && c.Value.Annotations[networkingv1.AnnotationIsDefaultIngressClass] == "true"
		if (c.Value.Name == name || byDefault) && c.Value.Spec.Controller != "" {
			return cmp.Or(classes[c.Value.Spec.Controller], "other")
		}
	}
	if name == "" {
		return ""
	}
	if class := classes[name]; class != "" {
		return class
	}
	if slices.Contains(ownClasses, name) {
		return "other"
	}
	// A class may have any name; these annotations nobody else reads.
	if hasPrefix(i.Annotations, albPrefix) {
		return "alb"
	}
	return "other"
}

func hasPrefix(annotations map[string]string, prefix string) bool {
	for name := range annotations {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// backends are the names of the services behind an Ingress.
func backends(i *networkingv1.Ingress) []string {
	var names []string
	add := func(b *networkingv1.IngressBackend) {
		if b != nil && b.Service != nil {
			names = append(names, b.Service.Name)
		}
	}
	add(i.Spec.DefaultBackend)
	for r := range i.Spec.Rules {
		if http := i.Spec.Rules[r].HTTP; http != nil {
			for p := range http.Paths {
				add(&http.Paths[p].Backend)
			}
		}
	}
	return names
}

// gatewaysBefore finds the balancers that gateways before a service make: Google's all
// send to pods (cloud.google.com, GatewayClass capabilities). Whether AWS's do is told by
// configuration that is not read.
func (o *Objects) gatewaysBefore(s *corev1.Service) []hop {
	var all []hop
	for _, r := range o.Routes {
		if !r.Value.leadsTo(s.Namespace, s.Name) {
			continue
		}
		for _, g := range o.Gateways {
			if r.Value.hangsOn(g.Value) && o.googles(g.Value.Spec.GatewayClassName) {
				all = append(all, hop{balancer.NEG, otherOf("Gateway", g), "class " + g.Value.Spec.GatewayClassName})
			}
		}
	}
	return all
}

func (o *Objects) googles(class string) bool {
	for _, c := range o.GatewayClasses {
		if c.Value.Name == class && c.Value.Spec.ControllerName != "" {
			return c.Value.Spec.ControllerName == "networking.gke.io/gateway"
		}
	}
	return strings.HasPrefix(class, "gke-l7-")
}

// keepOldIngress reads an Ingress of a version whose backends are called otherwise.
func keepOldIngress(r *reader, to *[]Object[*networkingv1.Ingress], g *given) error {
	var read []Object[*networkingv1beta1.Ingress]
	if err := keep(r, &read, g); err != nil || len(read) == 0 {
		return err
	}
	before := read[0].Value
	now := &networkingv1.Ingress{TypeMeta: before.TypeMeta, ObjectMeta: before.ObjectMeta}
	now.Spec.IngressClassName = before.Spec.IngressClassName
	backend := func(b *networkingv1beta1.IngressBackend) *networkingv1.IngressBackend {
		return &networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: b.ServiceName}}
	}
	if b := before.Spec.Backend; b != nil {
		now.Spec.DefaultBackend = backend(b)
	}
	for _, r := range before.Spec.Rules {
		rule := networkingv1.IngressRule{}
		if r.HTTP != nil {
			rule.HTTP = &networkingv1.HTTPIngressRuleValue{}
			for i := range r.HTTP.Paths {
				rule.HTTP.Paths = append(rule.HTTP.Paths, networkingv1.HTTPIngressPath{Backend: *backend(&r.HTTP.Paths[i].Backend)})
			}
		}
		now.Spec.Rules = append(now.Spec.Rules, rule)
	}
	*to = append(withoutEarlier(r, g, *to, now.Namespace, now.Name), Object[*networkingv1.Ingress]{Value: now, Source: read[0].Source})
	return nil
}
