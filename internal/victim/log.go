package victim

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// eventLog writes each event with one write per copy and buffers nothing, so
// that no line is lost when the process is gone the next instant.
type eventLog struct {
	pod  string
	file *os.File // nil without VICTIM_LOG_DIR

	mu     sync.Mutex // orders the lines; guards closed
	out    io.Writer
	closed bool
}

func openLog(cfg Config, stdout io.Writer) (*eventLog, error) {
	l := &eventLog{pod: cfg.PodName, out: stdout}
	if l.pod == "" {
		host, err := os.Hostname()
		if err != nil {
			return nil, err
		}
		l.pod = host
	}
	if cfg.LogDir == "" {
		return l, nil
	}
	if err := os.MkdirAll(cfg.LogDir, 0o755); err != nil {
		return nil, err
	}
	// A restarted container has the same name: it adds to what the first one said.
	f, err := os.OpenFile(filepath.Join(cfg.LogDir, l.pod+".jsonl"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	l.file = f
	return l, nil
}

// write stamps e unless it has a time already. Where a copy cannot be written
// the service goes on: its behaviour must not depend on who listens.
func (l *eventLog) write(e Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	e.Time = e.Time.UTC()
	e.Pod = l.pod
	line, err := json.Marshal(e)
	if err != nil {
		panic(err) // Event holds nothing that JSON cannot
	}
	line = append(line, '\n')
	if l.file != nil {
		_, _ = l.file.Write(line)
	}
	_, _ = l.out.Write(line)
}

// close makes the last line the last one: a process that has left says no more.
func (l *eventLog) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.file != nil {
		_ = l.file.Close()
	}
}
