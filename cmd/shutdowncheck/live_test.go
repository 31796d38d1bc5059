package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vbauerster/mpb/v8"

	"github.com/shutdowncheck/shutdowncheck/experiment"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

func TestLiveLines(t *testing.T) {
	before := experiment.Progress{Elapsed: 7 * time.Second, Streams: []experiment.StreamProgress{{Name: "new", Sent: 700}}}
	now := experiment.Progress{
		Elapsed: 9 * time.Second, Streams: []experiment.StreamProgress{{Name: "new", Sent: 899, Failed: 3}},
		Pods: []experiment.PodProgress{
			{Name: "web-a", State: experiment.PodTerminating, Left: 12 * time.Second},
			{Name: "web-b", State: experiment.PodTerminating, Left: -2 * time.Second},
			{Name: "web-c", State: experiment.PodReady},
		},
	}
	want := []string{
		"      new                     100/s       899 sent      3 failed",
		"      web-a                                    terminating, 12 s of its grace left",
		"      web-b                                    terminating, 2 s beyond its grace",
		"      web-c                                    ready",
	}
	if got := liveLines(before, now); !slices.Equal(got, want) {
		t.Errorf("\n got %q\nwant %q", got, want)
	}
	for i := range 20 {
		now.Pods = append(now.Pods, experiment.PodProgress{Name: fmt.Sprint(i), State: experiment.PodReady})
	}
	got := liveLines(before, now)
	if last := got[len(got)-1]; len(got) != 1+podsShown+1 || last != "      and 11 more pods" {
		t.Errorf("%d lines, the last is %q", len(got), last)
	}
}

// The block follows the pods that come and go, and its last state stays.
func TestLiveBlock(t *testing.T) {
	var screen bytes.Buffer
	l := newLive(&screen, mpb.ForceTTY(), mpb.WithAutoRefresh(), mpb.WithWidth(100), mpb.WithRefreshRate(time.Millisecond))
	now := experiment.Progress{
		Phase: recording.Baseline, Length: 10 * time.Second, InPhase: 5 * time.Second, Elapsed: 5 * time.Second,
		Streams: []experiment.StreamProgress{{Name: "new", Sent: 500}},
		Pods:    []experiment.PodProgress{{Name: "web-a", State: experiment.PodReady}, {Name: "web-b", State: experiment.PodReady}},
	}
	l.show(now)
	now.Phase, now.Disruption, now.Length, now.Elapsed = recording.Disrupt, "restart", 0, 11*time.Second
	now.Pods = []experiment.PodProgress{{Name: "web-b", State: experiment.PodTerminating, Left: 3 * time.Second}}
	l.show(now)
	l.end()
	text := screen.String()
	for _, word := range []string{"disrupt restart", "500 sent", "web-b", "3 s of its grace left"} {
		if !strings.Contains(text, word) {
			t.Errorf("%q is never shown in\n%q", word, text)
		}
	}
}
