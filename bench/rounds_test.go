package bench

import (
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// Over each two rounds every client is as often early as late.
func TestTurn(t *testing.T) {
	clients := []string{"a", "b", "c"}
	var order []string
	for i := range 4 {
		order = append(order, turn(clients, i)...)
	}
	if got := strings.Join(order, ""); got != "abccbaabccba" {
		t.Error(got)
	}
	if !slices.Equal(clients, []string{"a", "b", "c"}) {
		t.Errorf("the clients themselves were turned: %v", clients)
	}
}

// noisyBench is a bench on a machine whose others use so much of the processors, one
// after the other.
func noisyBench(repeats int, foreign ...float64) *bench {
	var now moment
	inside := false
	return &bench{
		Config:  Config{Progress: io.Discard},
		repeats: repeats,
		look: func() (moment, error) {
			now.at = now.at.Add(time.Second)
			if inside {
				now.busy += time.Duration(foreign[0] * float64(runtime.NumCPU()) * float64(time.Second))
				foreign = foreign[1:]
			}
			inside = !inside
			return now, nil
		},
	}
}

func TestQuietly(t *testing.T) {
	for name, tt := range map[string]struct {
		repeats  int
		foreign  []float64
		taken    int // counts attempts from 1
		left     int
		noisy    bool
		measured int
	}{
		"quiet":                 {6, []float64{0.05}, 1, 6, false, 1},
		"quiet in the end":      {6, []float64{0.3, 0.2, 0.01}, 3, 4, false, 3},
		"never quiet":           {6, []float64{0.3, 0.15, 0.2}, 2, 4, true, 3},
		"nothing to repeat":     {0, []float64{0.3}, 1, 0, true, 1},
		"one thing to repeat":   {1, []float64{0.3, 0.4}, 1, 0, true, 2},
		"as much as is allowed": {6, []float64{noise - 1e-6}, 1, 6, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			b := noisyBench(tt.repeats, tt.foreign...)
			measured := 0
			taken, foreign, err := quietly(b, 3, func() (int, error) { measured++; return measured, nil })
			if err != nil {
				t.Fatal(err)
			}
			if taken != tt.taken || measured != tt.measured || b.repeats != tt.left || b.noisy != tt.noisy {
				t.Errorf("took attempt %d of %d, %d repeats left, noisy: %v; want %+v", taken, measured, b.repeats, b.noisy, tt)
			}
			if want := tt.foreign[tt.taken-1]; foreign < want-1e-6 || foreign > want+1e-6 {
				t.Errorf("foreign %v, want %v", foreign, want)
			}
		})
	}
}

func TestQuietlyFails(t *testing.T) {
	failed := errors.New("failed")
	if _, _, err := quietly(noisyBench(6, 0), 3, func() (int, error) { return 0, failed }); !errors.Is(err, failed) {
		t.Errorf("%v", err)
	}
}
