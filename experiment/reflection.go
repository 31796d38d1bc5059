package experiment

import (
	"context"
	"errors"
	"fmt"

	"github.com/shutdowncheck/shutdowncheck/attack"
	"github.com/shutdowncheck/shutdowncheck/chaos"
	"github.com/shutdowncheck/shutdowncheck/check"
)

// told is what servers told of their calls.
type told struct {
	// types are those of calls, by their streams' names.
	types map[string]*attack.Types
	// missing is why there are not all that are needed, as the workload or a server is out
	// of order; empty where there are. Nothing can be sent then, as nothing could be proven.
	missing string
}

// reflected asks the servers of those streams for their types whose check leaves that to
// them, before anything else is sent. names are as attack.Config has them. Of a workload
// that is not healthy nobody is asked: who answers then may be a proxy without a pod.
func reflected(ctx context.Context, cfg Config, workload *chaos.Workload, names map[string]string) (told, error) {
	all := told{types: map[string]*attack.Types{}}
	for i, spec := range cfg.Check.Streams {
		if !cfg.Check.WantsReflection(spec) {
			continue
		}
		if _, err := workload.Healthy(ctx); err != nil {
			if unhealthy, ok := errors.AsType[*chaos.UnhealthyError](err); ok {
				all.missing = cfg.unhealthy(unhealthy)
				return all, nil
			}
			return told{}, err
		}
		types, err := attack.Reflect(ctx, attack.Config{Stream: spec, Target: cfg.Check.Target, Names: names, Domain: cfg.Domain, Now: cfg.Now})
		_, wrong := errors.AsType[*check.FieldError](err)
		switch {
		case ctx.Err() != nil:
			return told{}, ctx.Err()
		case wrong:
			return told{}, &CheckError{check.InStream(i, err)}
		case err != nil:
			all.missing = fmt.Sprintf("the types of stream %s are not known, so nothing was done: %v", spec.Name, err)
			return all, nil
		}
		all.types[spec.Name] = types
	}
	return all, nil
}

// unhealthy says why nothing can be proven of a workload that was broken before.
func (c Config) unhealthy(err error) string {
	return fmt.Sprintf("the workload was not healthy before anything was done to it: %v; %s", err, c.seeRollout())
}
