package bench

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// recordedFleet is the recording of two senders, of which each has sent for another time.
// spoil changes what they tell.
func recordedFleet(t *testing.T, spoil func(*recording.Ending, *recording.Sample)) string {
	t.Helper()
	began := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	dir := filepath.Join(t.TempDir(), "run")
	w, err := recording.Create(dir, func() time.Time { return began })
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Header(recording.Header{Tool: "bench", Began: began, Check: Load{URL: "http://web/"}.check()}); err != nil {
		t.Fatal(err)
	}
	end := recording.Ending{At: began.Add(10 * time.Second)}
	var last recording.Sample
	for i := range 2 {
		sent := uint64(100 * (i + 1))
		end.Senders = append(end.Senders, recording.SenderEnd{
			Index:  i,
			Client: &recording.Client{CPU: check.Duration(time.Duration(sent) * 30 * time.Microsecond)},
			Streams: []recording.StreamEnd{{
				Name: "bench", Scheduled: sent, Sent: sent, Began: began, Stopped: began.Add(time.Duration(i+1) * time.Second),
			}},
		})
		for n := range sent {
			last = recording.Sample{
				Stream: "bench", Seq: n, Sender: i, Scheduled: began, Sent: time.Duration(n) * time.Microsecond, Outcome: recording.OK, Status: 200,
			}
			if n < sent-1 || i == 0 {
				w.Sample(last)
			}
		}
	}
	if spoil != nil {
		spoil(&end, &last)
	}
	w.Sample(last)
	if err := w.Close(end); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestReadFleet(t *testing.T) {
	run, err := readFleet(recordedFleet(t, nil), 2)
	if err != nil {
		t.Fatal(err)
	}
	// 300 numbers: 0 to 99 twice, then 100 to 199.
	if run.CPUMicrosPerRequest != 30 || run.Rate != 200 || run.LatenessMicros != (Quantiles{75, 197}) {
		t.Errorf("%+v", run)
	}
}

// What does not tell of the senders is no measurement.
func TestReadFleetThatDoesNotTell(t *testing.T) {
	for want, spoil := range map[string]func(*recording.Ending, *recording.Sample){
		"sender 1 was lost: gone":            func(e *recording.Ending, _ *recording.Sample) { e.Senders[1].Lost = "gone" },
		"sender 0 does not tell what it did": func(e *recording.Ending, _ *recording.Sample) { e.Senders[0].Client = nil },
		"does not tell of 2 senders":         func(e *recording.Ending, _ *recording.Sample) { e.Senders = e.Senders[:1] },
		"300 samples of 301 requests":        func(e *recording.Ending, _ *recording.Sample) { e.Senders[0].Streams[0].Sent++ },
		"a request failed: connection refused": func(_ *recording.Ending, s *recording.Sample) {
			s.Outcome, s.Error = recording.Failed, "connection refused"
		},
	} {
		if _, err := readFleet(recordedFleet(t, spoil), 2); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func fleetRound(cpu, rate, late [3]float64) FleetRound {
	round := FleetRound{Order: Fleets, Fleets: map[string]FleetRun{}}
	for i, n := range Fleets {
		round.Fleets[fmt.Sprint(n)] = FleetRun{CPUMicrosPerRequest: cpu[i], Rate: rate[i], LatenessMicros: Quantiles{P50: late[i] / 10, P99: late[i]}}
	}
	return round
}

// The ratios are medians of those within each round.
func TestFleets(t *testing.T) {
	r := Result{FleetRounds: []FleetRound{
		fleetRound([3]float64{20, 21, 22}, [3]float64{4000, 4000, 4000}, [3]float64{100, 200, 90}),
		fleetRound([3]float64{40, 40, 80}, [3]float64{4000, 4000, 3990}, [3]float64{100, 200, 50}),
		fleetRound([3]float64{10, 10, 11}, [3]float64{4004, 4000, 3970}, [3]float64{100, 200, 300}),
	}}
	r.sumFleets()
	if r.SendersCPURatio != 1.1 || r.SendersLatenessRatio != 0.9 {
		t.Errorf("%g, %g", r.SendersCPURatio, r.SendersLatenessRatio)
	}
	if four := r.Senders["4"]; four.CPUMicrosPerRequest != 22 || four.Rate != 3990 || four.LatenessMicros != (Quantiles{9, 90}) {
		t.Errorf("%+v", four)
	}
	if off := r.rateOff(); off < 0.0024 || off > 0.0026 {
		t.Errorf("off by %g", off)
	}
	if text := r.Text(); !strings.Contains(text, "4 senders") || !strings.Contains(text, "3990.0/s") {
		t.Error(text)
	}
}

func TestMerges(t *testing.T) {
	round := func(one, many float64) MergeRound {
		return MergeRound{One: AnalysisRound{Seconds: one, RSSMB: 100}, Many: AnalysisRound{Seconds: many, RSSMB: 10 * many}}
	}
	r := Result{Merges: []MergeRound{round(10, 11), round(20, 26)}}
	r.sumMerges()
	if r.MergeSecondsRatio < 1.199 || r.MergeSecondsRatio > 1.201 || r.MergeRSSRatio != 1.85 {
		t.Errorf("%g, %g", r.MergeSecondsRatio, r.MergeRSSRatio)
	}
}
