package experiment

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/guard"
)

// Every part is ended, in the reverse order, whatever becomes of the others, and none
// takes longer than it may.
func TestTeardown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failed, stuck := errors.New("failed"), errors.New("stuck")
		td := teardown{err: failed}
		var ended []string
		td.add("writer", 0, func(ctx context.Context) error { ended = append(ended, "writer"); return ctx.Err() })
		td.add("hanging", time.Minute, func(ctx context.Context) error {
			<-ctx.Done()
			return errors.Join(stuck, context.Cause(ctx))
		})
		td.add("panicking", 0, func(context.Context) error { panic("out of order") })
		td.add("known", 0, func(context.Context) error { return failed })
		var told []string
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		began := time.Now()
		err := td.run(ctx, func(name string) { told = append(told, name) })
		if want := []string{"known", "panicking", "hanging", "writer"}; !slices.Equal(told, want) || !slices.Equal(ended, want[3:]) {
			t.Errorf("told %q, ended %q", told, ended)
		}
		if took := time.Since(began); took != time.Minute {
			t.Errorf("it took %s", took)
		}
		panicked, ok := errors.AsType[*guard.PanicError](err)
		if !ok || panicked.Doing != "panicking" || !errors.Is(err, stuck) {
			t.Fatalf("got %v", err)
		}
		if want := "failed\n" + panicked.Error() + "\nstuck\n1m0s are over"; err.Error() != want {
			t.Errorf("got %v", err)
		}
	})
}
