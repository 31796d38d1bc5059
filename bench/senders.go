package bench

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// Fleets are how many senders share the load in the part senders.
var Fleets = []int{1, 2, 4}

const (
	// sendersRate is that of all senders together, in requests per second.
	sendersRate = 4000
	// sendersFor is how long they send between the baseline and the settling.
	sendersFor = 10 * time.Second
	// sendersRounds bounds the rounds: each run takes half a minute.
	sendersRounds = 3
	// sendersLimit bounds one run.
	sendersLimit = 3 * time.Minute
)

// service is the manifest of what the senders send to.
//
//go:embed service.yaml
var service string

const (
	serviceNamespace = "shutdowncheck-bench"
	serviceURL       = "http://10.96.200.200/"
)

// senders has the same load sent by so many pods of the cluster as KUBECONFIG leads to.
func (b *bench) senders(ctx context.Context, r *Result) (err error) {
	b.say("senders: bringing up the service")
	manifest := filepath.Join(b.Dir, "service.yaml")
	if err := os.WriteFile(manifest, []byte(service), 0o600); err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		_, removed := measure(ctx, succeeded, "kubectl", "delete", "--ignore-not-found", "-f", manifest)
		err = errors.Join(err, removed)
	}()
	if _, err := measure(ctx, succeeded, "kubectl", "apply", "-f", manifest); err != nil {
		return err
	}
	if _, err := measure(ctx, succeeded, "kubectl", "rollout", "status", "deployment/web", "-n", serviceNamespace, "--timeout", "1m"); err != nil {
		return err
	}
	for i := range min(b.Rounds, sendersRounds) {
		round := FleetRound{Fleets: map[string]FleetRun{}}
		for _, n := range turn(Fleets, i) {
			b.say("senders: round %d of %d with %d", i+1, min(b.Rounds, sendersRounds), n)
			run, err := b.fleet(ctx, n)
			if err != nil {
				return fmt.Errorf("with %d: %w", n, err)
			}
			round.Order = append(round.Order, n)
			round.Fleets[key(n)] = run
		}
		r.FleetRounds = append(r.FleetRounds, round)
	}
	r.sumFleets()
	return nil
}

// fleet is one run with n senders. Nothing is ended in it.
func (b *bench) fleet(ctx context.Context, n int) (FleetRun, error) {
	ctx, cancel := context.WithTimeout(ctx, sendersLimit)
	defer cancel()
	dir := filepath.Join(b.Dir, "senders")
	if err := os.RemoveAll(dir); err != nil {
		return FleetRun{}, err
	}
	// That nothing was ended makes it inconclusive.
	inconclusive := func(code int) bool { return code == 3 }
	stream := fmt.Sprintf("name=bench,connections=reused,pool=%d,rate=%d", connections, sendersRate)
	used, err := measure(ctx, inconclusive, b.Tool, "run", "deployment/web", "-n", serviceNamespace, "--url", serviceURL, "--inside", "--senders", strconv.Itoa(n),
		"--stream", stream, "--baseline", "3s", "--observe", sendersFor.String(), "--settle", "1s", "--out", dir, "-o", "json")
	if err != nil {
		return FleetRun{}, err
	}
	run, err := readFleet(dir, n)
	run.ConductorCPUSeconds, run.ConductorRSSMB = used.cpu.Seconds(), megabytes(used.peak)
	return run, err
}

