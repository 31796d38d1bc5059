package render

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// lateness is a time in which the load was late by some source: a stream, or the
// process that sends all of them.
type lateness struct {
	from, to time.Time
	source   string
	most     time.Duration
}

func streamLateness(s *report.Stream, late []report.Lateness) []lateness {
	var all []lateness
	for _, l := range late {
		all = append(all, lateness{l.From, l.To, "stream " + s.Name + ": requests went out late, by up to ", time.Duration(l.Most)})
	}
	return all
}

// allLateness is that of all streams, and the times in which the process that sends
// did not run.
func allLateness(r *report.Report) []lateness {
	var all []lateness
	for i := range r.Picture.Series {
		all = append(all, streamLateness(&r.Streams[i], r.Picture.Series[i].Late)...)
	}
	if r.Validity.Client != nil {
		for _, s := range r.Validity.Client.Stalls {
			all = append(all, lateness{s.From, s.To, "the process that sends stood still, for up to ", s.To.Sub(s.From)})
		}
	}
	return all
}

// late draws times that overlap or touch as one, with the most of each source.
func (d *drawing) late(all []lateness) []pictureLate {
	slices.SortStableFunc(all, func(a, b lateness) int { return a.from.Compare(b.from) })
	bands := []pictureLate{}
	for len(all) > 0 {
		together, to := 1, all[0].to
		for together < len(all) && !all[together].from.After(to) {
			if all[together].to.After(to) {
				to = all[together].to
			}
			together++
		}
		bands = append(bands, pictureLate{From: d.at(all[0].from), To: d.at(to), Words: clean(mostOfEach(all[:together]))})
		all = all[together:]
	}
	return bands
}

// lateLines tell in words what the picture has hatched, for those who cannot point at
// it.
func lateLines(r *report.Report, late []pictureLate) []string {
	clock := func(seconds float64) string {
		return r.Began.Add(time.Duration(seconds * float64(time.Second))).UTC().Format("15:04:05.000")
	}
	var lines []string
	for _, l := range late[:min(len(late), lateListed)] {
		lines = append(lines, fmt.Sprintf("Hatched in the picture, %s to %s: %s.", clock(l.From), clock(l.To), l.Words))
	}
	if n := len(late); n > lateListed {
		lines = append(lines, fmt.Sprintf("%d more such times are hatched.", n-lateListed))
	}
	return lines
}

// lateListed bounds lateLines.
const lateListed = 10

// mostOfEach tells what each source came to, in the order of their first times.
func mostOfEach(all []lateness) string {
	var sources []string
	most := map[string]time.Duration{}
	for _, l := range all {
		if _, known := most[l.source]; !known {
			sources = append(sources, l.source)
		}
		most[l.source] = max(most[l.source], l.most)
	}
	for i, source := range sources {
		sources[i] = source + short(report.Duration(most[source]))
	}
	return strings.Join(sources, "; ")
}
