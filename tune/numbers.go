package tune

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// Measured is what a run with a long preStop sleep shows.
type Measured struct {
	// Sleep is how long the hook slept.
	Sleep report.Duration `json:"sleep"`
	// Ends are those of pods that were measured, of so many that there were.
	Ends []End `json:"ends"`
	Of   int   `json:"of"`
	// Lag and Drain are theirs.
	Lag   Spread `json:"lag"`
	Drain Spread `json:"drain"`
	// Unseen is for how long a pod may have been sent new connections after the last that
	// was seen, with a probability of 1 % at the most (report.Report.Power).
	Unseen report.Duration `json:"unseen"`
	// LongestRequest is the longest that was answered.
	LongestRequest report.Duration `json:"longestRequest"`
}

// End is that of one pod.
type End struct {
	Pod string `json:"pod"`
	// Lag is the time from when the kubelet began to stop it to the last request that came
	// to it on a new connection, as long as it may be; 0 where none came any more.
	Lag report.Duration `json:"lag"`
	// Drain is the time from the stop signal to the exit of the container whose hook slept,
	// and of the sidecars that end after it, as long as it may be: an exit's time is known
	// to the second.
	Drain report.Duration `json:"drain"`
	// Beside is the time from when the kubelet began to the exit of the last other container,
	// and of the sidecars after it, likewise; 0 where there is no other. Its stop signal does
	// not wait for the hook, so that a shorter sleep has it exit no sooner.
	Beside report.Duration `json:"beside,omitempty"`
	// LastAnswer is how long after the stop signal the last answer came; 0 where none did.
	LastAnswer report.Duration `json:"lastAnswer"`
}

// Spread is that of one number over the ends.
type Spread struct {
	Least  report.Duration `json:"least"`
	Median report.Duration `json:"median"`
	Most   report.Duration `json:"most"`
}

// measure reads the numbers out of the report of a run in which that container's hook slept
// for so long, or says why it does not show them.
func measure(rep *report.Report, container string, sleep time.Duration) (m *Measured, why string) {
	m = &Measured{Sleep: report.Duration(sleep)}
	for i := range rep.Terminations {
		t := &rep.Terminations[i]
		if t.Container != "" || t.OutOfService {
			continue
		}
		m.Of++
		if t.KubeletStarted.Known() && t.Exited.Known() && t.LastNew.Known() {
			m.Ends = append(m.Ends, endOf(t, container, sleep))
		}
	}
	for _, s := range rep.Streams {
		m.LongestRequest = max(m.LongestRequest, s.Latency.Max)
	}
	fresh := false
	for _, s := range rep.Check.Streams {
		if outage := rep.Power[s.Name]; s.Connections == "new" && outage > 0 && (!fresh || outage < m.Unseen) {
			m.Unseen, fresh = outage, true
		}
	}
	switch {
	case !rep.Validity.PodsNamed:
		return nil, fmt.Sprintf("answers do not name their pods (header %s), so that it is not known when the last request came to one; want --pod-header", rep.Check.Target.PodHeader)
	case !fresh:
		return nil, "no stream has new connections, and those are what a preStop sleep waits for; want a stream with connections=new"
	case len(m.Ends) == 0:
		return nil, fmt.Sprintf("of none of %s it is known when it began, when the last request came on a new connection, and when it exited", text.Count(m.Of, "end"))
	}
	m.Lag = spread(m.Ends, func(e End) report.Duration { return e.Lag })
	m.Drain = spread(m.Ends, func(e End) report.Duration { return e.Drain })
	if lag := time.Duration(m.Lag.Most); lag > sleep-report.LagMargin {
		return nil, stillCame(lag, sleep)
	}
	if t := killed(rep); t != nil {
		return nil, fmt.Sprintf("pod %s still ran when its grace period of %s ended: how long it would have taken is not known; want a longer --longest-drain", t.Pod, t.Grace)
	}
	return m, ""
}

func endOf(t *report.Termination, container string, sleep time.Duration) End {
	began := t.KubeletStarted.From
	own, beside := lastExits(t, container)
	e := End{
		Pod:    t.Pod,
		Lag:    report.Duration(max(0, t.LastNew.To.Sub(began))),
		Drain:  report.Duration(max(0, own.Sub(began)-sleep)),
		Beside: report.Duration(max(0, beside.Sub(began))),
	}
	if t.LastAnswered.Known() {
		e.LastAnswer = report.Duration(max(0, t.LastAnswered.To.Sub(began)-sleep))
	}
	return e
}

// killed gives a pod that was there until its grace was over, or as good as.
func killed(rep *report.Report) *report.Termination {
	for i := range rep.Terminations {
		t := &rep.Terminations[i]
		if left := t.Margins.GraceHeadroom; left != nil && time.Duration(*left) < report.NearDeadline {
			return t
		}
	}
	return nil
}

// spread is that of one number. Of an even number of them the median is the longer one of
// the two in the middle.
func spread(ends []End, of func(End) report.Duration) Spread {
	var all []report.Duration
	for _, e := range ends {
		all = append(all, of(e))
	}
	slices.SortFunc(all, cmp.Compare[report.Duration])
	return Spread{Least: all[0], Median: all[len(all)/2], Most: all[len(all)-1]}
}

// sleep is the preStop sleep, in whole seconds, that outlasts the lag.
func (m *Measured) sleep() int64 {
	return wholeSeconds(time.Duration(m.Lag.Most+m.Unseen) + report.LagMargin)
}

// grace is the grace period that lasts for the sleep and what comes after it, and for the
// containers that do not sleep.
func (m *Measured) grace() int64 {
	return max(m.sleepAndExit(), wholeSeconds(m.beside()+report.GraceMargin))
}

// sleepAndExit is the part of the container that sleeps.
func (m *Measured) sleepAndExit() int64 {
	return m.sleep() + wholeSeconds(max(time.Duration(m.Drain.Most), time.Duration(m.LongestRequest))+report.GraceMargin)
}

// beside is the longest that the other containers of a pod take, from when its end begins.
func (m *Measured) beside() time.Duration {
	var longest report.Duration
	for _, e := range m.Ends {
		longest = max(longest, e.Beside)
	}
	return time.Duration(longest)
}

// besides tells that they decide on the grace, and not the one that sleeps.
func (m *Measured) besides() bool { return m.grace() > m.sleepAndExit() }

// tooShort is a sleep, in whole seconds, that is over before requests stop coming to any
// pod; false where there is none, as they had stopped when the ends began.
func (m *Measured) tooShort() (seconds int64, there bool) {
	lag := time.Duration(cmp.Or(m.Lag.Least, m.Lag.Most))
	return max(0, wholeSeconds(lag)-1), lag > 0
}

func wholeSeconds(d time.Duration) int64 { return int64(math.Ceil(d.Seconds())) }
