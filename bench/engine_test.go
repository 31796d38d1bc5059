package bench

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// All that the engine sends is in the recording.
func TestLoad(t *testing.T) {
	load := Load{URL: startServer(t), Rate: 1000, Connections: 4, For: time.Minute, Samples: 50, Dir: filepath.Join(t.TempDir(), "r")}
	sent, err := load.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if sent.Requests < load.Samples || sent.Failed > 0 || sent.Peak == 0 {
		t.Errorf("%+v", sent)
	}
	late, err := recordedLateness(load.Dir)
	if err != nil || uint64(len(late)) != sent.Requests {
		t.Errorf("%d samples of %d, %v", len(late), sent.Requests, err)
	}
	r, err := recording.Open(load.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if r.Ending == nil || r.Ending.Streams[0].MaxInFlight != load.Connections {
		t.Errorf("more may be under way than there are connections: %+v", r.Ending)
	}
}

func TestLoadOfATime(t *testing.T) {
	load := Load{URL: startServer(t), Connections: 2, For: 50 * time.Millisecond, Dir: filepath.Join(t.TempDir(), "r")}
	if sent, err := load.Run(t.Context()); err != nil || sent.Requests == 0 {
		t.Errorf("%+v, %v", sent, err)
	}
}

// A bench that was interrupted measured nothing.
func TestLoadInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	load := Load{URL: startServer(t), Connections: 2, For: time.Minute, Dir: filepath.Join(t.TempDir(), "r")}
	if sent, err := load.Run(ctx); err == nil {
		t.Errorf("%+v", sent)
	}
}
