package attack

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// sender sends a stream's requests and judges what became of each.
type sender struct {
	stream   string
	share    Share
	messages []*message // sent in turn
	expect   []int
	now      Clock
	sink     func(recording.Sample)
	carrier  carrier
	// grpc tells of an answer of gRPC's.
	grpc  atomic.Bool
	tally tally
	// task names the stream's work in the error of a panic.
	task string

	// ctx ends when the user has had enough, or when the stream has failed; its
	// cause tells which.
	ctx    context.Context //nolint:containedctx // vegeta has no room for one
	cancel context.CancelCauseFunc
}

func newSender(cfg Config) (*sender, error) {
	messages, err := newMessages(cfg)
	if err != nil {
		return nil, err
	}
	if cfg.Target.Trace {
		traces := cfg.TraceBase.Traces(cfg.Stream.Name)
		for _, m := range messages {
			m.traces = &traces
		}
	}
	s := &sender{
		stream:   cfg.Stream.Name,
		share:    cfg.Share,
		messages: messages,
		expect:   cfg.Stream.ExpectStatus,
		now:      cfg.Now,
		sink:     cfg.Sink,
		task:     "sending the requests of stream " + cfg.Stream.Name,
	}
	if s.carrier, err = newCarrier(cfg, &s.grpc, s.task, s.fail); err != nil {
		return nil, err
	}
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	return s, nil
}

// send sends the message whose turn it is and reads its answer to the end. An error
// is why there was none.
func (s *sender) send(seq uint64, due time.Time) (status int, err error) {
	return s.sendTo(seq, due, s.sink)
}

// sendTo does so, and gives the sample to a sink of the request's own.
func (s *sender) sendTo(seq uint64, due time.Time, sink func(recording.Sample)) (status int, err error) {
	outcome := recording.Unfinished
	s.tally.begin()
	defer func() { s.tally.end(outcome) }()
	sample := recording.Sample{
		Stream:    s.stream,
		Sender:    s.share.Index,
		Seq:       seq,
		Scheduled: due,
		Sent:      s.now().Sub(due),
		Resolved:  recording.NotReached,
		Acquired:  recording.NotReached,
		Written:   recording.NotReached,
		FirstByte: recording.NotReached,
	}
	m := s.messages[seq%uint64(len(s.messages))]
	answered, err := s.carrier.exchange(s.ctx, m, &sample)
	sample.End = s.now.since(&sample)
	s.judge(m, answered, err, &sample)
	outcome = sample.Outcome
	if outcome == recording.OK && !sample.Redirect() {
		s.tally.direct.Store(true)
	}
	sink(sample)
	return sample.Status, err
}

// judge decides what became of the request.
func (s *sender) judge(m *message, answered said, err error, sample *recording.Sample) {
	switch {
	case err != nil && s.ctx.Err() != nil:
		sample.Outcome = recording.Unfinished
		sample.Class = recording.ClassOther
		sample.Error = context.Cause(s.ctx).Error()
	case err != nil:
		sample.Class = classify(sample.Phase, err)
		sample.Outcome = outcome(sample.Class)
		sample.Error = err.Error()
		sample.Maskable = maskable(m, sample) || unprocessed(err)
	case !s.expected(sample.Status):
		sample.Outcome = recording.Failed
		sample.Class = recording.ClassStatus
		sample.Error = answered.statusText
	case answered.complaint != "":
		sample.Outcome = recording.Failed
		sample.Class = cmp.Or(sample.Class, recording.ClassWrongBody) // or what the carrier says
		sample.Error = answered.complaint
	default:
		sample.Outcome = recording.OK
		sample.Phase = ""
	}
}

func (s *sender) expected(status int) bool {
	if len(s.expect) == 0 {
		return status >= 200 && status < 400
	}
	return slices.Contains(s.expect, status)
}

// errAborted is why requests were cut for a user who does not want to wait.
var errAborted = errors.New("cut by the user")

// failure is a panic of this program that ended the stream.
type failure struct{ panicked error }

func (*failure) Error() string   { return "cut because this program failed" }
func (f *failure) Unwrap() error { return f.panicked }

// fail ends the stream at once. The first panic counts.
func (s *sender) fail(panicked error) { s.end(&failure{panicked}) }

// failed gives the panic that ended the stream; nil for none.
func (s *sender) failed() error {
	if f, ok := errors.AsType[*failure](context.Cause(s.ctx)); ok {
		return f.panicked
	}
	return nil
}

func (s *sender) end(why error) {
	s.cancel(why)
	s.carrier.interrupt()
}
