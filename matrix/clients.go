package matrix

import (
	"regexp"
	"time"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// starvedCPU is less than the Job needs: it stands still for most of each 100 ms.
const starvedCPU = "30m"

// anyNumber is a time, or the seconds of a patch.
var anyNumber = regexp.MustCompile(`[0-9] ?m?s\b|"[a-zA-Z]*[sS]econds":[0-9]`)

// fiveSeconds is a time that is made of how long a lost question for a name takes.
var fiveSeconds = regexp.MustCompile(`(?:^|[^0-9.])([5-9]|[1-9][0-9]+)(\.[0-9]+)? ?s\b|"seconds":([5-9]|[1-9][0-9])`)

// elevenSeconds is one for requests of 6 s.
var elevenSeconds = regexp.MustCompile(`(?:^|[^0-9.])1[0-9](\.[0-9]+)? ?s\b|"seconds":1[0-9]`)

// clients have troubles of their own, which are none of the workload's.
func clients() []Row {
	return []Row{
		// Nothing is lost by it, and a run that is late would not have seen it.
		starved("starved client, nginx, sleep 5", tried("", "nginx", newAndSlow, proves("went out late").only(),
			env("STOP_SIGNAL", "3"), preStop(5))),
		// It goes at SIGTERM in the midst of its answers, however late they were asked for.
		// That this shows by itself is chance: then most failures may be nobody's still.
		starved("starved client, tornado under tini", tried("", "tornado", newAndSlow,
			proves("went out late").or(cutsSlow().or(fails(report.ListenerClosedEarly).or(fails(report.Unknown).saying("cannot come from that")))).
				only(report.NoDrain, report.ListenerClosedEarly), env("INIT", "tini --"))),
		unheard("slow lookups, nginx, sleep 7", fiveSeconds, tried("", "nginx", newAndSlow, passes().only(),
			env("STOP_SIGNAL", "3"), preStop(7))),
		unheard("slow lookups, nginx", fiveSeconds, tried("", "nginx", newAndSlow, closesDoor(), env("STOP_SIGNAL", "3"))),
		// Its requests take 6 s, and 11 s with their lookups.
		unheard("slow lookups, node exits, sleep 4", elevenSeconds, underWay("", "node", newAndSlow, cutsSlow(), env("ON_SIGTERM", "exit"))),
	}
}

// starved has a client that has not the processor time for its requests. What it saw is
// no measure, so that no fix has a number.
func starved(name string, row Row) Row {
	row.Name, row.CPU, row.Want.FixNot = name, starvedCPU, anyNumber
	return row
}

// unheard has a client whose first name server answers nothing, so that it asks the
// second after 5 s for each name (resolv.conf(5), timeout). The report tells of it, and
// computes nothing from it: no fix names a time that the lookup is a part of.
func unheard(name string, withLookup *regexp.Regexp, row Row) Row {
	row.Name, row.Nameserver, row.Baseline = name, "deaf-dns", 12*time.Second
	row.Objects = append(deafDNS(), row.Objects...)
	row.Want.Says, row.Want.FixNot = regexp.MustCompile("lookups of the service's name took"), withLookup
	return row
}

// deafDNS is a name server that answers nothing, as if each datagram were lost.
func deafDNS() []runtime.Object {
	const name = "deaf-dns"
	return []runtime.Object{files(name), deployment(name, name, replicas(1), unprobed), udpService(name, 53, 5353)}
}
