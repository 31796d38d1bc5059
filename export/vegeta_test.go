package export

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
	"github.com/shutdowncheck/shutdowncheck/report/analysis"
)

var began = time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)

const url = "http://127.0.0.1:30080/"

// samples are of both streams and of every outcome.
func samples() []recording.Sample {
	const ms = time.Millisecond
	at := func(stream string, seq uint64) recording.Sample {
		return recording.Sample{
			Stream: stream, Seq: seq, Scheduled: began.Add(time.Duration(seq) * 10 * ms),
			Sent: ms, Acquired: 2 * ms, Written: 3 * ms, FirstByte: 22 * ms, End: 23*ms + time.Microsecond,
			Outcome: recording.OK, Status: 200, BytesOut: 3, BytesIn: 17, Conn: 7, Pod: "web-1", RemoteAddr: "127.0.0.1:30080",
		}
	}
	failed := func(s recording.Sample, phase recording.Phase, class recording.Class, text string) recording.Sample {
		s.Outcome, s.Phase, s.Class, s.Error = recording.Failed, phase, class, text
		return s
	}
	nameless := at("new", 1)
	nameless.Pod = ""
	status := failed(at("reused", 0), recording.PhaseDone, recording.ClassStatus, "503 Service Unavailable")
	status.Status = 503
	cut := failed(at("new", 2), recording.PhaseBody, recording.ClassBodyCut, "unexpected EOF")
	unanswered := func(seq uint64, phase recording.Phase, class recording.Class, text string) recording.Sample {
		s := failed(at("new", seq), phase, class, text)
		s.Status, s.Pod, s.BytesIn = 0, "", 0
		return s
	}
	silent := unanswered(3, recording.PhaseDial, recording.ClassRefused, "")
	odd := unanswered(4, recording.PhaseHeader, recording.ClassMalformed, " a \"quoted\",\r\nand \xff broken text ")
	client := unanswered(5, recording.PhaseDial, recording.ClassPorts, "no ports")
	client.Outcome = recording.ClientFault
	unfinished := unanswered(6, recording.PhaseFirstByte, recording.ClassOther, "")
	unfinished.Outcome = recording.Unfinished
	return []recording.Sample{at("new", 0), nameless, cut, silent, odd, client, unfinished, status}
}

// results are what samples are to vegeta.
func results() []vegeta.Result {
	at := func(attack string, seq uint64) vegeta.Result {
		return vegeta.Result{
			Attack: attack, Seq: seq, Timestamp: began.Add(time.Duration(seq) * 10 * time.Millisecond),
			Latency: 23*time.Millisecond + time.Microsecond, Method: "GET", URL: url, BytesOut: 3,
		}
	}
	answered := func(r vegeta.Result, code uint16, text string) vegeta.Result {
		r.Code, r.BytesIn, r.Error, r.Headers = code, 17, text, map[string][]string{"X-Pod-Name": {"web-1"}}
		return r
	}
	failed := func(r vegeta.Result, text string) vegeta.Result {
		r.Error = text
		return r
	}
	nameless := answered(at("new", 1), 200, "")
	nameless.Headers = nil
	reused := answered(at("reused", 0), 503, "503 Service Unavailable")
	reused.Method, reused.URL = "HEAD", url+"health"
	return []vegeta.Result{
		answered(at("new", 0), 200, ""),
		nameless,
		answered(at("new", 2), 0, "unexpected EOF"),
		failed(at("new", 3), "refused at dial"),
		failed(at("new", 4), "a \"quoted\",\nand � broken text"),
		failed(at("new", 5), "no ports"),
		failed(at("new", 6), "unfinished when the run was cut short"),
		reused,
	}
}

