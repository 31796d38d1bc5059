package experiment

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/shutdowncheck/shutdowncheck/attack"
	"github.com/shutdowncheck/shutdowncheck/check"
)

// Room is what there is for a run, in bytes. Zero is unknown and bounds nothing.
type Room struct {
	// Disk is what is free where the recording goes.
	Disk int64
	// Memory is what the container may take.
	Memory int64
}

// RoomError is a run that there is certainly no room for.
type RoomError struct{ Problem string }

func (e *RoomError) Error() string { return e.Problem }

// What a run takes, as docs/cluster.md has it.
const (
	// A request takes 15 bytes in a recording where all is as always, 28 where
	// each connection is new and each answer names another pod.
	leastPerRequest, mostPerRequest = 15, 28
	// Each change of a pod in a slice tells of all that are in it, and there are
	// four of them in a pod's replacement.
	perEndpoint, sliceChanges, perPod = 140, 4, 12 << 10
	mostEndpoints                     = 100 // in one slice

	// leastMemory is what the program takes with little to do, perRequestUnderWay
	// what a request does that waits for its answer, and as much again until the
	// collector has come round.
	leastMemory                            = 64 << 20
	perRequestUnderWay, perSecuredUnderWay = 24 << 10, 64 << 10
)

// need is what a run takes, between what is certain and what it may come to.
type need struct {
	leastTime, mostTime time.Duration
	leastDisk, mostDisk int64
	mostMemory          int64
}

func needOf(c check.Check, replicas int32) need {
	n := need{mostMemory: leastMemory}
	sequence, sequenceMost, ends := sequenceOf(c, replicas)
	n.leastTime = time.Duration(c.Timing.Baseline) + sequence
	n.mostTime = time.Duration(c.Timing.Baseline) + sequenceMost
	if soak := c.Soak; soak != nil {
		n.leastTime = max(n.leastTime, time.Duration(soak.For))
		n.mostTime += time.Duration(soak.For)
		ends *= float64(soak.For)/float64(max(soak.Every, 1)) + 1
	}
	if prove := c.Prove; prove != nil {
		n.mostTime += time.Duration(prove.Within)
		ends *= float64(prove.Within)/float64(max(sequence, time.Second)) + 1
	}
	var least, most float64
	for _, s := range c.Streams {
		from := n.leastTime
		if len(s.Stages) > 0 {
			from -= time.Duration(c.Timing.Baseline) // the rate comes within it
		}
		least += s.Rate * from.Seconds()
		most += s.Rate * n.mostTime.Seconds()
		each := int64(perRequestUnderWay)
		if s.Protocol != check.HTTP1 || strings.HasPrefix(s.URL, "https:") {
			each = perSecuredUnderWay
		}
		if c.Inside == nil {
			n.mostMemory += each * int64(attack.InFlight(s))
		}
	}
	slice := float64(perEndpoint * sliceChanges * min(max(replicas, 1), mostEndpoints))
	n.leastDisk = bytes(least * leastPerRequest)
	n.mostDisk = bytes(most*mostPerRequest + ends*(slice+perPod))
	return n
}

// sequenceOf gives how long the disruptions take once, at the least and at the
// most, and how many pods they may end.
func sequenceOf(c check.Check, replicas int32) (least, most time.Duration, ends float64) {
	for _, d := range c.Disruptions {
		times := time.Duration(max(d.Repeat, 1))
		quiet := times*time.Duration(c.Timing.Settle) + (times-1)*time.Duration(d.Pause)
		if d.Observe != nil {
			quiet += times * time.Duration(d.Observe.For)
		}
		least += quiet
		most += quiet + times*time.Duration(c.Timing.Timeout)
		ends += float64(times) * float64(max(replicas, 1))
	}
	return least, most, ends
}

func bytes(n float64) int64 { return int64(min(n, math.MaxInt64/2)) }

// fits refuses a run that there is certainly no room for, and notes where there may
// be too little.
func (r Room) fits(c check.Check, replicas int32) (notes []string, err error) {
	n := needOf(c, replicas)
	switch {
	case r.Disk > 0 && n.leastDisk > r.Disk:
		return nil, &RoomError{fmt.Sprintf(
			"the recording takes at least %s (%s of all streams), and %s are free where it goes; want lower rates, a shorter run, or another --out",
			inMiB(n.leastDisk), n.leastTime, inMiB(r.Disk))}
	case r.Memory > 0 && leastMemory > r.Memory:
		return nil, &RoomError{fmt.Sprintf(
			"the run takes at least %s of memory, and the container may have %s; want a higher memory limit", inMiB(leastMemory), inMiB(r.Memory))}
	}
	if r.Disk > 0 && n.mostDisk > r.Disk {
		notes = append(notes, fmt.Sprintf("the recording may take up to %s (if it takes %s), and %s are free where it goes",
			inMiB(n.mostDisk), n.mostTime, inMiB(r.Disk)))
	}
	if r.Memory > 0 && n.mostMemory > r.Memory {
		notes = append(notes, fmt.Sprintf("a service that falls silent may make the run take up to %s of memory, and the container may have %s",
			inMiB(n.mostMemory), inMiB(r.Memory)))
	}
	return notes, nil
}

func inMiB(n int64) string { return fmt.Sprintf("%d MiB", (n+1<<20-1)>>20) }
