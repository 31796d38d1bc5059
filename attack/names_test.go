package attack

import (
	"context"
	"errors"
	"net"
	"slices"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// A name that does not exist is told before anything is sent. What was not found out is
// not claimed.
func TestLookup(t *testing.T) {
	streams := []check.Stream{
		{URL: "http://127.0.0.1:8080/"},
		{URL: "http://[::1]/"},
		{URL: "http://web.shop/"},
		{URL: "https://gone.example:8443/a"},
		{URL: "http://gone.example/b"},
		{URL: "http://slow.example/"},
	}
	var asked []string
	err := lookUp(t.Context(), streams, map[string]string{"web.shop": "web.shop.svc"}, "this machine", func(ctx context.Context, host string) error {
		asked = append(asked, host)
		if _, bounded := ctx.Deadline(); !bounded {
			t.Errorf("the lookup of %s has no end", host)
		}
		switch host {
		case "gone.example":
			return &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		case "slow.example":
			return &net.DNSError{Err: "i/o timeout", Name: host, IsTimeout: true, IsTemporary: true}
		}
		return nil
	})
	const want = "streams[3].url: this machine does not find gone.example (lookup gone.example: no such host); want a name that it knows, or an address"
	if _, field := errors.AsType[*check.FieldError](err); err == nil || err.Error() != want || !field {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if want := []string{"gone.example", "slow.example"}; !slices.Equal(asked, want) {
		t.Errorf("looked up %q, want %q", asked, want)
	}
}
