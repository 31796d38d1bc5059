package sender

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// mostAnswer bounds a Status, which names pods and segments.
const mostAnswer = 4 << 20

// Client makes the requests of a conductor to one sender, over one connection that is
// made when it is needed and kept. None is repeated by itself, but each may be. Its
// errors tell the path, and never the token.
type Client struct {
	http  http.Client
	token string
}

// NewClient gives the client of the sender that dial leads to.
func NewClient(dial func(context.Context) (net.Conn, error), token string) *Client {
	return &Client{token: token, http: http.Client{Transport: &http.Transport{
		DialContext:         func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
		MaxConnsPerHost:     1,
		MaxIdleConnsPerHost: 1,
		DisableCompression:  true,
	}}}
}

// Close gives the kept connection up. A later request makes another one.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// RefusedError is what a sender answered to a request that it did not carry out. Where
// a place in the check is at fault it wraps the check.FieldError.
type RefusedError struct {
	Path string
	// Status is that of HTTP: 400 for what is wrong with the request, 403 for another
	// conductor's token, 404 for a segment that is not held, 409 for what does not fit
	// the sender's state, 413 for too much.
	Status  int
	Problem Problem
}

func (e *RefusedError) Error() string {
	text := e.Problem.Error
	if e.Problem.Field != "" {
		text = e.Problem.Field + ": " + text
	}
	return fmt.Sprintf("the sender refused %s (%d): %s", e.Path, e.Status, text)
}

// Unwrap gives the check's field that is at fault, if one is.
func (e *RefusedError) Unwrap() error {
	if e.Problem.Field == "" {
		return nil
	}
	return &check.FieldError{Field: e.Problem.Field, Problem: e.Problem.Error}
}

// Assign gives the sender its share, and takes it for this conductor.
func (c *Client) Assign(ctx context.Context, a Assignment) (Status, error) {
	body, err := encode(a)
	if err != nil {
		return Status{}, err
	}
	return c.status(ctx, http.MethodPut, PathAssign, body)
}

// Poll asks how far the sender is.
func (c *Client) Poll(ctx context.Context, p Poll) (Status, error) {
	return c.command(ctx, PathPoll, p)
}

// Start tells it when to begin.
func (c *Client) Start(ctx context.Context, s Start) (Status, error) {
	return c.command(ctx, PathStart, s)
}

// Renew has it replace its kept connections.
func (c *Client) Renew(ctx context.Context) (Status, error) {
	return c.command(ctx, PathRenew, struct{}{})
}

// Stop ends its schedule.
func (c *Client) Stop(ctx context.Context, s Stop) (Status, error) {
	return c.command(ctx, PathStop, s)
}

// Segment fetches a sealed segment that a Status has told of. Whether the data is what
// was sealed is for the recording to check, which takes it.
func (c *Client) Segment(ctx context.Context, s Segment) (recording.Segment, error) {
	path := PathSegments + strconv.Itoa(s.Number)
	data, err := c.do(ctx, http.MethodGet, path, nil, s.Bytes)
	if err != nil {
		return recording.Segment{}, err
	}
	if int64(len(data)) != s.Bytes {
		return recording.Segment{}, fmt.Errorf("GET %s from the sender: %d bytes instead of %d", path, len(data), s.Bytes)
	}
	return recording.Segment{Samples: s.Samples, CRC32C: s.CRC32C, Data: data}, nil
}

func (c *Client) command(ctx context.Context, path string, request any) (Status, error) {
	body, err := json.Marshal(request)
	if err != nil {
		return Status{}, fmt.Errorf("encode %s: %w", path, err)
	}
	return c.status(ctx, http.MethodPost, path, body)
}

func (c *Client) status(ctx context.Context, method, path string, body []byte) (Status, error) {
	data, err := c.do(ctx, method, path, body, mostAnswer)
	if err != nil {
		return Status{}, err
	}
	var status Status
	if err := unmarshal(data, &status); err != nil {
		return Status{}, fmt.Errorf("%s %s from the sender: %w", method, path, err)
	}
	return status, nil
}

// do makes a request and gives the body of its answer, of at most so many bytes.
func (c *Client) do(ctx context.Context, method, path string, body []byte, most int64) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://sender"+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("ask the sender for %s: %w", path, err)
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	request.Header.Set("Content-Type", "application/json")
	answer, err := c.http.Do(request)
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // it repeats method and address
	}
	if err != nil {
		return nil, fmt.Errorf("%s %s to the sender: %w", method, path, err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return nil, refused(path, answer)
	}
	data, err := io.ReadAll(io.LimitReader(answer.Body, most+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s %s from the sender: %w", method, path, err)
	case int64(len(data)) > most:
		return nil, fmt.Errorf("%s %s from the sender: its answer is longer than %d bytes", method, path, most)
	default:
		return data, nil
	}
}

// refused reads a Problem, from whatever answered.
func refused(path string, answer *http.Response) error {
	e := &RefusedError{Path: path, Status: answer.StatusCode}
	data, err := io.ReadAll(io.LimitReader(answer.Body, 1<<16))
	if err != nil || unmarshal(data, &e.Problem) != nil || e.Problem.Error == "" {
		e.Problem = Problem{Error: http.StatusText(answer.StatusCode)}
	}
	return e
}
