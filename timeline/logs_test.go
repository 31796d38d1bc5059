package timeline

import (
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

func TestReadLog(t *testing.T) {
	var got []*recording.LogLine
	cfg := Config{
		Now: time.Now, ShutdownLog: regexp.MustCompile("sigterm"),
		Sink: func(e recording.Event) { got = append(got, e.Log) },
	}
	l := newLogs(cfg, nil)
	log := &containerLog{pod: "web-1", key: logKey{"uid-1", "app"}}
	text := "2026-03-01T12:00:00.5Z serving\n" +
		"2026-03-01T12:00:01.000000001Z sigterm " + strings.Repeat("x", 3*maxLogMatch) + " sigterm\n" +
		"no time sigterm\n" +
		"2026-03-01T12:00:02Z sigterm again\n"
	// The second time is a stream that was opened anew and tells it all again.
	for range 2 {
		if err := l.read(log, strings.NewReader(text)); !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
	}
	if len(got) != 2 {
		t.Fatalf("got %d lines, want 2", len(got))
	}
	if want := time.Date(2026, 3, 1, 12, 0, 1, 1, time.UTC); !got[0].Written.Equal(want) || len(got[0].Text) != maxLogLine {
		t.Errorf("got %v and %d bytes", got[0].Written, len(got[0].Text))
	}
	if got[1].Text != "sigterm again" || got[1].Pod != "web-1" || got[1].UID != "uid-1" || got[1].Container != "app" {
		t.Errorf("got %+v", got[1])
	}

	log = &containerLog{}
	line := func(n int) string {
		return time.Unix(int64(n), 0).UTC().Format(time.RFC3339Nano) + " sigterm\n"
	}
	var many strings.Builder
	for n := range 3 * maxLogLines {
		many.WriteString(line(n + 1))
	}
	got = nil
	if err := l.read(log, strings.NewReader(many.String())); err != nil || len(got) != maxLogLines {
		t.Errorf("got %d lines and %v, want %d", len(got), err, maxLogLines)
	}
}