func record(t testing.TB, samples ...recording.Sample) *recording.Recording {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	w, err := recording.Create(dir, func() time.Time { return began })
	if err != nil {
		t.Fatal(err)
	}
	c := check.Check{
		Workload: check.Workload{Kind: check.Deployment, Name: "web"},
		Target:   check.Target{URL: url},
		Streams: []check.Stream{
			{Name: "new", Rate: 100, Connections: check.New},
			{Name: "reused", Rate: 100, Connections: check.Reused, Method: "HEAD", URL: url + "health"},
		},
	}.WithDefaults()
	if err := w.Header(recording.Header{Tool: "test", Began: began, Check: c}); err != nil {
		t.Fatal(err)
	}
	for _, s := range samples {
		w.Sample(s)
	}
	if err := w.Close(recording.Ending{At: began}); err != nil {
		t.Fatal(err)
	}
	r, err := recording.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// decode reads what vegeta would, and finds the format out as vegeta does.
func decode(t *testing.T, encoded io.Reader) []vegeta.Result {
	t.Helper()
	decoder := vegeta.DecoderFor(encoded)
	if decoder == nil {
		t.Fatal("vegeta does not know the format")
	}
	var decoded []vegeta.Result
	for {
		var result vegeta.Result
		switch err := decoder.Decode(&result); {
		case errors.Is(err, io.EOF):
			return decoded
		case err != nil:
			t.Fatalf("result %d: %v", len(decoded), err)
		}
		decoded = append(decoded, result)
	}
}

var formats = []Format{VegetaGob, VegetaJSON, VegetaCSV}

func TestVegetaReadsTheSamples(t *testing.T) {
	r := record(t, samples()...)
	all := results()
	tests := []struct {
		name    string
		streams []string
		want    []vegeta.Result
	}{
		{"all streams", nil, all},
		{"one stream", []string{"reused"}, all[7:]},
		{"both streams", []string{"reused", "new"}, all},
	}
	for _, format := range formats {
		for _, tt := range tests {
			t.Run(string(format)+", "+tt.name, func(t *testing.T) {
				var encoded bytes.Buffer
				if err := Vegeta(t.Context(), &encoded, format, r, tt.streams...); err != nil {
					t.Fatal(err)
				}
				got := decode(t, &encoded)
				if len(got) != len(tt.want) {
					t.Fatalf("%d results, want %d", len(got), len(tt.want))
				}
				for i := range got {
					if !got[i].Equal(tt.want[i]) {
						t.Errorf("result %d\n got %+v\nwant %+v", i, got[i], tt.want[i])
					}
				}
			})
		}
	}
}

// What vegeta's own metrics say of a real run is what the report says of it.
func TestVegetaAgreesWithTheReport(t *testing.T) {
	folders, err := filepath.Glob("../report/testdata/golden/*")
	if err != nil || len(folders) == 0 {
		t.Fatalf("no golden recordings (%v)", err)
	}
	for _, folder := range folders {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			r, err := recording.Open(folder)
			if err != nil {
				t.Fatal(err)
			}
			rep, err := analysis.Analyze(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			for i, stream := range rep.Streams {
				var encoded bytes.Buffer
				if err := Vegeta(t.Context(), &encoded, formats[i%len(formats)], r, stream.Name); err != nil {
					t.Fatal(err)
				}
				compare(t, decode(t, &encoded), &stream)
			}
		})
	}
}

func compare(t *testing.T, results []vegeta.Result, stream *report.Stream) {
	t.Helper()
	var all, answered vegeta.Metrics
	var latencies []time.Duration
	seen := make([]bool, len(results))
	for i := range results {
		all.Add(&results[i])
		if results[i].Error == "" {
			answered.Add(&results[i])
			latencies = append(latencies, results[i].Latency)
		}
		if seq := results[i].Seq; seq >= uint64(len(seen)) || seen[seq] {
			t.Fatalf("%s: vegeta's plot would stop at a gap: %d results and number %d", stream.Name, len(seen), seq)
		}
		seen[results[i].Seq] = true
	}
	all.Close()
	answered.Close()
	slices.Sort(latencies)

	if all.Requests != uint64(stream.Sent) || all.Success != float64(stream.OK)/float64(stream.Sent) {
		t.Errorf("%s: %d requests, %g successful; the report has %d of %d", stream.Name, all.Requests, all.Success, stream.OK, stream.Sent)
	}
	if got, want := answered.Latencies.Max, time.Duration(stream.Latency.Max); got != want {
		t.Errorf("%s: the longest latency is %v, the report's %v", stream.Name, got, want)
	}
	for _, q := range []struct {
		at            float64
		vegeta, ours  time.Duration
		neighbourhood float64
	}{
		{.50, answered.Latencies.P50, time.Duration(stream.Latency.P50), .01},
		{.99, answered.Latencies.P99, time.Duration(stream.Latency.P99), .005},
	} {
		// The report's histogram holds microseconds, to three digits, and takes
		// the nearest rank.
		exact := latencies[int(math.Round(q.at*float64(len(latencies))))-1]
		if off := (q.ours - exact).Abs(); off > exact/1000+time.Microsecond {
			t.Errorf("%s: quantile %g is %v in the export, %v in the report", stream.Name, q.at, exact, q.ours)
		}
		// vegeta's estimate is exact to a part of the ranks.
		rank := func(q float64) time.Duration {
			return latencies[min(max(int(math.Floor(q*float64(len(latencies)))), 0), len(latencies)-1)]
		}
		if low, high := rank(q.at-q.neighbourhood), rank(q.at+q.neighbourhood); q.vegeta < low || q.vegeta > high {
			t.Errorf("%s: quantile %g is %v to vegeta, not between %v and %v; %v in the report", stream.Name, q.at, q.vegeta, low, high, q.ours)
		}
	}
}

func TestVegetaNamesWhatIsWrong(t *testing.T) {
	r := record(t, samples()...)
	ended, end := context.WithCancelCause(t.Context())
	end(errors.New("the user had enough"))
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"format", Vegeta(t.Context(), io.Discard, "vegeta-xml", r), `unknown format "vegeta-xml"`},
		{"stream", Vegeta(t.Context(), io.Discard, VegetaGob, r, "slow"), `no stream "slow"; there is new, reused`},
		{"writer", Vegeta(t.Context(), full{}, VegetaGob, r), "write results: the disk is full"},
		{"context", Vegeta(ended, io.Discard, VegetaGob, r), "the user had enough"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.err == nil || !strings.Contains(tt.err.Error(), tt.want) {
				t.Errorf("got %v, want %s", tt.err, tt.want)
			}
		})
	}
}

// full is a disk with no room left.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("the disk is full") }
