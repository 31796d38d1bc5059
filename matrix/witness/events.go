package witness

import (
	"encoding/json"
	"net"
	"path/filepath"
	"strconv"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/victim"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// Events reads the logs that the pods of the sample service left in a folder.
func Events(folder string) ([]victim.Event, error) {
	var events []victim.Event
	err := eachLine(filepath.Join(folder, "*.jsonl"), func(_ string, line []byte) error {
		var e victim.Event
		err := json.Unmarshal(line, &e)
		events = append(events, e)
		return err
	})
	return events, err
}

// readEvents gives the requests of one run, from its beginning to its end, that the
// pods of the sample service read. Those that carry neither a stream nor
// a trace are probes, and those of a
// window are no stream's.
func readEvents(events []victim.Event, base recording.TraceBase, from, to time.Time) []read {
	var reads []read
	for _, e := range events {
		if e.Event != victim.RequestStart || e.Request.Stream == "" && e.Request.Traceparent == "" || e.Time.Before(from) || e.Time.After(to) {
			continue
		}
		if _, probed := recording.WindowOf(e.Request.Stream); probed {
			continue
		}
		id, known := traceOf(e.Request, base)
		if !known {
			continue
		}
		reads = append(reads, read{at: e.Request.Started, pod: e.Pod, port: portOf(e.Request.Remote), id: id})
	}
	return reads
}

// traceOf gives the trace id that a request bore, or that its stream gave it.
func traceOf(r *victim.Request, base recording.TraceBase) (id recording.TraceID, known bool) {
	if r.Traceparent != "" {
		id, err := parseParent(r.Traceparent)
		return id, err == nil
	}
	seq, err := strconv.ParseUint(r.Seq, 10, 64)
	if err != nil {
		return id, false
	}
	return base.Traces(r.Stream).ID(seq), true
}

// portOf gives the port of an address; 0 where it has none.
func portOf(address string) uint16 {
	_, text, _ := net.SplitHostPort(address)
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return 0
	}
	return uint16(port)
}
