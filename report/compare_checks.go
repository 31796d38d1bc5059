package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// differences names the fields that keep two checks from finding the same: those
// of the traffic, of the times and of what is done. Where the traffic goes may
// differ: the two may run in different places.
func differences(base, next check.Check) []string {
	base, next = filled(base), filled(next)
	all := streamDifferences(base.Streams, next.Streams)
	for i := range max(len(base.Disruptions), len(next.Disruptions)) {
		switch one := fmt.Sprintf("disruption %d", i+1); {
		case i >= len(next.Disruptions):
			all = append(all, "only the base has "+one)
		case i >= len(base.Disruptions):
			all = append(all, "only the new check has "+one)
		default:
			all = append(all, different(one, disruption(base.Disruptions[i]), disruption(next.Disruptions[i]))...)
		}
	}
	all = append(all, different("soak", base.Soak, next.Soak)...)
	all = append(all, different("timing", base.Timing, next.Timing)...)
	return append(all, different("target", target(base.Target), target(next.Target))...)
}

// filled has the defaults of fields that an older tool did not know.
func filled(c check.Check) check.Check {
	if c.Streams == nil {
		c.Streams = []check.Stream{}
	}
	if c.Disruptions == nil {
		c.Disruptions = []check.Disruption{}
	}
	return c.WithDefaults()
}

func streamDifferences(base, next []check.Stream) []string {
	var all []string
	before, after := streamsByName(base), streamsByName(next)
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if other, ok := after[name]; ok {
			all = append(all, different("stream "+name, before[name], other)...)
		} else {
			all = append(all, fmt.Sprintf("only the base has the stream %s (%s)", name, load(before[name])))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if _, ok := before[name]; !ok {
			all = append(all, fmt.Sprintf("only the new check has the stream %s (%s)", name, load(after[name])))
		}
	}
	return all
}

// streamsByName gives the streams without what may differ from place to place: of the
// URL all but what is asked for there, and the folders of files.
func streamsByName(streams []check.Stream) map[string]check.Stream {
	byName := map[string]check.Stream{}
	for _, s := range streams {
		s.URL = asked(s.URL)
		s.Budget = nil // it changes what is made of the same findings
		if s.Targets != nil {
			s.Targets = &check.Targets{File: filepath.Base(s.Targets.File), Format: s.Targets.Format}
		}
		if s.Body != nil && s.Body.File != "" {
			s.Body = &check.Body{File: filepath.Base(s.Body.File), Chunked: s.Body.Chunked}
		}
		byName[s.Name] = s
	}
	return byName
}

// asked is what a URL asks its host for: path and query.
func asked(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.RequestURI()
}

func load(s check.Stream) string {
	line := fmt.Sprintf("%g/s on %s connections", s.Rate, s.Connections)
	if s.Pool > 0 {
		line += fmt.Sprintf(", %d of them", s.Pool)
	}
	return line
}

// disruption is one without what a rollout or a command brings: often that is what
// is compared.
func disruption(d check.Disruption) check.Disruption {
	if d.Image != nil {
		d.Image = &check.Image{}
	}
	if d.Command != nil {
		d.Command = []check.Value{check.NewValue("")}
	}
	return d
}

// target is what of it bears on what is found.
func target(t check.Target) check.Target {
	return check.Target{Headers: t.Headers, PodHeader: t.PodHeader, Proxy: t.Proxy}
}

// different names the fields in which two values of one type differ, as they may
// be shown: of two that are hidden nothing is claimed.
func different(what string, base, next any) []string {
	before, after := fields(base), fields(next)
	names := maps.Clone(before)
	maps.Copy(names, after)
	var all []string
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if before[name] != after[name] {
			all = append(all, fmt.Sprintf("%s: %s is %s, %s in the base", what, name, cmp.Or(after[name], "not set"), cmp.Or(before[name], "not set")))
		}
	}
	return all
}

// fields shows the fields that are set in a value's JSON, by their paths.
func fields(value any) map[string]string {
	shown := map[string]string{}
	// A check was read from text that had the same form.
	text, _ := json.Marshal(value)
	addFields(shown, "", text)
	return shown
}

func addFields(shown map[string]string, path string, text json.RawMessage) {
	var object map[string]json.RawMessage
	if json.Unmarshal(text, &object) != nil || object == nil {
		if plain := strings.Trim(string(text), `"`); plain != "null" {
			shown[path] = plain
		}
		return
	}
	if len(object) == 0 && path != "" {
		shown[path] = "set"
	}
	for name, field := range object {
		addFields(shown, strings.TrimPrefix(path+"."+name, "."), field)
	}
}
