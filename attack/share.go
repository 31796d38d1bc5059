package attack

import (
	"slices"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// Share is the part of a stream that one of several senders sends: sender Index of Of
// sends the requests whose number is Index modulo Of, each when it is due. All shares
// together are the stream. The zero value is all of it.
type Share struct {
	// Index counts from 0.
	Index int
	Of    int
}

func (s Share) of() int { return max(s.Of, 1) }

// seq is the number in the stream of the sender's request n; both count from 0.
func (s Share) seq(n uint64) uint64 { return n*uint64(s.of()) + uint64(s.Index) }

// count is how many of the stream's first n requests are the sender's.
func (s Share) count(n uint64) uint64 {
	of := uint64(s.of())
	return (n + of - 1 - uint64(s.Index)) / of
}

// conn is the number in the stream of the sender's connection n; both count from 1.
func (s Share) conn(n uint64) uint64 { return s.seq(n-1) + 1 }

// connections is the sender's part of so many; the first senders have what remains. A
// limit does not become none, and a pool does not become empty.
func (s Share) connections(all int) int {
	if all == 0 {
		return 0
	}
	part := all / s.of()
	if s.Index < all%s.of() {
		part++
	}
	return max(part, 1)
}

// Stream is what a sender with this share has to carry of a stream: a part of its
// rates and of its connections, at least one connection where it has any. It is what
// [InFlight] has to be asked about for a sender.
func (s Share) Stream(whole check.Stream) check.Stream {
	part := whole
	part.Rate /= float64(s.of())
	part.Stages = slices.Clone(whole.Stages)
	for i := range part.Stages {
		part.Stages[i].To /= float64(s.of())
	}
	part.Pool = s.connections(whole.Pool)
	part.MaxConnections = s.connections(whole.MaxConnections)
	return part
}
