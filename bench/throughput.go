package bench

import "context"

// throughput lets all clients send as fast as they can, one after the other.
func (b *bench) throughput(ctx context.Context, r *Result) error {
	fastest, err := b.fastestWrk(ctx)
	if err != nil {
		return err
	}
	r.WrkThreads = fastest
	clients := []client{{shutdowncheck, b.engineAtFull}, {vegetaCommand, b.vegetaAtFull}, b.wrkAtFull(fastest)}
	for i := range b.Rounds {
		b.say("throughput: round %d of %d", i+1, b.Rounds)
		round, foreign, err := quietly(b, attempts, func() (Round, error) { return b.round(ctx, turn(clients, i)) })
		if err != nil {
			return err
		}
		round.Foreign = foreign
		r.Rounds = append(r.Rounds, round)
	}
	r.sumRounds()
	return nil
}

// round lets each client send once.
func (b *bench) round(ctx context.Context, clients []client) (Round, error) {
	round := Round{RequestsPerSecond: map[string]float64{}, CPUMicrosPerRequest: map[string]float64{}}
	for _, c := range clients {
		sent, err := c.send(ctx, b.For)
		if err != nil {
			return round, err
		}
		round.Order = append(round.Order, c.name)
		round.RequestsPerSecond[c.name] = sent.perSecond()
		round.CPUMicrosPerRequest[c.name] = sent.cpuMicros()
	}
	return round, nil
}

// fastestWrk tells with how many threads wrk does most: one may be too few to use the
// processors, two may take them from the server.
func (b *bench) fastestWrk(ctx context.Context) (threads int, err error) {
	b.say("throughput: how many threads serve wrk best")
	most := 0.0
	for n := range 2 {
		sent, err := b.wrkAtFull(n+1).send(ctx, b.For)
		if err != nil {
			return 0, err
		}
		if sent.perSecond() > most {
			threads, most = n+1, sent.perSecond()
		}
	}
	return threads, nil
}
