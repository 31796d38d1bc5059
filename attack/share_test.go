package attack

import (
	"context"
	"encoding/pem"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/http2"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// shares makes each sender's part of a stream.
func shares(t *testing.T, of int, sink *samples, cfg Config) []*Stream {
	t.Helper()
	cfg.Sink = sink.take
	var all []*Stream
	for index := range of {
		cfg.Share = Share{Index: index, Of: of}
		s, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}

func specOf(url string) check.Stream {
	return check.Stream{
		Name: "test", Rate: 100, Connections: check.New, URL: url, Protocol: check.HTTP1,
		Method: http.MethodGet, Timeout: check.Duration(testTimeout),
	}
}

// What several senders send is what one would have sent: each request once, when it is
// due, also while the rate changes.
func TestSharesAreTheStream(t *testing.T) {
	staged := specOf("http://192.0.2.1/")
	staged.Stages = []check.Stage{{Over: check.Duration(2 * time.Second), To: 37}, {Over: check.Duration(time.Second), To: 3}, {To: 250}}
	slow := specOf("http://192.0.2.1/")
	slow.Rate = 0.3 // with seven senders most of them have nothing to do
	for _, spec := range []check.Stream{specOf("http://192.0.2.1/"), staged, slow} {
		for _, of := range []int{1, 2, 3, 7} {
			synctest.Test(t, func(t *testing.T) {
				const before, runs = 1700 * time.Millisecond, 5*time.Second + 7*time.Millisecond
				begin := time.Now().Add(before)
				sink := &samples{}
				ctx, cancel := context.WithDeadline(t.Context(), begin.Add(runs))
				defer cancel()
				var sending sync.WaitGroup
				ends := make([]recording.StreamEnd, of)
				for i, s := range shares(t, of, sink, Config{Stream: spec, Begin: begin, Now: time.Now}) {
					defer inMemory(s, 0)()
					sending.Go(func() {
						time.Sleep(time.Duration(i) * 100 * time.Millisecond) // ready at different times
						ends[i] = runOf(t, ctx, s)
					})
				}
				sending.Wait()

				fine(t, sink.all)
				whole := newSchedule(begin, spec)
				want := whole.before(begin.Add(runs))
				bySender := make([]uint64, of)
				slices.SortFunc(sink.all, func(a, b recording.Sample) int { return int(a.Seq) - int(b.Seq) })
				for i := range sink.all {
					sample := &sink.all[i]
					if sample.Seq != uint64(i) || !sample.Scheduled.Equal(whole.at(sample.Seq)) || sample.Sent != 0 || sample.Sender != i%of {
						t.Fatalf("%d senders, request %d: %+v", of, i, sample)
					}
					bySender[sample.Sender]++
				}
				if uint64(len(sink.all)) != want {
					t.Errorf("%d senders sent %d requests, want %d", of, len(sink.all), want)
				}
				for i, end := range ends {
					if end.Sent != bySender[i] || end.Scheduled != bySender[i] || !end.Began.Equal(begin) || !end.Stopped.Equal(begin.Add(runs)) {
						t.Errorf("sender %d of %d, %d samples: %+v", i, of, bySender[i], end)
					}
				}
			})
		}
	}
}

// What senders could not send is told, each of its own share.
func TestSharesTellWhatWasDue(t *testing.T) {
	for _, of := range []int{1, 2, 3, 7} {
		for n := range uint64(30) {
			sum := uint64(0)
			for index := range of {
				share := Share{index, of}
				count := share.count(n)
				if count > 0 && share.seq(count-1) >= n || share.seq(count) < n {
					t.Errorf("%d of the first %d requests are those of sender %d of %d", count, n, index, of)
				}
				sum += count
			}
			if sum != n {
				t.Errorf("%d senders have %d of the first %d requests", of, sum, n)
			}
		}
	}
}

// A service that stalls all senders holds up none of their clocks.
func TestSharesOfAStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const of = 3
		spec := specOf("http://192.0.2.1/")
		spec.MaxConnections = 4
		sink := &samples{}
		ctx, cancel := context.WithTimeout(t.Context(), 2505*time.Millisecond)
		defer cancel()
		var sending sync.WaitGroup
		ends := make([]recording.StreamEnd, of)
		for i, s := range shares(t, of, sink, Config{Stream: spec, Begin: time.Now(), Now: time.Now}) {
			defer inMemory(s, time.Second)()
			sending.Go(func() { ends[i] = runOf(t, ctx, s) })
		}
		sending.Wait()
		// 251 are due. Each of four connections takes turns of a second.
		for i, want := range []recording.StreamEnd{
			{Scheduled: 84, Sent: 6, PeakInFlight: 2, MaxInFlight: 2},
			{Scheduled: 84, Sent: 3, PeakInFlight: 1, MaxInFlight: 1},
			{Scheduled: 83, Sent: 3, PeakInFlight: 1, MaxInFlight: 1},
		} {
			if got := ends[i]; got.Scheduled != want.Scheduled || got.Sent != want.Sent || got.PeakInFlight != want.PeakInFlight || got.MaxInFlight != want.MaxInFlight {
				t.Errorf("sender %d: %+v, want %+v", i, got, want)
			}
		}
	})
}

