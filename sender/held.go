package sender

import (
	"fmt"
	"sync"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// mostHeld bounds the bytes of the segments that are not collected yet: a quarter of the
// memory that a sender's pod is given. 20,000 requests a second for as long as a sender
// goes on without its conductor (Silence) are 9 MB.
const mostHeld = 64 << 20

// held are the sealed segments, by number, until the conductor has kept them. They stay
// without a gap: after one that found no room nothing is taken any more.
type held struct {
	most int64 // bytes

	mu       sync.Mutex
	kept     int // the number of the last segment that is gone
	segments []recording.Segment
	bytes    int64
	full     bool
}

// add takes the next segment, or tells that there is no room for it.
func (h *held) add(s recording.Segment) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	size := int64(len(s.Data))
	if h.full || h.bytes+size > h.most {
		h.full = true
		return fmt.Errorf("the conductor has left %d MiB of samples uncollected, and there is no room for more: what followed is lost", h.bytes>>20)
	}
	h.segments, h.bytes = append(h.segments, s), h.bytes+size
	return nil
}

// keep forgets the segments up to a number; false where it was not sealed yet.
func (h *held) keep(number int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if number < 0 || number > h.kept+len(h.segments) {
		return false
	}
	for ; h.kept < number; h.kept++ {
		h.bytes -= int64(len(h.segments[0].Data))
		h.segments[0] = recording.Segment{} // so that its data can go
		h.segments = h.segments[1:]
	}
	return true
}

func (h *held) get(number int) (s recording.Segment, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := number - h.kept - 1
	if i < 0 || i >= len(h.segments) {
		return recording.Segment{}, false
	}
	return h.segments[i], true
}

// list gives the number of the last sealed segment, and those that are held.
func (h *held) list() (sealed int, all []Segment) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, s := range h.segments {
		all = append(all, Segment{Number: h.kept + 1 + i, Samples: s.Samples, Bytes: int64(len(s.Data)), CRC32C: s.CRC32C})
	}
	return h.kept + len(h.segments), all
}

func (h *held) sealed() int {
	sealed, _ := h.list()
	return sealed
}

func (h *held) empty() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.segments) == 0
}
