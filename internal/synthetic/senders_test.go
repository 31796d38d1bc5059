package synthetic

import (
	"reflect"
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
	"github.com/shutdowncheck/shutdowncheck/report/analysis"
)

// reported analyses the recording of a run.
func reported(t *testing.T, run Run) *report.Report {
	t.Helper()
	rep, err := analysis.Analyze(t.Context(), write(t, run))
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

// What several senders saw makes the report of one, though their segments come one
// after the other.
func TestSeveralSendersAreOne(t *testing.T) {
	run := Run{Samples: 80_000, Rate: 500, Restarts: 2, Senders: 1}
	one := reported(t, run)
	run.Senders = 2
	two := reported(t, run)
	if len(two.Senders) != 2 || two.Verdict != report.Failed || len(two.Validity.Doubts) > 0 {
		t.Fatalf("%s: %v, senders %+v", two.Verdict, two.Reasons, two.Senders)
	}
	for i, s := range two.Senders {
		if s.Sent != 40_000 || s.Sent != s.OK+s.Failed || s.Failed == 0 || s.Clock == nil {
			t.Errorf("sender %d: %+v", i, s)
		}
	}
	// The connections are divided, which changes who is sent where; all else is alike.
	for i, s := range two.Streams {
		if s.Sent != one.Streams[i].Sent || s.Unattributed > 0 || s.AchievedRate != one.Streams[i].AchievedRate || s.LatenessP99 != one.Streams[i].LatenessP99 {
			t.Errorf("%+v, of one sender %+v", s, one.Streams[i])
		}
	}
	if one, two := causes(one), causes(two); !reflect.DeepEqual(one, two) {
		t.Errorf("causes %v, of one sender %v", two, one)
	}
	for _, end := range two.Terminations {
		for _, r := range end.Refused {
			if r.Requests == 0 || r.Node != two.Senders[r.Sender].Node || r.Last.Before(r.First) || r.First.Before(end.FirstRefused.From) {
				t.Errorf("%s: %+v", end.Pod, r)
			}
		}
		if end.FirstRefused.Known() != (len(end.Refused) > 0) {
			t.Errorf("%s: refused first %v, by sender %+v", end.Pod, end.FirstRefused, end.Refused)
		}
	}
}

func causes(r *report.Report) map[report.Cause]bool {
	all := map[report.Cause]bool{}
	for i := range r.Findings {
		all[r.Findings[i].Cause] = true
	}
	return all
}

// What the others saw fails a workload, whatever became of one sender.
func TestLostSender(t *testing.T) {
	rep := reported(t, Run{Samples: 80_000, Rate: 500, Restarts: 2, Senders: 2, SenderLost: true})
	said := strings.Join(rep.Reasons, "; ")
	want := "sender send-1 on node node-1 was lost at 12:00:53.456 (its pod was ended): what it sent last, and would have sent from then on, is missing; of what it had told to have sent, 14 requests"
	if rep.Verdict != report.Failed || !strings.Contains(said, want) {
		t.Errorf("%s, not %q in %q", rep.Verdict, want, said)
	}
	if strings.Contains(said, "were wanted") || strings.Contains(said, "was not what the check asked for") {
		t.Errorf("the machine is blamed: %q", said)
	}
	if s := rep.Senders[1]; s.Lost == "" || s.Sent >= rep.Senders[0].Sent {
		t.Errorf("%+v", s)
	}
	if len(rep.Power) > 0 {
		t.Errorf("a power of %v", rep.Power)
	}
	for _, s := range rep.Streams {
		if s.AchievedRate > 0.85*s.Rate || s.AchievedRate < 0.8*s.Rate {
			t.Errorf("stream %s: %g/s of %g/s", s.Name, s.AchievedRate, s.Rate)
		}
	}
}

// Each request is its sender's, on connections of its own.
func TestSendersShareTheSchedule(t *testing.T) {
	owner := map[string]map[uint64]int{"short-new": {}, "short-reused": {}}
	Run{Samples: 8000, Rate: 500, Restarts: 0, Senders: 64}.script().send(func(s recording.Sample) {
		if s.Sender != int(s.Seq%64) {
			t.Fatalf("request %d is sender %d's", s.Seq, s.Sender)
		}
		if other, used := owner[s.Stream][s.Conn]; used && other != s.Sender {
			t.Fatalf("stream %s: connection %d is of senders %d and %d", s.Stream, s.Conn, other, s.Sender)
		}
		owner[s.Stream][s.Conn] = s.Sender
	})
}
