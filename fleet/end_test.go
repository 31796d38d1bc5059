package fleet

import (
	"reflect"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/sender"
)

func TestEnd(t *testing.T) {
	began := time.Unix(1_800_000_000, 0)
	at := func(s float64) time.Time { return began.Add(time.Duration(s * float64(time.Second))) }
	f := &Fleet{cfg: Config{Assignment: sender.Assignment{Streams: []check.Stream{{Name: "a", Rate: 30}}}}, place: placement{senders: 3}, began: began}
	ended := func(index int, stopped float64, stalls ...recording.Stall) *member {
		return &member{fleet: f, Sender: recording.Sender{Index: index}, ended: true, status: sender.Status{End: &sender.End{
			Streams: []recording.StreamEnd{{
				Name: "a", Scheduled: 100, Sent: 99, Began: at(float64(index)), Stopped: at(stopped),
				PeakInFlight: 4, MaxInFlight: 10, Spread: map[string]int{"web-1": 1, "web-2": index},
			}},
			Client: recording.Client{CPU: 5, Processors: 2, LongestGCPause: check.Duration(7 + index), PortsByKernel: 3, Stalls: stalls},
		}}}
	}
	lost := &member{
		fleet: f, Sender: recording.Sender{Index: 2}, lost: "its pod is gone", heard: at(4),
		status: sender.Status{Streams: []sender.StreamStatus{{Name: "a", Sent: 40}}},
	}
	f.members = []*member{ended(0, 10, recording.Stall{From: at(5)}, recording.Stall{From: at(7)}), ended(1, 10.5, recording.Stall{From: at(6)}), lost}
	end := f.end(at(10))

	// 315 requests were due within 10.5 s, of which the lost one's are those of 2, 5, ...
	want := recording.SenderEnd{
		Index: 2, Lost: "its pod is gone", LostAt: at(4),
		Streams: []recording.StreamEnd{{Name: "a", Scheduled: 105, Sent: 40, Began: began, Stopped: at(10.5)}},
	}
	if !reflect.DeepEqual(end.Senders[2], want) {
		t.Errorf("got the lost one's %+v, want %+v", end.Senders[2], want)
	}
	if want := []recording.StreamEnd{{
		Name: "a", Scheduled: 305, Sent: 238, Began: began, Stopped: at(10.5), PeakInFlight: 8, MaxInFlight: 20,
		Spread: map[string]int{"web-1": 2, "web-2": 1},
	}}; !reflect.DeepEqual(end.Streams, want) {
		t.Errorf("got %+v, want %+v", end.Streams, want)
	}
	if want := (&recording.Client{
		CPU: 10, Processors: 4, LongestGCPause: 8, PortsByKernel: 6, Stalls: []recording.Stall{{From: at(5)}, {From: at(6)}, {From: at(7)}},
	}); !reflect.DeepEqual(end.Client, want) {
		t.Errorf("got %+v, want %+v", end.Client, want)
	}
	for range mostStalls {
		f.members[0].status.End.Client.Stalls = append(f.members[0].status.End.Client.Stalls, recording.Stall{From: at(8)})
	}
	if n := len(f.end(at(10)).Client.Stalls); n != mostStalls {
		t.Errorf("%d stalls are listed", n)
	}
}

// One that ended by itself tells all that it did; that it should have gone on is not
// forgotten.
func TestEndedByItself(t *testing.T) {
	began := time.Unix(1_800_000_000, 0)
	f := &Fleet{cfg: Config{Assignment: sender.Assignment{Streams: []check.Stream{{Name: "a", Rate: 30}}}}, place: placement{senders: 1}, began: began}
	own := []recording.StreamEnd{{Name: "a", Scheduled: 60, Sent: 60, Began: began, Stopped: began.Add(2 * time.Second)}}
	f.members = []*member{{fleet: f, ended: true, lost: "SIGTERM", status: sender.Status{End: &sender.End{Streams: own}}}}
	end := f.end(began.Add(10 * time.Second))
	if s := end.Streams[0]; s.Scheduled != 300 || s.Sent != 60 || !s.Stopped.Equal(began.Add(10*time.Second)) || own[0].Scheduled != 60 {
		t.Errorf("got %+v, its own %+v", s, own)
	}
}

func TestDue(t *testing.T) {
	even := check.Stream{Rate: 100}
	ramp := check.Stream{Rate: 100, Stages: []check.Stage{{To: 50}, {Over: check.Duration(2 * time.Second), To: 100}}}
	for name, test := range map[string]struct {
		stream check.Stream
		passed time.Duration
		want   uint64
	}{
		"before":            {even, -time.Second, 0},
		"at the first":      {even, time.Nanosecond, 1},
		"even":              {even, 2500 * time.Millisecond, 250},
		"within a ramp":     {ramp, time.Second, 63}, // (50 + 75)/2
		"at its end":        {ramp, 2 * time.Second, 150},
		"behind it":         {ramp, 3 * time.Second, 250},
		"a ramp's very end": {ramp, 2*time.Second - 1, 150},
	} {
		if got := due(test.stream, test.passed); got != test.want {
			t.Errorf("%s: %d are due, want %d", name, got, test.want)
		}
	}
	var sum uint64
	for i := range 7 {
		sum += shareOf(100, i, 7)
	}
	if sum != 100 || shareOf(2, 2, 7) != 0 || shareOf(3, 2, 7) != 1 {
		t.Errorf("the shares of 100 are %d", sum)
	}
}

// Redirects alone are told only where no sender had another answer.
func TestCountsTellOfRedirectsAlone(t *testing.T) {
	none, redirects, others := sender.StreamStatus{}, sender.StreamStatus{OK: 2, Redirected: true}, sender.StreamStatus{OK: 3}
	for name, tt := range map[string]struct {
		all  []sender.StreamStatus
		want bool
	}{
		"no answers":             {[]sender.StreamStatus{none, none}, false},
		"all of them":            {[]sender.StreamStatus{redirects, redirects}, true},
		"of those that had some": {[]sender.StreamStatus{none, redirects, none}, true},
		"but the first's":        {[]sender.StreamStatus{others, redirects}, false},
		"but the last's":         {[]sender.StreamStatus{redirects, others}, false},
		"but one's in between":   {[]sender.StreamStatus{redirects, others, redirects}, false},
	} {
		var all []sender.Status
		for _, s := range tt.all {
			all = append(all, sender.Status{Streams: []sender.StreamStatus{s}})
		}
		if got := counts([]check.Stream{{Name: "a"}}, all)[0].Redirected; got != tt.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
