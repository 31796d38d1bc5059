package attack

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// grpcCall is what a message of gRPC calls, and how it may end.
type grpcCall struct {
	expect []check.GRPCCode
	// unary tells that exactly one message answers it; false where that is not known.
	unary bool
}

// newCall gives the one message of a stream of calls.
func (cfg *Config) newCall() (*message, error) {
	call := cfg.Stream.GRPC
	request, unary, err := encodeCall(call, cfg.Types, cfg.readFile)
	if err != nil {
		return nil, err
	}
	m, err := cfg.calling(call.Method, request)
	if err != nil {
		return nil, err
	}
	m.call = &grpcCall{expect: call.ExpectCodes, unary: unary}
	return m, nil
}

// calling gives the call of a method with one message, in the way of the stream.
func (cfg *Config) calling(method string, request []byte) (*message, error) {
	s := cfg.Stream
	header := headerOf(cfg.Target.Headers, s.Headers)
	header.Set("Content-Type", "application/grpc")
	header.Set("Te", "trailers")
	header.Set("Grpc-Timeout", grpcTimeout(time.Duration(s.Timeout)))
	m, err := newMessage(vegeta.Target{
		Method: http.MethodPost, URL: strings.TrimRight(s.URL, "/") + "/" + method, Header: header, Body: framed(request),
	}, s.Name, false)
	if err != nil {
		return nil, fmt.Errorf("encode the call of %s: %w", method, err)
	}
	return m, nil
}

// grpcPrefix is the length of what stands before each message: whether it is compressed,
// and its length (github.com/grpc/grpc, doc/PROTOCOL-HTTP2.md, "Length-Prefixed-Message").
const grpcPrefix = 5

// framed gives a message, which is not compressed, as it is sent.
func framed(message []byte) []byte {
	frame := make([]byte, grpcPrefix, grpcPrefix+len(message))
	binary.BigEndian.PutUint32(frame[1:], uint32(len(message))) //nolint:gosec // no file that is read is as large
	return append(frame, message...)
}

// grpcTimeout gives a deadline as calls tell it: at most 8 digits and a unit (likewise,
// "Timeout").
func grpcTimeout(d time.Duration) string {
	if ms := max(d.Milliseconds(), 1); ms < 1e8 {
		return strconv.FormatInt(ms, 10) + "m"
	}
	return strconv.FormatInt(min(int64(d.Seconds()), 1e8-1), 10) + "S"
}

// judge reads the answer to a call to its end, and says of what class it is and what is
// wrong with it; both are empty where nothing is. It tells how many bytes of messages came.
// An error is why the answer broke off.
func (c *grpcCall) judge(resp *http.Response) (n int64, class recording.Class, complaint string, err error) {
	switch {
	case resp.StatusCode != http.StatusOK:
		// No other belongs to gRPC (likewise, "Responses": "HTTP-Status"), whatever content
		// type it bears.
		n, err = io.Copy(io.Discard, resp.Body)
		return n, recording.ClassStatus, resp.Status, err
	case !isGRPC(resp.Header):
		n, err = io.Copy(io.Discard, resp.Body)
		return n, recording.ClassWrongBody, "the answer is none of gRPC: another content type", err
	}
	n, messages, err := readMessages(resp.Body)
	if _, wrong := errors.AsType[*framingError](err); err != nil && !wrong {
		return n, "", "", err
	}
	// A call that failed may end anywhere.
	switch code, told := grpcStatus(resp); {
	case !told:
		return n, recording.ClassGRPCStatus, "no grpc-status: the answer ended without its trailers", nil
	case !slices.Contains(c.expect, code):
		return n, recording.ClassGRPCStatus, shownCode(code), nil
	case err != nil:
		return n, recording.ClassWrongBody, err.Error(), nil
	case code == check.GRPCCodes[0] && c.unary && messages != 1:
		return n, recording.ClassWrongBody, fmt.Sprintf("%d messages answer a call that one has to answer", messages), nil
	}
	return n, "", "", nil
}

// framingError is an answer whose messages cannot be told apart.
type framingError struct{ problem string }

func (e *framingError) Error() string { return e.problem }

// readMessages reads all messages, and counts them and their bytes.
func readMessages(body io.Reader) (n int64, messages int, err error) {
	var prefix [grpcPrefix]byte
	for {
		got, err := io.ReadFull(body, prefix[:])
		switch {
		case got == 0 && err == io.EOF: //nolint:errorlint // io.ReadFull gives it as it is
			return n, messages, nil
		case err == io.ErrUnexpectedEOF && got > 0: //nolint:errorlint // likewise
			return n + int64(got), messages, cutInside(body, err)
		case err != nil:
			return n + int64(got), messages, err
		}
		n += grpcPrefix
		length := int64(binary.BigEndian.Uint32(prefix[1:]))
		came, err := io.CopyN(io.Discard, body, length)
		n += came
		switch {
		case err == io.EOF: //nolint:errorlint // likewise
			return n, messages, &framingError{"the answer ended within a message"}
		case err != nil:
			return n, messages, err
		case prefix[0] != 0:
			rest, err := io.Copy(io.Discard, body)
			if err != nil {
				return n + rest, messages, err
			}
			return n + rest, messages, &framingError{"a message is compressed, which was not asked for"}
		}
		messages++
	}
}

// cutInside tells an answer that ended within a message's prefix from one that broke off
// there: the body then goes on failing.
func cutInside(body io.Reader, cut error) error {
	if _, err := body.Read(make([]byte, 1)); err == io.EOF {
		return &framingError{"the answer ended within a message"}
	}
	return cut
}
