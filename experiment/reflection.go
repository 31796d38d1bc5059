package experiment

import (
	"context"
	"errors"

	"github.com/shutdowncheck/shutdowncheck/attack"
	"github.com/shutdowncheck/shutdowncheck/check"
)

// reflected asks the servers of those streams for their types whose check leaves that to
// them, before anything else is sent, and gives the types by the streams' names. names are
// as attack.Config has them.
func reflected(ctx context.Context, cfg Config, names map[string]string) (map[string]*attack.Types, error) {
	types := map[string]*attack.Types{}
	for i, spec := range cfg.Check.Streams {
		if !cfg.Check.WantsReflection(spec) {
			continue
		}
		told, err := attack.Reflect(ctx, attack.Config{Stream: spec, Target: cfg.Check.Target, Names: names, Domain: cfg.Domain, Now: cfg.Now})
		if err != nil {
			err = check.InStream(i, err)
			if _, ok := errors.AsType[*check.FieldError](err); ok {
				err = &CheckError{err}
			}
			return nil, err
		}
		types[spec.Name] = told
	}
	return types, nil
}
