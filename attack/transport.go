package attack

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/net/http2"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/guard"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// transport carries a stream's requests over HTTP/1.1, each from its send to
// the last byte of its answer, in the goroutine that called it.
type transport struct {
	stream    string
	messages  []*message // sent in turn
	podHeader string     // canonical
	expect    []int
	timeout   time.Duration
	now       Clock
	sink      func(recording.Sample)
	// schedule is set before the first request.
	schedule schedule
	// doing names the stream's work in what is told of a panic.
	doing string

	host     string // as in the URL, without the port
	port     string
	literal  []string    // host and port if the host is an address
	tls      *tls.Config // nil for plain HTTP
	resolver *net.Resolver
	dial     func(ctx context.Context, network, address string) (net.Conn, error)
	lastConn atomic.Uint64

	pool  *pool
	tally tally

	// http2 is nil for HTTP/1.1. slots hold its connections where the stream keeps
	// any.
	http2 *http2.Transport
	slots *slots

	// cut ends when the user has had enough, or when the stream has failed; its
	// cause tells which.
	cut    context.Context //nolint:containedctx // a latch that net.Dialer understands
	cutNow context.CancelCauseFunc
}

func newTransport(cfg Config, messages []*message) (*transport, error) {
	target, err := url.Parse(cfg.Stream.URL)
	if err != nil {
		return nil, fmt.Errorf("url: %w", err)
	}
	t := &transport{
		stream:    cfg.Stream.Name,
		messages:  messages,
		podHeader: textproto.CanonicalMIMEHeaderKey(cfg.Target.PodHeader),
		expect:    cfg.Stream.ExpectStatus,
		timeout:   time.Duration(cfg.Stream.Timeout),
		now:       cfg.Now,
		sink:      cfg.Sink,
		doing:     "sending the requests of stream " + cfg.Stream.Name,
		host:      target.Hostname(),
		port:      portOf(target),
		resolver:  net.DefaultResolver,
		// Without a local address the kernel may use a port for several
		// destinations. Probes would hide how the service treats idle
		// connections, and cost three calls for each dial.
		dial: (&net.Dialer{KeepAlive: -1}).DialContext,
	}
	switch target.Scheme {
	case "http":
	case "https":
		if t.tls, err = tlsConfig(cfg.Target.TLS, t.host); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("url %s: the scheme is neither http nor https", target.Redacted())
	}
	if t.host == "" {
		return nil, fmt.Errorf("url %s: no host", target.Redacted())
	}
	if isAddress(t.host) {
		t.literal = []string{net.JoinHostPort(t.host, t.port)}
	}
	size := 0
	if cfg.Stream.Connections == check.Reused {
		size = cfg.Stream.Pool
	}
	t.pool = newPool(size)
	if cfg.Stream.Protocol != check.HTTP1 {
		t.http2 = newHTTP2()
		if t.tls != nil {
			t.tls.NextProtos = []string{http2.NextProtoTLS}
		}
		if size > 0 {
			t.slots = newSlots(size)
		}
	}
	t.cut, t.cutNow = context.WithCancelCause(context.Background())
	return t, nil
}

// RoundTrip sends the message whose turn it is and reads its answer to the end. Of
// the request that vegeta has made it takes the number alone, and of the answer it
// gives no more than the status: with a Location http.Client would go there.
//
// vegeta's workers call it, so that a panic here ends the stream. The request it
// happened in has no sample: what became of it says nothing of the service.
func (t *transport) RoundTrip(req *http.Request) (_ *http.Response, err error) {
	defer guard.Catch(t.doing, func(panicked error) {
		err = panicked
		t.fail(panicked)
	})
	seq, err := sequence(req)
	if err != nil {
		return nil, err
	}
	outcome := recording.Unfinished
	t.tally.begin()
	defer func() { t.tally.end(outcome) }()
	scheduled := t.schedule.at(seq)
	sample := recording.Sample{
		Stream:    t.stream,
		Seq:       seq,
		Scheduled: scheduled,
		Sent:      t.now().Sub(scheduled),
		Acquired:  recording.NotReached,
		Written:   recording.NotReached,
		FirstByte: recording.NotReached,
	}
	m := t.messages[seq%uint64(len(t.messages))]
	a, err := t.exchange(m, &sample)
	sample.End = t.since(&sample)
	t.judge(m, a, err, &sample)
	outcome = sample.Outcome
	t.sink(sample)
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: a.status, Body: http.NoBody}, nil
}

// sequence is the number that vegeta has given to a request.
func sequence(req *http.Request) (uint64, error) {
	numbers := req.Header[sequenceHeader]
	if len(numbers) != 1 {
		return 0, fmt.Errorf("%s: %d of them, want one", sequenceHeader, len(numbers))
	}
	seq, err := strconv.ParseUint(numbers[0], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", sequenceHeader, err)
	}
	return seq, nil
}

