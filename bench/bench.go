package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// The parts of a bench.
const (
	Throughput = "throughput"
	Schedule   = "schedule"
	Memory     = "memory"
)

// Parts are all there are.
var Parts = []string{Throughput, Schedule, Memory}

// Rates are those of the schedule's part, in requests per second.
var Rates = []int{100, 1000, 5000, 10000}

// The clients.
const (
	shutdowncheck = "shutdowncheck"
	vegetaCommand = "vegeta"
	wrk           = "wrk"
)

// connections are what each client has open.
const connections = 16

// noise is the part of the processors that others may use.
const noise = 0.1

// Config says what is measured with.
type Config struct {
	// Self is this program, Vegeta the vegeta command, Tool shutdowncheck.
	Self, Vegeta, Tool string
	// Dir is for what is written meanwhile.
	Dir    string
	Parts  []string
	Rounds int
	For    time.Duration
	// Date is for the result.
	Date time.Time
	// Progress is told what is being done.
	Progress io.Writer
}

// Run measures everything, one thing after the other.
func Run(ctx context.Context, cfg Config) (r *Result, err error) {
	b := &bench{Config: cfg}
	stop, err := b.serve(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	r = &Result{Date: cfg.Date.UTC().Format(time.RFC3339), Go: runtime.Version(), Processors: runtime.NumCPU()}
	parts := map[string]bool{}
	for _, part := range cfg.Parts {
		parts[part] = true
		measure, ok := map[string]func(context.Context, *Result) error{
			Throughput: b.throughput, Schedule: b.schedule, Memory: b.memory,
		}[part]
		if !ok {
			return nil, fmt.Errorf("unknown part %q; want some of %s", part, strings.Join(Parts, ", "))
		}
		if err := measure(ctx, r); err != nil {
			return nil, fmt.Errorf("%s: %w", part, err)
		}
	}
	r.judge(parts)
	return r, nil
}

type bench struct {
	Config
	url string
	// server is the server's process.
	server int
}

// serve starts the server; stop ends it.
func (b *bench) serve(ctx context.Context) (stop func() error, err error) {
	cmd := exec.CommandContext(ctx, b.Self, "serve")
	cmd.Stderr = b.Progress
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the server: %w", err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	b.url, b.server = strings.TrimSpace(line), cmd.Process.Pid
	stop = func() error { return errors.Join(in.Close(), cmd.Wait()) }
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start the server: %w", err), stop())
	}
	return stop, nil
}

// throughput lets all clients send as fast as they can, in one order and then in
// the other, so that what drifts meanwhile favours none.
func (b *bench) throughput(ctx context.Context, r *Result) error {
	order := []func(context.Context) (string, rate, error){b.engineAtFull, b.vegetaAtFull, b.wrkAtFull}
	var foreign, versusVegeta, versusWrk []float64
	perRequest := map[string][]float64{}
	for i := range b.Rounds {
		_, _ = fmt.Fprintf(b.Progress, "round %d of %d\n", i+1, b.Rounds)
		if i%2 == 1 {
			slices.Reverse(order)
		}
		round, err := b.round(ctx, order)
		if err != nil {
			return err
		}
		if i%2 == 1 {
			slices.Reverse(order)
		}
		r.Rounds = append(r.Rounds, round)
		foreign = append(foreign, round.Foreign)
		ours := round.RequestsPerSecond[shutdowncheck]
		versusVegeta = append(versusVegeta, ours/round.RequestsPerSecond[vegetaCommand])
		versusWrk = append(versusWrk, ours/round.RequestsPerSecond[wrk])
		for client, cpu := range round.CPUMicrosPerRequest {
			perRequest[client] = append(perRequest[client], cpu)
		}
	}
	r.ThroughputRatioVsVegeta, r.ThroughputRatioVsWrk = median(versusVegeta), median(versusWrk)
	r.CPUMicrosPerRequest = map[string]float64{}
	for client, all := range perRequest {
		r.CPUMicrosPerRequest[client] = median(all)
	}
	r.Noisy = median(foreign) > noise
	return nil
}

// rate is what a client came to.
type rate struct {
	requests float64
	took     time.Duration
	cpu      time.Duration
}

func (b *bench) round(ctx context.Context, order []func(context.Context) (string, rate, error)) (Round, error) {
	round := Round{RequestsPerSecond: map[string]float64{}, CPUMicrosPerRequest: map[string]float64{}}
	before, err := readBusy(b.server)
	if err != nil {
		return round, err
	}
	began := time.Now()
	var clients time.Duration
	for _, send := range order {
		client, got, err := send(ctx)
		if err != nil {
			return round, err
		}
		clients += got.cpu
		round.RequestsPerSecond[client] = got.requests / got.took.Seconds()
		round.CPUMicrosPerRequest[client] = float64(got.cpu.Microseconds()) / got.requests
	}
	after, err := readBusy(b.server)
	if err != nil {
		return round, err
	}
	others := after.all - before.all - (after.process - before.process) - clients
	round.Foreign = max(0, others.Seconds()/time.Since(began).Seconds()/float64(runtime.NumCPU()))
	return round, nil
}

func (b *bench) engineAtFull(ctx context.Context) (string, rate, error) {
	used, sent, err := b.engine(ctx, "full", "-for", b.For.String())
	return shutdowncheck, rate{float64(sent.Requests), sent.Took, used.cpu}, err
}

