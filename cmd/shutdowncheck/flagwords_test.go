package main

import (
	"testing"

	"github.com/spf13/pflag"
)

func TestTheWordsOfFlagsAndOfFiles(t *testing.T) {
	for problem, want := range map[string]struct{ flags, file string }{
		"want less":                                                  {"want less", "want less"},
		"20s, while target.via plays alb":                            {"20s, while --via plays alb", "20s, while target.via plays alb"},
		"at least soak.every, which is 1m":                           {"at least --soak-every, which is 1m", "at least soak.every, which is 1m"},
		"1m (soak.every) at the least":                               {"1m (--soak-every) at the least", "1m (soak.every) at the least"},
		"fewer (maxConnections, --max-connections), a rate (--rate)": {"fewer (--max-connections), a rate (--rate)", "fewer (maxConnections), a rate"},
		"is what target.trace (--trace) gives":                       {"is what --trace gives", "is what target.trace gives"},
		`"target.via" is no balancer`:                                {`"target.via" is no balancer`, `"target.via" is no balancer`},
		`"a \"target.via\" b" is none`:                               {`"a \"target.via\" b" is none`, `"a \"target.via\" b" is none`},
		"open front.shop.svc: no such host":                          {"open front.shop.svc: no such host", "open front.shop.svc: no such host"},
		"open body.file: no such file or directory":                  {"open body.file: no such file or directory", "open body.file: no such file or directory"},
		"expectStatus has no other":                                  {"expectStatus has no other", "expectStatus has no other"},
		"(protoc --include_imports)":                                 {"(protoc --include_imports)", "(protoc --include_imports)"},
	} {
		if got := forFlags(problem); got != want.flags {
			t.Errorf("flags: got %s\nwant %s", got, want.flags)
		}
		if got := forFile(problem); got != want.file {
			t.Errorf("file: got %s\nwant %s", got, want.file)
		}
	}
}

// A problem of a field is told by the flag that it came from, and every such flag exists.
func TestFieldsLeadToFlags(t *testing.T) {
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	new(checkFlags).add(flags)
	told := map[string]bool{}
	for field, name := range flagOfField {
		told[name] = true
		if name != "" && flags.Lookup(name) == nil {
			t.Errorf("%s leads to --%s, which there is not", field, name)
		}
	}
	for _, elsewhere := range []string{
		"stream", "slow", "streaming", // flagName names them, by the stream
		"control", "insecure-skip-verify", // no value of theirs is wrong
	} {
		told[elsewhere] = true
	}
	flags.VisitAll(func(flag *pflag.Flag) {
		if !told[flag.Name] && flag.Name != fileFlag {
			t.Errorf("no field leads to --%s", flag.Name)
		}
	})
}
