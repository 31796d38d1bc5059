package retry_test

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/shutdowncheck/shutdowncheck/internal/retry"
)

var (
	resource    = schema.GroupResource{Group: "apps", Resource: "deployments"}
	unreachable = &url.Error{Op: "Patch", URL: "https://api", Err: errors.New("connection refused")}
	conflict    = apierrors.NewConflict(resource, "web", nil)
	invalid     = apierrors.NewBadRequest("no")
	refusal     = apierrors.NewForbidden(resource, "web", errors.New("no"))
	busy        = apierrors.NewTooManyRequests("busy", 1)
	broken      = apierrors.NewInternalError(errors.New("etcd"))
	errGateway  = apierrors.NewGenericServerResponse(502, "PATCH", resource, "web", "", 0, true)
)

// forbiddenFor is as many refusals as come within the time.
func forbiddenFor(wanted time.Duration) []error {
	var refusals []error
	for pause, gone := 100*time.Millisecond, time.Duration(0); gone < wanted; pause = min(2*pause, 5*time.Second) {
		refusals = append(refusals, refusal)
		gone += pause
	}
	return append(refusals, refusal)
}

func TestInsist(t *testing.T) {
	tests := map[string]struct {
		answers []error
		want    error
	}{
		"at once":               {[]error{nil}, nil},
		"conflict":              {[]error{conflict, conflict, nil}, nil},
		"no answer":             {[]error{unreachable, nil}, nil},
		"busy, then a conflict": {[]error{busy, conflict, nil}, nil},
		"out of order":          {[]error{broken, errGateway, nil}, nil},
		"only coming up":        {[]error{unreachable, refusal, refusal, nil}, nil},
		"refused for long":      {forbiddenFor(retry.WarmUp), refusal},
		"refused for good":      {[]error{unreachable, invalid}, invalid},
		"busy for a minute":     {append(slices.Repeat([]error{busy}, 15), nil), nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				err := retry.Insist(t.Context(), func() error {
					calls++
					return test.answers[calls-1]
				})
				if !errors.Is(err, test.want) || calls != len(test.answers) {
					t.Errorf("got %v after %d calls, want %v after %d", err, calls, test.want, len(test.answers))
				}
			})
		})
	}
}

func TestInsistGivesUpWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errors.New("a minute is over"))
		defer cancel()
		began, calls := time.Now(), 0
		err := retry.Insist(ctx, func() error { calls++; return unreachable })
		if !errors.Is(err, unreachable) || err.Error() != unreachable.Error()+" (gave up: a minute is over)" {
			t.Errorf("got %v", err)
		}
		if took := time.Since(began); took != time.Minute || calls > 20 {
			t.Errorf("took %s, with %d calls", took, calls)
		}
	})
}

// A write may have gone through unless the answer says that it has not.
func TestUnknown(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		want bool
	}{
		"none": {nil, false}, "no answer": {unreachable, true}, "stopped": {context.Canceled, true},
		"bad gateway": {errGateway, true}, "internal": {broken, true},
		"busy": {busy, false}, "conflict": {conflict, false}, "forbidden": {refusal, false}, "invalid": {invalid, false},
	} {
		if got := retry.Unknown(test.err); got != test.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}
