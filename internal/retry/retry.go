// Package retry asks an API server again that is out of order just now.
package retry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// OnConflict repeats try while somebody else's change came between its reading
// and its writing. Each attempt has to read anew, so nothing is overwritten.
func OnConflict(ctx context.Context, try func() error) error {
	pace := AfterConflict()
	for {
		err := try()
		if !apierrors.IsConflict(err) || pace.Wait(ctx) != nil {
			return err
		}
	}
}

// Insist repeats try until it succeeds, fails for good, or ctx ends: then the
// error has both, why it failed last and why ctx ended. A conflict is repeated
// too.
func Insist(ctx context.Context, try func() error) error {
	began := time.Now()
	var pace Backoff
	for {
		err := OnConflict(ctx, try)
		if err == nil || !Passing(err, time.Since(began)) {
			return err
		}
		if ended := pace.Wait(ctx); ended != nil {
			return fmt.Errorf("%w (gave up: %w)", err, ended)
		}
	}
}

// WarmUp is how long a server that has just begun may refuse everybody, because
// it has not read the rules yet (seen on an API server that was restarted).
const WarmUp = 10 * time.Second

// Passing is a failure that may be over soon: one of Unknown, or an answer that the
// server is busy (429) or only just coming up. after is for how long it has been
// asked.
func Passing(err error, after time.Duration) bool {
	if apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) {
		return after < WarmUp
	}
	return Unknown(err) || code(err) == http.StatusTooManyRequests
}

// Unknown is a failure of a write that may have gone through all the same: there
// was no answer, it broke off, or it says that the server, or a proxy before it, is
// out of order (any 5xx).
func Unknown(err error) bool {
	return brokeOff(err) || code(err) >= http.StatusInternalServerError
}

// code is that of the answer, 0 where there was none.
func code(err error) int32 {
	var answer apierrors.APIStatus
	if !errors.As(err, &answer) {
		return 0
	}
	return answer.Status().Code
}

// brokeOff tells that there was no answer, or not all of one. What net/http's
// client says of a request is a net.Error. client-go passes on as it is what
// breaks off in the answer's body: a reset stream or a GOAWAY of HTTP/2, whose
// types differ with who speaks it, and a body that ends too early
// (transformResponse in client-go's rest/request.go).
func brokeOff(err error) bool {
	if err == nil {
		return false
	}
	if _, noAnswer := errors.AsType[net.Error](err); noAnswer {
		return true
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return true
	}
	return isHTTP2(err) || isCutShort(err.Error())
}

// isCutShort tells an answer that ended too early without any sign of that, as a
// proxy may pass it on. Only client-go's words tell it (the interpretation of
// apimachinery's runtime/serializer/json/meta.go, transformResponse in
// rest/request.go).
func isCutShort(text string) bool {
	return strings.Contains(text, "json parse error") || strings.Contains(text, "0-length response with status code")
}
