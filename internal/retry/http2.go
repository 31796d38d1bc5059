package retry

import (
	"errors"

	"golang.org/x/net/http2"
)

// isHTTP2 tells a stream or a connection of HTTP/2 that the other side gave up.
func isHTTP2(err error) bool {
	switch {
	case errors.As(err, new(http2.StreamError)), errors.As(err, new(http2.GoAwayError)), errors.As(err, new(http2.ConnectionError)):
		return true
	default:
		return false
	}
}
