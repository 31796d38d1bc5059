package recording

import (
	"encoding/json"
	"math/bits"
	"regexp"
	"strings"
	"testing"
)

// https://www.w3.org/TR/trace-context-1/#traceparent-header-field-values
var traceparent = regexp.MustCompile(`^00-[0-9a-f]{32}-[0-9a-f]{16}-01$`)

func TestTraces(t *testing.T) {
	base := TraceBase{1, 2, 3}
	seen := map[string]bool{}
	for _, b := range []TraceBase{base, {4}} {
		for _, stream := range []string{"a", "b"} {
			ids := b.Traces(stream)
			for seq := range uint64(2000) {
				parent, id := string(ids.AppendParent([]byte("x"), seq))[1:], ids.ID(seq).String()
				parts := strings.Split(parent, "-")
				if !traceparent.MatchString(parent) || parts[1] != id || strings.Trim(parts[1], "0") == "" || strings.Trim(parts[2], "0") == "" {
					t.Fatalf("%s of %s", parent, id)
				}
				if seen[parts[1]] || seen[parts[2]] {
					t.Fatalf("%s has come before", parent)
				}
				seen[parts[1]], seen[parts[2]] = true, true
			}
		}
	}
	if got, want := base.Traces("a").ID(7), (TraceBase{1, 2, 3}).Traces("a").ID(7); got != want {
		t.Errorf("%s, and then %s", got, want)
	}
}

// Tracers keep a trace by what its id ends in: each bit is as often 0 as 1.
func TestTracesLookRandom(t *testing.T) {
	const n = 10_000
	ids := TraceBase{1}.Traces("a")
	ones := 0
	for seq := range uint64(n) {
		id := ids.ID(seq)
		for _, b := range id[8:] {
			ones += bits.OnesCount8(b)
		}
	}
	if part := float64(ones) / (64 * n); part < 0.49 || part > 0.51 {
		t.Errorf("%.3f of the bits are 1", part)
	}
}

func TestTraceBaseSurvives(t *testing.T) {
	text, err := json.Marshal(Header{Check: someCheck, TraceBase: TraceBase{0xab, 15: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), `"traceBase":"ab000000000000000000000000000001"`) {
		t.Errorf("%s", text)
	}
	var h Header
	if err := json.Unmarshal(text, &h); err != nil || h.TraceBase != (TraceBase{0xab, 15: 1}) {
		t.Errorf("%v, %v", h.TraceBase, err)
	}
	if text, err := json.Marshal(Header{}); err != nil || strings.Contains(string(text), "traceBase") {
		t.Errorf("%s, %v", text, err)
	}
	for _, wrong := range []string{`"ab"`, `"zz000000000000000000000000000001"`, `7`} {
		if err := json.Unmarshal([]byte(`{"traceBase":`+wrong+`}`), &h); err == nil {
			t.Errorf("%s is taken", wrong)
		}
	}
}

func BenchmarkTraceparent(b *testing.B) {
	ids, buffer := TraceBase{1}.Traces("a"), make([]byte, 0, 64)
	b.ReportAllocs()
	for seq := uint64(0); b.Loop(); seq++ {
		buffer = ids.AppendParent(buffer[:0], seq)
	}
}
