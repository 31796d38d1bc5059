package bench

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/shutdowncheck/shutdowncheck/attack"
	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// beyondReach is a rate that no machine keeps, so that each connection sends as
// soon as it is answered.
const beyondReach = 1e9

// Load is what the engine is asked to send.
type Load struct {
	URL string `json:"url"`
	// Rate is in requests per second; 0 is as many as go.
	Rate        float64 `json:"rate"`
	Connections int     `json:"connections"`
	// For is how long it sends, or until there are so many Samples, if that is not 0.
	For     time.Duration `json:"for"`
	Samples uint64        `json:"samples"`
	// Dir takes the recording: everything a run records of its requests.
	Dir string `json:"dir"`
}

// Sent is what the engine did.
type Sent struct {
	Requests uint64 `json:"requests"`
	Failed   uint64 `json:"failed"`
	// Peak is the most memory that the process held, in bytes.
	Peak int64 `json:"peak"`
}

// Run sends the load as a run of shutdowncheck does, with every request recorded.
func (l Load) Run(ctx context.Context) (Sent, error) {
	origin := time.Now()
	now := func() time.Time { return origin.Add(time.Since(origin)) }
	c := l.check()
	writer, err := recording.Create(l.Dir, now)
	if err != nil {
		return Sent{}, err
	}
	if err := writer.Header(recording.Header{Tool: "bench", Began: now(), Namespace: "bench", Check: c}); err != nil {
		return Sent{}, err
	}
	stream, err := attack.New(attack.Config{Stream: c.Streams[0], Target: c.Target, Now: now, Ports: attack.NewPorts(now), Sink: writer.Sample})
	if err != nil {
		return Sent{}, err
	}
	end, err := l.send(ctx, stream)
	err = errors.Join(err, writer.Close(recording.Ending{At: now(), Streams: []recording.StreamEnd{end}}))
	if err := errors.Join(err, ctx.Err()); err != nil {
		return Sent{}, err
	}
	counts := stream.Counts()
	peak, err := peakMemory()
	return Sent{Requests: counts.Sent, Failed: counts.Sent - counts.OK, Peak: peak}, err
}

// check is one that such a load could belong to.
func (l Load) check() check.Check {
	spec := check.Stream{
		Name: "bench", Rate: l.Rate, Connections: check.Reused, Pool: l.Connections, MaxConnections: l.Connections,
		URL: l.URL, Protocol: check.HTTP1, Method: "GET", Timeout: check.DefaultStreamTimeout,
	}
	if l.Rate == 0 {
		spec.Rate = beyondReach
	}
	return check.Check{
		Workload: check.Workload{Kind: check.Deployment, Name: "bench"},
		Target:   check.Target{URL: l.URL}, Streams: []check.Stream{spec},
	}.WithDefaults()
}

// send ends after the time, or with the first look that finds enough samples.
func (l Load) send(ctx context.Context, stream *attack.Stream) (recording.StreamEnd, error) {
	ctx, stop := context.WithTimeout(ctx, l.For)
	var counting sync.WaitGroup
	defer counting.Wait()
	defer stop()
	if l.Samples > 0 {
		counting.Go(func() {
			look := time.NewTicker(time.Millisecond)
			defer look.Stop()
			for stream.Counts().Sent < l.Samples && ctx.Err() == nil {
				<-look.C
			}
			stop()
		})
	}
	return stream.Run(ctx)
}
