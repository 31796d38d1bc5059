package chaos

import (
	"net/http"
	"testing"
)

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
