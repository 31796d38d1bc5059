package analysis

// findKilled notes of each that was killed what the kept connections tell which only its
// kill may have cut. Where two requests that were sent after SIGTERM had been answered
// on one, and the next came soon and did not wait in vain, it had gone on serving those. So it
// had where one came later than what was in flight at SIGTERM can have lasted: that is not what
// the pod lived on for. Where two waited on them from SIGTERM on for
// longer than any answered request took, and it is not known to have gone on, it had
// stopped reading.
func (s *explainer) findKilled(failures []examined) {
	cameLate := map[*suspect]bool{}
	for i := range failures {
		f := &failures[i]
		if f.Fresh() || f.symptom != cutShort && f.symptom != cutOnReuse {
			continue
		}
		killed := s.killedAt(f)
		if len(killed) != 1 || !killed[0].signalPlaced() {
			continue
		}
		t, signalled := killed[0], killed[0].Sigterm.To.Add(clockSlack)
		if !f.before.before.Before(signalled) && !f.SentAt().After(f.before.answered.Add(keptReach)) && !s.waited(f) {
			t.servedOn = true
		}
		if f.SentAt().After(signalled.Add(s.traffic.longest())) && f.wasHeld() && !s.waited(f) {
			cameLate[t] = true
		}
		if s.waited(f) && f.before.last.Before(signalled) && !f.SentAt().Before(t.Sigterm.From.Add(-clockSlack)) {
			t.keptWaiting++
		}
	}
	for t := range cameLate {
		// One that left two requests waiting from SIGTERM on did not read them.
		t.servedOn = t.servedOn || t.keptWaiting < 2
	}
}

// killedAt gives those whose kill may have cut the request.
func (s *explainer) killedAt(f *examined) []*suspect {
	var killed []*suspect
	for _, t := range s.candidates(f) {
		if t.Container == "" && t.killed() && within(f.EndAt(), t.exit(), clockSlack) {
			killed = append(killed, t)
		}
	}
	return killed
}
