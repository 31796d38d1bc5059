package experiment

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Whatever a run ends with, nothing of its recording stays open.
func TestTheRecordingIsClosed(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		prepare func(*scene, *Config, context.CancelFunc)
		says    string
	}{
		"a pattern that is none": {
			func(_ *scene, cfg *Config, _ context.CancelFunc) { cfg.Check.Target.ShutdownLog = "(" },
			"target.shutdownLog: ",
		},
		"a header that cannot be written": {
			func(_ *scene, cfg *Config, _ context.CancelFunc) { cfg.Check.Streams[0].Rate = math.NaN() }, "encode run.json",
		},
		"a stream that cannot be": {
			func(_ *scene, cfg *Config, _ context.CancelFunc) { cfg.Check.Streams[0].URL = "ftp://web/" }, "streams[0]",
		},
		"interrupted": {
			func(_ *scene, cfg *Config, interrupt context.CancelFunc) {
				cfg.Doing = func(d Doing) {
					if d.What == "in the phase baseline" {
						interrupt()
					}
				}
			},
			"interrupted",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, nil)
			before := s.Deployment()
			cfg := s.config(scaleToOne)
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			tt.prepare(s, &cfg, interrupt)
			if err := Run(ctx, cfg); err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("the run ended with %v", err)
			}
			s.isAsBefore(t, before)
			fds, err := os.ReadDir("/proc/self/fd")
			if err != nil {
				t.Fatal(err)
			}
			for _, fd := range fds {
				if path, err := os.Readlink(filepath.Join("/proc/self/fd", fd.Name())); err == nil && strings.HasPrefix(path, s.dir) {
					t.Errorf("%s is still open", path)
				}
			}
		})
	}
}
