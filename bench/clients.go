package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

// client is a program that sends as fast as it can.
type client struct {
	name string
	send func(ctx context.Context, length time.Duration) (sent, error)
}

// sent is what a client came to. Its time is all of its process's, so that what it
// writes at its end counts too.
type sent struct {
	requests int
	used     usage
}

func (s sent) perSecond() float64 { return float64(s.requests) / s.used.wall.Seconds() }

func (s sent) cpuMicros() float64 {
	return float64(s.used.cpu) / float64(time.Microsecond) / float64(s.requests)
}

// overdue is how much longer than it was told a client may take.
const overdue = time.Minute

// engine runs the engine in a process of its own. The recording is left in a folder
// of that name, which takes the place of an earlier one.
func (b *bench) engine(ctx context.Context, name string, load Load) (sent, Sent, error) {
	load.URL, load.Connections, load.Dir = b.url, connections, filepath.Join(b.Dir, name)
	if err := os.RemoveAll(load.Dir); err != nil {
		return sent{}, Sent{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, load.For+overdue)
	defer cancel()
	told, err := json.Marshal(load)
	if err != nil {
		return sent{}, Sent{}, err
	}
	used, err := measure(ctx, succeeded, b.Self, "send", string(told))
	if err != nil {
		return sent{}, Sent{}, err
	}
	var s Sent
	if err := json.Unmarshal(used.out, &s); err != nil {
		return sent{}, s, fmt.Errorf("read what the engine sent: %w", err)
	}
	switch {
	case s.Failed > 0:
		err = fmt.Errorf("%d of %d requests failed", s.Failed, s.Requests)
	case s.Requests < max(1, load.Samples):
		err = fmt.Errorf("the engine came to %d requests in %v; %d were wanted", s.Requests, used.wall, load.Samples)
	}
	return sent{int(s.Requests), used}, s, err
}

func (b *bench) engineAtFull(ctx context.Context, length time.Duration) (sent, error) {
	s, _, err := b.engine(ctx, "full", Load{For: length})
	return s, err
}

// attack runs the vegeta command and gives the file of its results. A rate of 0 is as
// many as go.
func (b *bench) attack(ctx context.Context, rate int, length time.Duration) (usage, string, error) {
	targets, results := filepath.Join(b.Dir, "targets"), filepath.Join(b.Dir, "results.gob")
	if err := os.WriteFile(targets, []byte("GET "+b.url+"\n"), 0o600); err != nil {
		return usage{}, "", err
	}
	ctx, cancel := context.WithTimeout(ctx, length+overdue)
	defer cancel()
	n := strconv.Itoa(connections)
	used, err := measure(ctx, succeeded, b.Vegeta, "attack", "-duration", length.String(), "-rate", strconv.Itoa(rate),
		"-workers", n, "-max-workers", n, "-connections", n, "-max-connections", n, "-targets", targets, "-output", results)
	return used, results, err
}

func (b *bench) vegetaAtFull(ctx context.Context, length time.Duration) (sent, error) {
	used, results, err := b.attack(ctx, 0, length)
	if err != nil {
		return sent{}, err
	}
	s := sent{used: used}
	for _, err := range readResults(results) {
		if err != nil {
			return s, err
		}
		s.requests++
	}
	if s.requests == 0 {
		return s, fmt.Errorf("%s holds no result", results)
	}
	return s, nil
}

// wrkAtFull gives wrk with so many threads.
func (b *bench) wrkAtFull(threads int) client {
	return client{wrk, func(ctx context.Context, length time.Duration) (sent, error) {
		ctx, cancel := context.WithTimeout(ctx, length+overdue)
		defer cancel()
		used, err := measure(ctx, succeeded, wrk, "-t", strconv.Itoa(threads), "-c", strconv.Itoa(connections),
			"-d", strconv.Itoa(int(length.Seconds()))+"s", b.url)
		if err != nil {
			return sent{}, err
		}
		requests, err := parseWrk(string(used.out))
		return sent{requests, used}, err
	}}
}

var (
	wrkTotal  = regexp.MustCompile(`(?m)^\s*([1-9]\d*) requests in `)
	wrkErrors = regexp.MustCompile(`(?m)^\s*(?:Socket errors|Non-2xx or 3xx responses): .*$`)
)

// parseWrk reads how many requests wrk sent, all of which were answered.
func parseWrk(text string) (int, error) {
	if problem := wrkErrors.FindString(text); problem != "" {
		return 0, fmt.Errorf("wrk: %s", problem)
	}
	total := wrkTotal.FindStringSubmatch(text)
	if total == nil {
		return 0, fmt.Errorf("wrk printed no total:\n%s", text)
	}
	return strconv.Atoi(total[1])
}
