package attack

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/shutdowncheck/shutdowncheck/internal/guard"
)

// transport lets vegeta send a stream's requests, whatever their protocol, each when
// the schedule says.
type transport struct {
	*sender
	schedule schedule
}

// RoundTrip sends the request that has vegeta's number among the sender's. Of the request that vegeta
// has made it takes the number alone, and of the answer it gives no more than the
// status: with a Location http.Client would go there.
//
// vegeta's workers call it, so that a panic here ends the stream. The request it
// happened in has no sample: what became of it says nothing of the service.
func (t *transport) RoundTrip(req *http.Request) (_ *http.Response, err error) {
	defer guard.Catch(t.task, func(panicked error) {
		err = panicked
		t.fail(panicked)
	})
	n, err := sequence(req)
	if err != nil {
		return nil, err
	}
	seq := t.share.seq(n)
	status, err := t.send(seq, t.schedule.at(seq))
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: status, Body: http.NoBody}, nil
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
