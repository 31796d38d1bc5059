package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/shutdowncheck/shutdowncheck/attack"
	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// beyondReach is a rate that no machine keeps, so that each connection sends as
// soon as it is answered.
const beyondReach = 1e9

// Load is what the engine is asked to send. One of For and Samples ends it.
type Load struct {
	URL string
	// Rate is in requests per second; 0 is as many as go.
	Rate        float64
	Connections int
	For         time.Duration
	Samples     uint64
	// Dir takes the recording: everything a run records of its requests.
	Dir string
}

// Sent is what the engine did.
type Sent struct {
	Requests uint64        `json:"requests"`
	Failed   uint64        `json:"failed"`
	Took     time.Duration `json:"took"`
}

// Run sends the load as a run of shutdowncheck does, with every request recorded.
func (l Load) Run(ctx context.Context) (sent Sent, err error) {
	origin := time.Now()
	now := func() time.Time { return origin.Add(time.Since(origin)) }
	spec := check.Stream{
		Name: "bench", Rate: l.Rate, Connections: check.Reused, Pool: l.Connections, MaxConnections: l.Connections,
		URL: l.URL, Protocol: check.HTTP1, Method: "GET", Timeout: check.DefaultStreamTimeout,
	}
	if l.Rate == 0 {
		spec.Rate = beyondReach
	}
	c := check.Check{
		Workload: check.Workload{Kind: check.Deployment, Name: "bench"},
		Target:   check.Target{URL: l.URL}, Streams: []check.Stream{spec},
	}.WithDefaults()
	writer, err := recording.Create(l.Dir, now)
	if err != nil {
		return Sent{}, err
	}
	if err := writer.Header(recording.Header{Tool: "bench", Began: now(), Namespace: "bench", Check: c}); err != nil {
		return Sent{}, err
	}
	stream, err := attack.New(attack.Config{Stream: c.Streams[0], Target: c.Target, Now: now, Sink: writer.Sample})
	if err != nil {
		return Sent{}, err
	}
	end := l.send(ctx, stream)
	err = writer.Close(recording.Ending{At: now(), Streams: []recording.StreamEnd{end}})
	counts := stream.Counts()
	return Sent{Requests: counts.Sent, Failed: counts.Sent - counts.OK, Took: end.Stopped.Sub(end.Began)}, errors.Join(err, ctx.Err())
}

// send ends after the time, or with the first look that finds enough samples.
func (l Load) send(ctx context.Context, stream *attack.Stream) recording.StreamEnd {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if l.For > 0 {
		ctx, stop = context.WithTimeout(ctx, l.For)
		defer stop()
		return stream.Run(ctx)
	}
	ended := make(chan recording.StreamEnd, 1)
	go func() { ended <- stream.Run(ctx) }()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for stream.Counts().Sent < l.Samples && ctx.Err() == nil {
		<-look.C
	}
	stop()
	return <-ended
}

// Lateness reads from a recording how late requests went out.
func Lateness(dir string) ([]time.Duration, error) {
	r, err := recording.Open(dir)
	if err != nil {
		return nil, err
	}
	var late []time.Duration
	for sample, err := range r.Samples() {
		if err != nil {
			return nil, err
		}
		late = append(late, sample.Sent)
	}
	if len(late) == 0 {
		return nil, fmt.Errorf("%s holds no sample", dir)
	}
	return late, nil
}
