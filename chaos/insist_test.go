package chaos

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var (
	unreachable = &url.Error{Op: "Patch", URL: "https://api", Err: errors.New("connection refused")}
	conflict    = apierrors.NewConflict(schema.GroupResource{Resource: "deployments"}, "web", nil)
	invalid     = apierrors.NewBadRequest("no")
	refusal     = forbidden("deployments")
)

func TestInsist(t *testing.T) {
	tests := map[string]struct {
		answers []error
		want    error
		took    time.Duration
	}{
		"at once":               {[]error{nil}, nil, 0},
		"conflict":              {[]error{conflict, conflict, nil}, nil, 0},
		"no answer":             {[]error{unreachable, nil}, nil, pause},
		"busy, then a conflict": {[]error{apierrors.NewTooManyRequests("busy", 1), conflict, nil}, nil, pause},
		"out of order":          {[]error{apierrors.NewInternalError(errors.New("etcd")), apierrors.NewServiceUnavailable("no"), nil}, nil, 2 * pause},
		"only coming up":        {[]error{unreachable, refusal, refusal, nil}, nil, 3 * pause},
		"refused for long":      {slices.Repeat([]error{refusal}, int(warmUp/pause)+1), refusal, warmUp},
		"refused for good":      {[]error{unreachable, invalid}, invalid, pause},
		"somebody else's":       {[]error{&ChangedError{}}, &ChangedError{}, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				var calls int
				err := insist(t.Context(), func() error {
					calls++
					return test.answers[calls-1]
				})
				if text(err) != text(test.want) || calls != len(test.answers) {
					t.Errorf("got %v after %d calls, want %v after %d", err, calls, test.want, len(test.answers))
				}
				if took := time.Since(began); took != test.took {
					t.Errorf("took %s, want %s", took, test.took)
				}
			})
		})
	}
}

func TestInsistGivesUpWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		began := time.Now()
		err := insist(ctx, func() error { return unreachable })
		if !errors.Is(err, unreachable) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(began); took != 10*time.Second {
			t.Errorf("took %s", took)
		}
	})
}

type answers func(*http.Request) (*http.Response, error)

func (f answers) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestOnceHidesRetryAfterFromChanges(t *testing.T) {
	busy := answers(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"1"}}}, nil
	})
	for method, want := range map[string]string{http.MethodGet: "1", http.MethodPatch: "", http.MethodPut: "", http.MethodPost: "", http.MethodDelete: ""} {
		request, err := http.NewRequestWithContext(t.Context(), method, "http://api/", nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := Once(busy).RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		if got := response.Header.Get("Retry-After"); got != want {
			t.Errorf("%s: got %q, want %q", method, got, want)
		}
	}
}
