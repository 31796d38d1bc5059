package sender

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// wire is an Assignment on its way. The values of headers and bodies show nothing of
// themselves in JSON, so they go beside it, in their order.
type wire struct {
	Assignment Assignment `json:"assignment"`
	Hidden     [][]byte   `json:"hidden"`
}

// encode gives what decode takes. Secrets stand in it.
func encode(a Assignment) ([]byte, error) {
	w := wire{Assignment: a}
	a.eachHidden(
		func(s *check.Secret) { w.Hidden = append(w.Hidden, []byte(s.Reveal())) },
		func(v *check.Value) { w.Hidden = append(w.Hidden, []byte(v.Reveal())) })
	data, err := json.Marshal(w)
	if err != nil {
		return nil, fmt.Errorf("encode the assignment: %w", err)
	}
	return data, nil
}

// decode reads an assignment of this version. Its errors repeat nothing of it.
func decode(data []byte) (Assignment, error) {
	var version struct {
		Assignment struct {
			Version int `json:"version"`
		} `json:"assignment"`
	}
	if err := unmarshal(data, &version); err != nil {
		return Assignment{}, err
	}
	if got := version.Assignment.Version; got != Version {
		return Assignment{}, fmt.Errorf("the conductor speaks version %d of the channel, and this sender version %d; want the same release on both sides", got, Version)
	}
	var w wire
	if err := unmarshal(data, &w); err != nil {
		return Assignment{}, err
	}
	missing := false
	next := func() (text string) {
		if missing = missing || len(w.Hidden) == 0; missing {
			return ""
		}
		text, w.Hidden = string(w.Hidden[0]), w.Hidden[1:]
		return text
	}
	w.Assignment.eachHidden(
		func(s *check.Secret) { *s = check.Secret(next()) },
		func(v *check.Value) { *v = check.NewValue(next()) })
	if missing || len(w.Hidden) > 0 {
		return Assignment{}, errors.New("the assignment has not as many values as headers and bodies")
	}
	return w.Assignment, nil
}

// eachHidden goes through all that JSON hides, in an order that is always the same.
func (a *Assignment) eachHidden(secret func(*check.Secret), value func(*check.Value)) {
	headers := func(all []check.Header) {
		for i := range all {
			secret(&all[i].Value)
		}
	}
	headers(a.Target.Headers)
	for i := range a.Streams {
		headers(a.Streams[i].Headers)
		if body := a.Streams[i].Body; body != nil {
			value(&body.Text)
		}
		if call := a.Streams[i].GRPC; call != nil {
			value(&call.Body)
		}
	}
}

// unmarshal reads one JSON value. What the JSON package would say may repeat values, so
// its errors are told by their places.
func unmarshal(data []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	err := decoder.Decode(into)
	if err == nil {
		if _, more := decoder.Token(); more != io.EOF {
			return errors.New("the body is no JSON: something stands behind its value")
		}
		return nil
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("the body is not what was expected: %q is of another type", wrong.Field)
	}
	return fmt.Errorf("the body is no JSON of what was expected, at byte %d", decoder.InputOffset())
}
