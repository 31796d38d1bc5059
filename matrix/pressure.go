package matrix

import (
	"bytes"
	"fmt"
	"os"
	"time"
)

// Pressure is the share of the time in which something on this machine, which is all
// nodes at once, waited for a processor or for the disk ("some" in the kernel's
// Documentation/accounting/psi.rst). It is nil where the kernel does not tell.
type Pressure struct {
	CPU float64 `json:"cpu"`
	IO  float64 `json:"io"`
}

// stalled is for how long something has waited since the machine started.
type stalled struct {
	at      time.Time
	cpu, io time.Duration
	told    bool
}

func readStalled(now time.Time) stalled {
	cpu, cpuTold := stalledFor("/proc/pressure/cpu")
	io, ioTold := stalledFor("/proc/pressure/io")
	return stalled{now, cpu, io, cpuTold && ioTold}
}

func stalledFor(file string) (time.Duration, bool) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, false
	}
	return someTotal(text)
}

// someTotal reads a line like "some avg10=0.00 avg60=0.12 avg300=0.00 total=48113", which
// counts microseconds.
func someTotal(text []byte) (time.Duration, bool) {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	some, total, _ := bytes.Cut(line, []byte(" total="))
	var micros int64
	if _, err := fmt.Sscan(string(total), &micros); err != nil || !bytes.HasPrefix(some, []byte("some ")) {
		return 0, false
	}
	return time.Duration(micros) * time.Microsecond, true
}

// since is what it came to between two looks.
func (s stalled) since(before stalled) *Pressure {
	passed := s.at.Sub(before.at)
	if !s.told || !before.told || passed <= 0 {
		return nil
	}
	return &Pressure{
		CPU: float64(s.cpu-before.cpu) / float64(passed),
		IO:  float64(s.io-before.io) / float64(passed),
	}
}