// engine runs the engine in a process of its own, with a recording in the folder of
// that name.
func (b *bench) engine(ctx context.Context, name string, args ...string) (usage, Sent, error) {
	dir := filepath.Join(b.Dir, name)
	if err := os.RemoveAll(dir); err != nil {
		return usage{}, Sent{}, err
	}
	args = append([]string{"send", "-url", b.url, "-connections", strconv.Itoa(connections), "-dir", dir}, args...)
	used, err := measure(ctx, succeeded, b.Self, args...)
	if err != nil {
		return used, Sent{}, err
	}
	var sent Sent
	if err := json.Unmarshal(used.out, &sent); err != nil {
		return used, sent, fmt.Errorf("read what the engine sent: %w", err)
	}
	if sent.Failed > 0 {
		return used, sent, fmt.Errorf("%d of %d requests failed", sent.Failed, sent.Requests)
	}
	return used, sent, nil
}

// attack runs the vegeta command and gives its results.
func (b *bench) attack(ctx context.Context, perSecond int) (usage, []sentAt, time.Duration, error) {
	targets, results := filepath.Join(b.Dir, "targets"), filepath.Join(b.Dir, "results.gob")
	if err := os.WriteFile(targets, []byte("GET "+b.url+"\n"), 0o600); err != nil {
		return usage{}, nil, 0, err
	}
	n := strconv.Itoa(connections)
	used, err := measure(ctx, succeeded, b.Vegeta, "attack", "-duration", b.For.String(), "-rate", strconv.Itoa(perSecond),
		"-workers", n, "-max-workers", n, "-connections", n, "-max-connections", n, "-targets", targets, "-output", results)
	if err != nil {
		return used, nil, 0, err
	}
	file, err := os.Open(results)
	if err != nil {
		return used, nil, 0, err
	}
	defer file.Close()
	var all []sentAt
	var first, last time.Time
	decode := vegeta.NewDecoder(bufio.NewReaderSize(file, 1<<20))
	for {
		var result vegeta.Result
		switch err := decode.Decode(&result); {
		case errors.Is(err, io.EOF):
			return used, all, last.Sub(first), nil
		case err != nil:
			return used, nil, 0, fmt.Errorf("read vegeta's results: %w", err)
		case result.Error != "":
			return used, nil, 0, fmt.Errorf("vegeta: %s", result.Error)
		}
		all = append(all, sentAt{result.Seq, result.Timestamp})
		if first.IsZero() || result.Timestamp.Before(first) {
			first = result.Timestamp
		}
		if end := result.End(); end.After(last) {
			last = end
		}
	}
}

func (b *bench) vegetaAtFull(ctx context.Context) (string, rate, error) {
	used, all, took, err := b.attack(ctx, 0)
	return vegetaCommand, rate{float64(len(all)), took, used.cpu}, err
}

func (b *bench) wrkAtFull(ctx context.Context) (string, rate, error) {
	seconds := strconv.Itoa(int(b.For.Seconds()))
	used, err := measure(ctx, succeeded, wrk, "-t", "1", "-c", strconv.Itoa(connections), "-d", seconds+"s", b.url)
	if err != nil {
		return wrk, rate{}, err
	}
	requests, took, err := parseWrk(string(used.out))
	return wrk, rate{float64(requests), took, used.cpu}, err
}

// schedule asks for rates that can be kept, and how late requests go out.
func (b *bench) schedule(ctx context.Context, r *Result) error {
	r.ScheduleErrorMicros = map[string]map[string]Quantiles{shutdowncheck: {}, vegetaCommand: {}}
	for _, perSecond := range Rates {
		_, _ = fmt.Fprintf(b.Progress, "schedule at %d/s\n", perSecond)
		if _, _, err := b.engine(ctx, "schedule", "-for", b.For.String(), "-rate", strconv.Itoa(perSecond)); err != nil {
			return err
		}
		ours, err := Lateness(filepath.Join(b.Dir, "schedule"))
		if err != nil {
			return err
		}
		_, all, _, err := b.attack(ctx, perSecond)
		if err != nil {
			return err
		}
		theirs := lateness(all, float64(perSecond))
		key := strconv.Itoa(perSecond)
		r.ScheduleErrorMicros[shutdowncheck][key] = Quantiles{quantile(ours, 0.5), quantile(ours, 0.99)}
		r.ScheduleErrorMicros[vegetaCommand][key] = Quantiles{quantile(theirs, 0.5), quantile(theirs, 0.99)}
	}
	return nil
}

// memory sends one and ten million requests, and analyzes the latter.
func (b *bench) memory(ctx context.Context, r *Result) error {
	r.PeakRSSMB = map[string]float64{}
	for name, samples := range map[string]int{"1M": 1_000_000, "10M": 10_000_000} {
		_, _ = fmt.Fprintf(b.Progress, "%s samples\n", name)
		used, sent, err := b.engine(ctx, name, "-samples", strconv.Itoa(samples))
		if err != nil {
			return err
		}
		r.PeakRSSMB[name] = megabytes(used.peak)
		if name == "10M" {
			size, err := sizeOf(filepath.Join(b.Dir, name))
			if err != nil {
				return err
			}
			r.BytesPerSample = float64(size) / float64(sent.Requests)
		}
	}
	_, _ = fmt.Fprintln(b.Progress, "analysis of 10M samples")
	// Nothing was done to any pod, so the verdict is inconclusive.
	inconclusive := func(code int) bool { return code == 3 }
	used, err := measure(ctx, inconclusive, b.Tool, "report", filepath.Join(b.Dir, "10M"), "-o", "json")
	if err != nil {
		return err
	}
	r.Analyze10MSeconds, r.Analyze10MRSSMB = used.wall.Seconds(), megabytes(used.peak)
	return os.RemoveAll(filepath.Join(b.Dir, "10M"))
}

func megabytes(n int64) float64 { return float64(n) / 1e6 }

// sizeOf gives the bytes of the samples in a recording.
func sizeOf(dir string) (int64, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.parquet"))
	if err != nil {
		return 0, err
	}
	var size int64
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			return 0, err
		}
		size += info.Size()
	}
	return size, nil
}
