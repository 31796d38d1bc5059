// Command coredns is CoreDNS with the plugins of the Corefile that kubeadm writes
// (k8s.io/kubernetes/cmd/kubeadm/app/phases/addons/dns), and no others: the rest of
// upstream's draw in the SDKs of three clouds and of a tracing service, which take
// longer to compile than all that a cluster uses. A Corefile that names another
// plugin is refused at the start.
package main

import (
	"github.com/coredns/coredns/coremain"

	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/forward"
	_ "github.com/coredns/coredns/plugin/health"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/loadbalance"
	_ "github.com/coredns/coredns/plugin/loop"
	_ "github.com/coredns/coredns/plugin/metrics"
	_ "github.com/coredns/coredns/plugin/ready"
	_ "github.com/coredns/coredns/plugin/reload"
)

func main() {
	coremain.Run()
}
