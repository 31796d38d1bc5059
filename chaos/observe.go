package chaos

import (
	"context"
	"fmt"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// observe does nothing and sees what others do.
type observe struct{ *check.Observe }

func (observe) validate(context.Context, *Workload, state) (field, problem string, err error) {
	return "", "", nil
}

func (o observe) describe(w *Workload, _ *state) string {
	return fmt.Sprintf("watch %s for %s: ends nothing by itself", w, o.For)
}

func (observe) permissions(check.Workload) []Permission { return nil }

// do waits, and then until what others began is over.
func (o observe) do(ctx context.Context, a *attempt, _ state) error {
	seen := census{}
	during, cancel := context.WithTimeout(ctx, time.Duration(o.For))
	defer cancel()
	err := a.view.wait(during, func() (string, error) {
		a.doomed = seen.gone(a.view)
		_, err := a.view.state()
		return "it was to be watched for " + o.For.String(), err
	})
	if during.Err() == nil || ctx.Err() != nil {
		return err
	}
	return a.view.wait(ctx, func() (string, error) {
		a.doomed = seen.gone(a.view)
		missing, err := a.view.unsteady(0)
		return joinReasons(missing), err
	})
}
