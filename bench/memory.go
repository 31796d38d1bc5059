package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const (
	// memoryProbe is for how long the engine sends to learn what it can.
	memoryProbe = 3 * time.Second
	// memoryLoad is the part of that which is then asked for, so that the schedule is
	// one that a run could have.
	memoryLoad = 0.9
	// memoryLimit is how long the larger recording may take.
	memoryLimit = 10 * time.Minute
)

// memory lets the engine send one and ten million requests.
func (b *bench) memory(ctx context.Context, r *Result) error {
	b.say("memory: what the engine can send")
	probe, _, err := b.engine(ctx, "probe", Load{For: memoryProbe})
	if err != nil {
		return err
	}
	load := Load{Rate: memoryLoad * probe.perSecond(), For: memoryLimit}
	r.Samples = &Samples{From: "the engine, sent to the bench's server", Rate: load.Rate}
	r.PeakRSSMB = map[string]float64{}
	for _, millions := range []uint64{1, 10} {
		size := fmt.Sprintf("%dM", millions)
		b.say("memory: %s samples at %.0f/s", size, load.Rate)
		load.Samples = millions * 1e6
		// Once, whatever others do: it takes minutes, and they do not change its memory.
		done, foreign, err := quietly(b, 1, func() (Sent, error) {
			_, done, err := b.engine(ctx, size, load)
			return done, err
		})
		if err != nil {
			return err
		}
		bytes, err := sizeOf(filepath.Join(b.Dir, size))
		if err != nil {
			return err
		}
		r.PeakRSSMB[size] = megabytes(done.Peak)
		r.BytesPerSample = float64(bytes) / float64(done.Requests)
		r.Samples.Foreign = foreign
	}
	return nil
}

func megabytes(n int64) float64 { return float64(n) / 1e6 }

// sizeOf gives the bytes of all files in a folder.
func sizeOf(dir string) (int64, error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return 0, fmt.Errorf("how large the recording is: %w", err)
	}
	var size int64
	for _, file := range files {
		info, err := file.Info()
		if err != nil {
			return 0, fmt.Errorf("how large the recording is: %w", err)
		}
		size += info.Size()
	}
	return size, nil
}
