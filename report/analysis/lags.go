package analysis

import "time"

// How late things are told, or take effect.
const (
	// clockSlack widens the comparisons of times from different processes.
	clockSlack = 50 * time.Millisecond
	// delivery is how much later than a cut an answer may arrive that was given
	// before it: proxies pass both on in their own time (38 ms were seen on a busy
	// machine).
	delivery = 100 * time.Millisecond
	// proxyLag is how long a kube-proxy may take to drop an endpoint: its
	// minSyncPeriod of 1 s plus the sync itself (kubernetes pkg/proxy).
	proxyLag = 1500 * time.Millisecond
	// looseProxyLag is what a loaded node may need, and what its connection
	// tracking may add.
	looseProxyLag = 4 * time.Second
	// leastGrace is what a kubelet gives at the least between the signal and the
	// kill (kubernetes pkg/kubelet/kuberuntime, minimumGracePeriodInSeconds).
	leastGrace = 2 * time.Second
)
