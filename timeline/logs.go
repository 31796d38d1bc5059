package timeline

import (
	"bufio"
	"context"
	"io"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/shutdowncheck/shutdowncheck/internal/guard"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

const (
	// maxLogLines is how many lines of one container are recorded.
	maxLogLines = 200
	// maxLogLine is how much of a line is recorded, in bytes; as much as fits
	// into maxLogMatch is matched.
	maxLogLine  = 1 << 10
	maxLogMatch = 16 << 10
)

// logs keeps the logs of the running containers open, so that a line is caught
// that is written when the pod is told to stop: once the pod is gone, so is its
// log.
type logs struct {
	cfg   Config
	group *errgroup.Group

	mu   sync.Mutex
	open map[logKey]*containerLog
}

type logKey struct{ uid, container string }

func newLogs(cfg Config, group *errgroup.Group) *logs {
	return &logs{cfg: cfg, group: group, open: map[logKey]*containerLog{}}
}

// pod opens the logs of the containers that have begun to run.
func (l *logs) pod(ctx context.Context, e recording.Event) {
	if e.Pod == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range e.Pod.Containers {
		c := &e.Pod.Containers[i]
		key := logKey{e.Pod.UID, c.Name}
		log := l.open[key]
		running := c.StartedAt != nil && e.Pod.Change != recording.Deleted
		if log == nil {
			if !running {
				continue
			}
			log = &containerLog{pod: e.Pod.Name, key: key}
			l.open[key] = log
		}
		log.running = running
		if running && !log.followed && log.lines < maxLogLines {
			log.followed = true
			l.group.Go(func() error {
				return guard.Call("following the log of "+log.pod, func() error { l.follow(ctx, log); return nil })
			})
		}
	}
}

// containerLog is what is known of one container's log.
type containerLog struct {
	pod string
	key logKey
	// running and followed are guarded by logs.mu, and so is lines while no
	// stream is followed.
	running, followed bool
	lines             int
	last              time.Time // of the last line seen
}

// follow reads the log, and opens it anew for as long as the container runs.
func (l *logs) follow(ctx context.Context, log *containerLog) {
	var again reopening
	for {
		opened := l.cfg.Now()
		err := l.stream(ctx, log)
		if apierrors.IsForbidden(err) {
			l.cfg.missing("pods/log")
			log.lines = maxLogLines
		}
		// A log that ends may be that of a container which has ended too; the pod
		// tells within the first pause.
		alive := pause(ctx, max(retryPause, again.pause(l.cfg.Now().Sub(opened), err)))
		l.mu.Lock()
		if !alive || !log.running || log.lines >= maxLogLines {
			log.followed = false
			l.mu.Unlock()
			return
		}
		l.mu.Unlock()
	}
}

func (l *logs) stream(ctx context.Context, log *containerLog) error {
	options := &corev1.PodLogOptions{Container: log.key.container, Follow: true, Timestamps: true}
	if log.last.IsZero() {
		options.SinceSeconds = new(int64(1))
	} else {
		options.SinceTime = new(metav1.NewTime(log.last)) // in whole seconds
	}
	body, err := l.cfg.Client.CoreV1().Pods(l.cfg.Namespace).GetLogs(log.pod, options).Stream(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	return l.read(log, body)
}

// read records the lines that match and were not seen before.
func (l *logs) read(log *containerLog, body io.Reader) error {
	r := bufio.NewReaderSize(body, maxLogMatch)
	continued := false
	for log.lines < maxLogLines {
		raw, partial, err := r.ReadLine()
		if err != nil {
			return err
		}
		rest := continued
		if continued = partial; rest {
			continue
		}
		at := l.cfg.Now()
		stamp, text, _ := strings.Cut(string(raw), " ")
		written, err := time.Parse(time.RFC3339Nano, stamp)
		if err != nil || !written.After(log.last) {
			continue
		}
		log.last = written
		if !l.cfg.ShutdownLog.MatchString(text) {
			continue
		}
		log.lines++
		if len(text) > maxLogLine {
			text = strings.ToValidUTF8(text[:maxLogLine], "")
		}
		l.cfg.Sink(recording.Event{At: at, Log: &recording.LogLine{
			Pod: log.pod, UID: log.key.uid, Container: log.key.container, Written: written.UTC(), Text: text,
		}})
	}
	return nil
}
