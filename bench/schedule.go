package bench

import (
	"context"
	"path/filepath"
	"strconv"
	"time"
)

// Rates are those of the schedule's part, in requests per second.
var Rates = []int{100, 1000, 5000, 10000}

// scheduleFor is how long each rate is kept.
const scheduleFor = 3 * time.Second

// scheduled is a client that keeps a rate and tells how late each request went out.
type scheduled struct {
	name string
	late func(ctx context.Context, rate int) ([]time.Duration, error)
}

// schedule asks for rates that can be kept, and how late requests go out.
func (b *bench) schedule(ctx context.Context, r *Result) error {
	clients := []scheduled{{shutdowncheck, b.engineLate}, {vegetaCommand, b.vegetaLate}}
	for _, rate := range Rates {
		for i := range b.Rounds {
			b.say("schedule at %d/s: round %d of %d", rate, i+1, b.Rounds)
			round, foreign, err := quietly(b, attempts, func() (ScheduleRound, error) { return lateOnce(ctx, turn(clients, i), rate) })
			if err != nil {
				return err
			}
			round.Foreign = foreign
			r.ScheduleRounds = append(r.ScheduleRounds, round)
		}
	}
	r.sumSchedule()
	return nil
}

func lateOnce(ctx context.Context, clients []scheduled, rate int) (ScheduleRound, error) {
	round := ScheduleRound{Rate: rate, ErrorMicros: map[string]Quantiles{}}
	for _, c := range clients {
		late, err := c.late(ctx, rate)
		if err != nil {
			return round, err
		}
		round.Order = append(round.Order, c.name)
		round.ErrorMicros[c.name] = Quantiles{quantile(late, 0.5), quantile(late, 0.99)}
	}
	return round, nil
}

func (b *bench) engineLate(ctx context.Context, rate int) ([]time.Duration, error) {
	const name = "schedule"
	if _, _, err := b.engine(ctx, name, Load{Rate: float64(rate), For: scheduleFor}); err != nil {
		return nil, err
	}
	return recordedLateness(filepath.Join(b.Dir, name))
}

func (b *bench) vegetaLate(ctx context.Context, rate int) ([]time.Duration, error) {
	_, results, err := b.attack(ctx, rate, scheduleFor)
	if err != nil {
		return nil, err
	}
	return vegetaLateness(results, rate)
}

// key is a rate as a key of the result.
func key(rate int) string { return strconv.Itoa(rate) }