// A sender that comes too late does not shift the schedule.
func TestBeginInThePast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const late = 305 * time.Millisecond
		begin := time.Now().Add(-late)
		sink := &samples{}
		s := shares(t, 1, sink, Config{Stream: specOf("http://192.0.2.1/"), Begin: begin, Now: time.Now})[0]
		defer inMemory(s, 0)()
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		end := runOf(t, ctx, s)

		balanced(t, s, sink, end)
		if end.Sent != 81 || end.Scheduled != 81 || !end.Began.Equal(begin) {
			t.Errorf("%+v", end)
		}
		for i := range sink.all {
			sample := &sink.all[i]
			due := time.Duration(sample.Seq) * 10 * time.Millisecond
			if !sample.Scheduled.Equal(begin.Add(due)) || sample.Sent != max(0, late-due) {
				t.Errorf("request %d: %+v", sample.Seq, sample)
			}
		}
	})
}

func TestStopBeforeTheBeginning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		sink := &samples{}
		s := shares(t, 1, sink, Config{Stream: specOf("http://192.0.2.1/"), Begin: began.Add(time.Hour), Now: time.Now})[0]
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		end := runOf(t, ctx, s)
		if took := time.Since(began); took != time.Second || end.Scheduled != 0 || end.Sent != 0 || len(sink.all) != 0 {
			t.Errorf("after %v, %d samples: %+v", took, len(sink.all), end)
		}
	})
}

// A service sees of several senders the requests that it would see of one: their
// numbers, what each asks for, their traces. A pool is that of all of them.
func TestSharesOnTheWire(t *testing.T) {
	const of, each = 3, 6
	for _, protocol := range []check.Protocol{check.HTTP1, check.H2C} {
		t.Run(string(protocol), func(t *testing.T) {
			var mu sync.Mutex
			got := map[string]string{} // by number
			note := func(r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				got[r.Header.Get(sequenceHeader)] += r.URL.Path + " " + r.Header.Get(check.TraceParent)
			}
			server := serve(t, false, func(v *visit) {
				if protocol == check.H2C {
					new(http2.Server).ServeConn(v.Conn, &http2.ServeConnOpts{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { note(r) })})
					return
				}
				for v.request() {
					note(v.last)
					v.answer()
				}
			})
			base := recording.TraceBase{1, 2, 3}
			paths := []string{"a", "b", "c", "d"}
			var targets strings.Builder
			for _, path := range paths {
				fmt.Fprintf(&targets, "GET %s%s\n\n", server.url, path)
			}
			spec := specOf(server.url)
			spec.Connections, spec.Pool, spec.Protocol = check.Reused, 4, protocol
			spec.Targets = &check.Targets{File: write(t, "targets.txt", targets.String()), Format: check.TargetsHTTP}
			sink := &samples{}
			conns := map[int][]uint64{}
			for index, s := range shares(t, of, sink, Config{Stream: spec, Target: check.Target{Trace: true}, TraceBase: base, Now: time.Now}) {
				for n := range each {
					if err := sendOne(t, s, n); err != nil {
						t.Fatal(err)
					}
				}
				t.Cleanup(s.sender.carrier.close)
				for _, sample := range sink.all[index*each:] {
					conns[index] = append(conns[index], sample.Conn)
				}
				slices.Sort(conns[index])
				conns[index] = slices.Compact(conns[index])
			}
			fine(t, sink.all)
			want := map[string]string{}
			for seq := range uint64(of * each) {
				want[strconv.FormatUint(seq, 10)] = fmt.Sprintf("/%s %s", paths[seq%4], base.Traces("test").AppendParent(nil, seq))
			}
			if !maps.Equal(got, want) {
				t.Errorf("\n got %v\nwant %v", got, want)
			}
			if want := map[int][]uint64{0: {1, 4}, 1: {2}, 2: {3}}; !reflect.DeepEqual(conns, want) || server.accepted.Load() != 4 {
				t.Errorf("%d connections, by sender %v; want %v", server.accepted.Load(), conns, want)
			}
		})
	}
}