// exchange goes through the request's phases. At an error the sample's phase is
// the one that failed.
func (t *transport) exchange(m *message, sample *recording.Sample) (answer, error) {
	if t.http2 != nil {
		return t.exchangeHTTP2(m, sample)
	}
	conn, err := t.acquire(sample)
	if err != nil {
		return answer{}, err
	}
	a, err := t.converse(conn, m, sample)
	reusable := err == nil && conn.reusable(a)
	conn.giveReader()
	if reusable {
		t.pool.put(conn)
	} else {
		t.pool.drop(conn)
	}
	return a, err
}

// acquire gives a connection whose deadline is set: the one that has been idle
// longest, or a new one.
func (t *transport) acquire(sample *recording.Sample) (*connection, error) {
	// The poller's time, whatever the run's clock is.
	deadline := time.Now().Add(t.timeout)
	sample.Phase = recording.PhaseDial
	conn := t.pool.take()
	for conn != nil && !conn.silent() {
		t.pool.drop(conn)
		conn = t.pool.take()
	}
	if conn == nil {
		var err error
		if conn, err = t.connect(sample, deadline); err != nil {
			return nil, err
		}
	} else {
		conn.describe(sample)
		if err := conn.bound(deadline); err != nil {
			t.pool.drop(conn)
			return nil, err
		}
	}
	sample.Acquired = t.since(sample)
	return conn, nil
}

// converse writes the request and reads the answer to its last byte.
func (t *transport) converse(conn *connection, m *message, sample *recording.Sample) (answer, error) {
	sample.Phase = recording.PhaseWrite
	if err := conn.write(m, sample.Seq); err != nil {
		return answer{}, err
	}
	sample.Written = t.since(sample)
	if !conn.spent {
		sample.BytesOut = int64(len(m.target.Body))
	}

	sample.Phase = recording.PhaseFirstByte
	if err := conn.awaitFirstByte(); err != nil {
		return answer{}, err
	}
	sample.FirstByte = t.since(sample)

	sample.Phase = recording.PhaseHeader
	a, err := conn.readHeader(m, t.podHeader)
	if err != nil {
		return answer{}, err
	}
	sample.Status = a.status
	sample.Pod = a.pod
	if a.pod != "" {
		conn.pod = a.pod
	}

	sample.Phase = recording.PhaseBody
	if sample.BytesIn, err = a.discard(conn.reader); err != nil {
		return answer{}, conn.cause(err)
	}
	sample.Phase = recording.PhaseDone
	return a, nil
}

// judge decides what became of the request.
func (t *transport) judge(m *message, a answer, err error, sample *recording.Sample) {
	switch {
	case err != nil && t.cut.Err() != nil:
		sample.Outcome = recording.Unfinished
		sample.Class = recording.ClassOther
		sample.Error = context.Cause(t.cut).Error()
	case err != nil:
		sample.Class = classify(sample.Phase, err)
		sample.Outcome = outcome(sample.Class)
		sample.Error = err.Error()
		sample.Maskable = maskable(m, sample) || unprocessed(err)
	case !t.expected(a.status):
		sample.Outcome = recording.Failed
		sample.Class = recording.ClassStatus
		sample.Error = a.line
	default:
		sample.Outcome = recording.OK
		sample.Phase = ""
	}
}

func (t *transport) expected(status int) bool {
	if len(t.expect) == 0 {
		return status >= 200 && status < 400
	}
	return slices.Contains(t.expect, status)
}

// errAborted is why requests were cut for a user who does not want to wait.
var errAborted = errors.New("cut by the user")

func (t *transport) abort() { t.cutAll(errAborted) }

// failure is a panic of this program that ended the stream.
type failure struct{ panicked error }

func (*failure) Error() string   { return "cut because this program failed" }
func (f *failure) Unwrap() error { return f.panicked }

// fail ends the stream at once. The first panic counts.
func (t *transport) fail(panicked error) { t.cutAll(&failure{panicked}) }

// failed gives the panic that ended the stream; nil for none.
func (t *transport) failed() error {
	if f, ok := errors.AsType[*failure](context.Cause(t.cut)); ok {
		return f.panicked
	}
	return nil
}

func (t *transport) cutAll(why error) {
	t.cutNow(why)
	t.pool.interrupt()
}

// renew lets each connection that is kept be replaced when its turn comes.
func (t *transport) renew() {
	t.pool.renew()
	if t.slots != nil {
		t.slots.generation.Add(1)
	}
}

// close closes the connections that are kept. No request may be under way.
func (t *transport) close() {
	t.pool.close()
	if t.slots != nil {
		t.slots.close()
	}
}

// since is the time since the request was due.
func (t *transport) since(sample *recording.Sample) time.Duration {
	return t.now().Sub(sample.Scheduled)
}
