package chaos

import "net/http"

// Once keeps client-go from repeating a change behind our back: it repeats
// what a server answered with a Retry-After header (rest/with_retry.go in
// client-go), and a repeated change would spoil the times recorded for it. Use
// it with rest.Config.Wrap for the client given to Open.
func Once(next http.RoundTripper) http.RoundTripper { return once{next} }

type once struct{ next http.RoundTripper }

// RoundTrip hides Retry-After from the answers to anything but reads.
func (o once) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := o.next.RoundTrip(request)
	if response != nil && request.Method != http.MethodGet {
		response.Header.Del("Retry-After")
	}
	return response, err
}

// WrappedRoundTripper gives the next one, as client-go's own wrappers do.
func (o once) WrappedRoundTripper() http.RoundTripper { return o.next }