func TestShareOfAStream(t *testing.T) {
	whole := check.Stream{
		Rate: 100, Stages: []check.Stage{{To: 50}}, Pool: 32, MaxConnections: 35, Timeout: check.Duration(10 * time.Second),
	}
	for _, tt := range []struct {
		share                 Share
		rate, to              float64
		pool, most, inFlights int
	}{
		{Share{}, 100, 50, 32, 35, 35},
		{Share{0, 1}, 100, 50, 32, 35, 35},
		{Share{0, 3}, 100. / 3, 50. / 3, 11, 12, 12},
		{Share{1, 3}, 100. / 3, 50. / 3, 11, 12, 12},
		{Share{2, 3}, 100. / 3, 50. / 3, 10, 11, 11},
		{Share{34, 50}, 2, 1, 1, 1, 1},
		{Share{49, 50}, 2, 1, 1, 1, 1},
	} {
		part := tt.share.Stream(whole)
		if part.Rate != tt.rate || part.Stages[0].To != tt.to || part.Pool != tt.pool || part.MaxConnections != tt.most || InFlight(part) != tt.inFlights {
			t.Errorf("%+v: %+v, %d in flight", tt.share, part, InFlight(part))
		}
	}
	if whole.Stages[0].To != 50 {
		t.Error("the whole stream was changed")
	}
	whole.MaxConnections, whole.Pool = 0, 0
	part := Share{1, 3}.Stream(whole)
	if part.Pool != 0 || part.MaxConnections != 0 || InFlight(part) != 335 {
		t.Errorf("no limit has become one: %+v, %d in flight", part, InFlight(part))
	}
}

// A sender has no files of the check on its own machine.
func TestFilesFromElsewhere(t *testing.T) {
	_, trusted := certificate(t)
	files := map[string]string{
		"body": "of the stream", "targets": "PUT http://web/a\n@put\n\nPOST http://web/b\n", "put": "of a target",
		"ca": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: trusted.Raw})),
	}
	readFile := func(name string) ([]byte, error) {
		data, ok := files[name]
		if !ok {
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
		return []byte(data), nil
	}
	spec := specOf("http://web/")
	spec.Body, spec.Targets = &check.Body{File: "body"}, &check.Targets{File: "targets", Format: check.TargetsHTTP}
	s, err := New(Config{Stream: spec, ReadFile: readFile, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	var bodies []string
	for _, m := range s.sender.messages {
		bodies = append(bodies, string(m.target.Body))
	}
	if want := []string{"of a target", "of the stream"}; !slices.Equal(bodies, want) {
		t.Errorf("bodies %q, want %q", bodies, want)
	}
	secured := Config{Stream: specOf("https://web/"), Target: check.Target{TLS: &check.TLS{CAFile: "ca"}}, ReadFile: readFile, Now: time.Now}
	if s, err = New(secured); err != nil || serviceOf(s).tls.RootCAs == nil {
		t.Errorf("the certificate was not read: %v", err)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		content := files[name]
		delete(files, name)
		_, err := New(Config{Stream: spec, ReadFile: readFile, Now: time.Now})
		if name == "ca" {
			_, err = New(secured)
		}
		if err == nil || !strings.Contains(err.Error(), "open "+name+": file does not exist") {
			t.Errorf("without %s: %v", name, err)
		}
		files[name] = content
	}
	files["ca"] = strings.Repeat(" ", check.MostText+1)
	if _, err := New(secured); err == nil || !strings.Contains(err.Error(), "ca is longer than") {
		t.Errorf("a certificate without an end: %v", err)
	}
}
