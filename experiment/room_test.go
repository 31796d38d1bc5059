package experiment

import (
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
)

func TestRoom(t *testing.T) {
	stream := func(rate float64) check.Stream {
		return check.Stream{Name: "s", URL: "http://web/", Rate: rate, Connections: check.New, Protocol: check.HTTP1, Timeout: check.Duration(10 * time.Second)}
	}
	once := check.Check{
		Streams:     []check.Stream{stream(100), stream(100)},
		Disruptions: []check.Disruption{{Restart: &check.Restart{}}},
		Timing:      check.Timing{Baseline: check.Duration(10 * time.Second), Settle: check.Duration(10 * time.Second), Timeout: check.Duration(5 * time.Minute)},
	}
	soak := once
	soak.Streams = []check.Stream{stream(1000), stream(1000)}
	soak.Soak = &check.Soak{Every: check.Duration(10 * time.Minute), For: check.Duration(8 * time.Hour)}
	const mib, gib = 1 << 20, 1 << 30
	tests := []struct {
		name    string
		check   check.Check
		room    Room
		refused string
		notes   []string
	}{
		{"nothing is known", soak, Room{}, "", nil},
		{"a run of the usual size in the Job as it is", once, Room{Disk: gib, Memory: 256 * mib}, "", nil},
		{"a soak where there is room", soak, Room{Disk: 4 * gib, Memory: 2 * gib}, "", nil},
		{
			"a soak that cannot fit", soak,
			Room{Disk: 512 * mib},
			"the recording takes at least 824 MiB (8h0m0s of all streams), and 512 MiB are free where it goes; want lower rates, a shorter run, or another --out", nil,
		},
		{"a soak that may not fit", soak, Room{Disk: gib}, "", []string{"the recording may take up to"}},
		{"too little memory for the program", once, Room{Memory: 32 * mib}, "the run takes at least 64 MiB of memory, and the container may have 32 MiB", nil},
		{"a silent service could take more", soak, Room{Memory: 256 * mib}, "", []string{"a service that falls silent"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			notes, err := tt.room.fits(tt.check, 3)
			if (err != nil) != (tt.refused != "") || err != nil && !strings.Contains(err.Error(), tt.refused) {
				t.Errorf("got error %v, want %q", err, tt.refused)
			}
			if len(notes) != len(tt.notes) {
				t.Fatalf("notes %q, want %q", notes, tt.notes)
			}
			for i, want := range tt.notes {
				if !strings.HasPrefix(notes[i], want) {
					t.Errorf("note %q, want %q", notes[i], want)
				}
			}
		})
	}
}
