package balancer

// Pins tells that the path is one of layer 4: it leads connections to pods and not
// requests, so that one which a client keeps stays with its pod for as long as that lives.
// kube-proxy flushes no TCP (its conntrack clean-up is of UDP alone); a Network Load
// Balancer sends established flows to a target that it has deregistered unless it is told
// otherwise (docs.aws.amazon.com, "Deregistration delay",
// deregistration_delay.connection_termination.enabled).
func (p Profile) Pins() bool { return p == KubeProxy || p == NLB || p == Local }

// FallsBack tells that it sends to pods that end, as far as they still serve, where no pod
// is ready (KEP-1669, in kube-proxy since Kubernetes 1.26 by default). What is outside of
// the nodes has no such rule.
func (p Profile) FallsBack() bool { return p == KubeProxy || p == Local }
