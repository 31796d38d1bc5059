package sender

import (
	"errors"
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

func TestHeldSegments(t *testing.T) {
	h := held{most: 10}
	add := func(n int) error { return h.add(recording.Segment{Samples: n, Data: make([]byte, n)}) }
	if err := errors.Join(add(4), add(4)); err != nil {
		t.Fatal(err)
	}
	if s, ok := h.get(2); !ok || s.Samples != 4 {
		t.Errorf("%+v", s)
	}
	for _, number := range []int{1, 1, 0, 3, -1} {
		if sealed := number == 0 || number == 1; h.keep(number) != sealed {
			t.Errorf("kept up to %d: %v", number, !sealed)
		}
	}
	if _, ok := h.get(1); ok {
		t.Error("a segment that was kept is held")
	}
	if sealed, all := h.list(); sealed != 2 || len(all) != 1 || all[0].Number != 2 || all[0].Bytes != 4 {
		t.Errorf("%d, %+v", sealed, all)
	}
	if add(6) != nil {
		t.Error("the room of what was kept is not free")
	}
	if err := add(1); err == nil || !strings.Contains(err.Error(), "uncollected") {
		t.Error(err)
	}
	if !h.keep(3) || !h.empty() {
		t.Error("all was kept")
	}
	// The numbers would not tell of the gap.
	if add(1) == nil {
		t.Error("a segment was taken after one that was lost")
	}
}