// readFleet reads from a recording what n senders came to.
func readFleet(dir string, n int) (FleetRun, error) {
	r, err := recording.Open(dir)
	if err != nil {
		return FleetRun{}, err
	}
	if r.Ending == nil || len(r.Ending.Senders) != n {
		return FleetRun{}, fmt.Errorf("%s does not tell of %d senders", dir, n)
	}
	var run FleetRun
	var cpu time.Duration
	var sent uint64
	for _, s := range r.Ending.Senders {
		switch {
		case s.Lost != "":
			return FleetRun{}, fmt.Errorf("sender %d was lost: %s", s.Index, s.Lost)
		case s.Client == nil || s.Client.CPU == 0 || len(s.Streams) != 1 || s.Streams[0].Sent == 0:
			return FleetRun{}, fmt.Errorf("sender %d does not tell what it did", s.Index)
		}
		stream := s.Streams[0]
		cpu += time.Duration(s.Client.CPU)
		sent += stream.Sent
		// Each is told by itself to stop.
		run.Rate += float64(stream.Sent) / stream.Stopped.Sub(stream.Began).Seconds()
	}
	run.CPUMicrosPerRequest = float64(cpu) / float64(time.Microsecond) / float64(sent)
	var late []time.Duration
	for s, err := range r.Samples() {
		switch {
		case err != nil:
			return FleetRun{}, err
		case s.Outcome != recording.OK:
			return FleetRun{}, fmt.Errorf("a request failed: %s", s.Error)
		}
		late = append(late, s.Sent)
	}
	if uint64(len(late)) != sent {
		return FleetRun{}, fmt.Errorf("%d samples of %d requests", len(late), sent)
	}
	run.LatenessMicros = Quantiles{quantile(late, 0.5), quantile(late, 0.99)}
	return run, nil
}

// FleetRound is a run with each number of senders, after one another.
type FleetRound struct {
	Order []int `json:"order"`
	// Fleets are by the number of senders.
	Fleets map[string]FleetRun `json:"fleets"`
}

// FleetRun is what senders came to.
type FleetRun struct {
	// CPUMicrosPerRequest is what all senders' processes used.
	CPUMicrosPerRequest float64 `json:"cpu_us_per_request"`
	// Rate is what they kept together, in requests per second.
	Rate           float64   `json:"rate"`
	LatenessMicros Quantiles `json:"lateness_us"`
	// The next two are of the program that conducts them.
	ConductorCPUSeconds float64 `json:"conductor_cpu_seconds"`
	ConductorRSSMB      float64 `json:"conductor_rss_mb"`
}

func (r *Result) sumFleets() {
	of := func(n int, figure func(FleetRun) float64) []float64 {
		return each(r.FleetRounds, func(x FleetRound) float64 { return figure(x.Fleets[key(n)]) })
	}
	ratios := func(figure func(FleetRun) float64) []float64 {
		most, one := of(Fleets[len(Fleets)-1], figure), of(Fleets[0], figure)
		for i := range most {
			most[i] /= one[i]
		}
		return most
	}
	r.Senders = map[string]FleetRun{}
	for _, n := range Fleets {
		name := "senders." + key(n) + "."
		sum := func(figure string, of []float64) float64 { return r.sum(name+figure, of) }
		r.Senders[key(n)] = FleetRun{
			CPUMicrosPerRequest: sum("cpu_us_per_request", of(n, func(x FleetRun) float64 { return x.CPUMicrosPerRequest })),
			Rate:                sum("rate", of(n, func(x FleetRun) float64 { return x.Rate })),
			LatenessMicros: Quantiles{
				P50: sum("lateness_us.p50", of(n, func(x FleetRun) float64 { return x.LatenessMicros.P50 })),
				P99: sum("lateness_us.p99", of(n, func(x FleetRun) float64 { return x.LatenessMicros.P99 })),
			},
			ConductorCPUSeconds: sum("conductor_cpu_seconds", of(n, func(x FleetRun) float64 { return x.ConductorCPUSeconds })),
			ConductorRSSMB:      sum("conductor_rss_mb", of(n, func(x FleetRun) float64 { return x.ConductorRSSMB })),
		}
	}
	r.SendersCPURatio = r.sum("senders_cpu_ratio", ratios(func(x FleetRun) float64 { return x.CPUMicrosPerRequest }))
	r.SendersLatenessRatio = r.sum("senders_lateness_ratio", ratios(func(x FleetRun) float64 { return x.LatenessMicros.P99 }))
}

// rateOff is by how much of it the worst of the fleets missed the rate.
func (r *Result) rateOff() (worst float64) {
	for _, one := range r.Senders {
		off := one.Rate/sendersRate - 1
		worst = max(worst, off, -off)
	}
	return worst
}
