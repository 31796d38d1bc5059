package witness

import (
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// accessLogs reads what the pods of a workload read, from the logs of their servers:
// WORKLOAD.POD.START.log, one for each start of a server. None of the names has a dot.
func accessLogs(folder, workload string) ([]read, error) {
	var reads []read
	err := eachLine(filepath.Join(folder, workload+".*.log"), func(path string, line []byte) error {
		r, traced, err := parseAccess(string(line))
		r.pod = strings.Split(filepath.Base(path), ".")[1]
		if traced {
			reads = append(reads, r)
		}
		return err
	})
	return reads, err
}

// parseAccess takes a line of a server's log: the time in seconds since 1970, the
// client's port, and the traceparent, or "-" for a request that bore none.
func parseAccess(line string) (r read, traced bool, err error) {
	fields := strings.Fields(line)
	if len(fields) != 3 {
		return read{}, false, fmt.Errorf("%q is no line of an access log; want TIME PORT TRACEPARENT", line)
	}
	seconds, err := strconv.ParseFloat(fields[0], 64)
	if err != nil {
		return read{}, false, err
	}
	port, err := strconv.ParseUint(fields[1], 10, 16)
	if err != nil || fields[2] == "-" {
		return read{}, false, err
	}
	r.at, r.port = time.UnixMicro(int64(seconds*1e6)), uint16(port)
	r.id, err = parseParent(fields[2])
	return r, err == nil, err
}

// parseParent gives the trace id of a traceparent (W3C Trace Context, level 1).
func parseParent(text string) (id recording.TraceID, err error) {
	parts := strings.Split(text, "-")
	if len(parts) != 4 || hex.DecodedLen(len(parts[1])) != len(id) {
		return id, fmt.Errorf("%q is no traceparent", text)
	}
	_, err = hex.Decode(id[:], []byte(parts[1]))
	return id, err
}
