package main

import (
	"errors"
	"fmt"
	"net/url"

	"github.com/spf13/pflag"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// longFlags are the streams of --slow and --streaming, in the order of the command
// line. They come beside the other streams.
type longFlags []longFlag

// longFlag is one of them: what its long requests ask for, by a URL or by a path that
// is seen from --url.
type longFlag struct {
	kind check.StreamKind
	ref  *url.URL
}

func (f *longFlags) add(flags *pflag.FlagSet) {
	flags.Var(f.of(check.Slow), string(check.Slow), "add a stream of slow requests to `PATH_OR_URL`, of which each pod has to have some when its end begins (repeatable)")
	flags.Var(f.of(check.Streaming), string(check.Streaming), "add one whose answers are streamed from `PATH_OR_URL` and have to be on their way then (repeatable)")
}

func (f *longFlags) of(kind check.StreamKind) value {
	return value{"string", func(s string) error {
		ref, err := url.Parse(s)
		if s == "" || err != nil {
			return errors.New("want a path such as /report?size=large, or a URL")
		}
		*f = append(*f, longFlag{kind, ref})
		return nil
	}}
}

// beside gives the streams with those of the flags behind them. A path begins at
// the target's URL.
func (f *longFlags) beside(streams []check.Stream, target string) []check.Stream {
	if len(*f) > 0 && len(streams) == 0 {
		streams = check.DefaultStreams()
	}
	numbers := map[check.StreamKind]int{}
	for _, long := range *f {
		numbers[long.kind]++
		name := string(long.kind)
		if n := numbers[long.kind]; n > 1 {
			name += fmt.Sprintf("-%d", n)
		}
		streams = append(streams, check.Stream{Name: name, Kind: long.kind, URL: long.from(target)})
	}
	return streams
}

// from resolves the path. Of a target that is no URL itself there is nothing to
// add: it is complained of once.
func (f longFlag) from(target string) string {
	base, err := url.Parse(target)
	if !f.ref.IsAbs() && (err != nil || target == "") {
		return target
	}
	if err != nil {
		return f.ref.String()
	}
	return base.ResolveReference(f.ref).String()
}
