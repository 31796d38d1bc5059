package attack

import (
	"os"
	"strconv"
	"strings"
	"time"
)

// Linux keeps a port that long (TCP_TIMEWAIT_LEN in include/net/tcp.h), unless
// net.ipv4.tcp_tw_reuse lets it be used again after a second: 1 everywhere, 2 on
// loopback (Documentation/networking/ip-sysctl.rst).
const (
	timeWait      = 60 * time.Second
	timeWaitReuse = time.Second
)

// readLimits asks the kernel. What it does not tell stays unknown.
func readLimits() limits {
	m := limits{timeWait: timeWait, timeWaitOnLoopback: timeWait, descriptors: openFiles()}
	if first, last, ok := localPortRange(); ok {
		m.ports = last - first + 1
	}
	switch reuse, _ := strconv.Atoi(sysctl("tcp_tw_reuse")); reuse {
	case 1:
		m.timeWait, m.timeWaitOnLoopback = timeWaitReuse, timeWaitReuse
	case 2:
		m.timeWaitOnLoopback = timeWaitReuse
	}
	return m
}

// sysctl reads a setting of the network; empty where it cannot be read.
func sysctl(name string) string {
	text, _ := os.ReadFile("/proc/sys/net/ipv4/" + name)
	return strings.TrimSpace(string(text))
}
