package attack

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"syscall"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// spareDescriptors are for the recording, the cluster's API and the program.
const spareDescriptors = 64

// limits are what this machine has for sending. A zero is unknown and bounds
// nothing.
type limits struct {
	// ports are the local ones to send from, to each destination.
	ports int
	// timeWait is for how long a port serves no other connection to the same
	// destination after one that we closed first (TIME_WAIT).
	timeWait, timeWaitOnLoopback time.Duration
	// descriptors are the files and sockets that may be open at once.
	descriptors int
}

// Feasible tells what of the streams this machine cannot carry, before anything is
// sent: too many new connections for its ports, too many at once for its
// descriptors, an address that it has no way to. It sends nothing. Its errors are
// of [check.FieldError], with fields as seen from the check.
func Feasible(streams []check.Stream) error { return Share{}.Feasible(streams) }

// Feasible tells what of the whole streams a sender with this share, on this machine,
// cannot carry of them, as [Feasible] does. The numbers that it tells are those of all
// senders together.
func (s Share) Feasible(whole []check.Stream) error {
	streams := make([]check.Stream, len(whole))
	for i := range whole {
		streams[i] = s.Stream(whole[i])
	}
	return errors.Join(append(readLimits().exceeded(streams, s), unreachable(streams, s, hasRoute)...)...)
}

// exceeded gives what would run out if the service were silent, or let us close first,
// of streams that are a share.
func (m limits) exceeded(streams []check.Stream, share Share) []error {
	var problems []error
	if m.descriptors > 0 {
		sum := spareDescriptors
		for _, s := range streams {
			sum += max(InFlight(s), s.Pool)
		}
		if sum > m.descriptors {
			problems = append(problems, &check.FieldError{Field: "streams", Problem: share.tooManyFiles(sum, m.descriptors)})
		}
	}
	rates := map[string]float64{} // by destination
	for i, s := range streams {
		target, err := url.Parse(s.URL)
		if err != nil || s.Connections != check.New {
			continue
		}
		timeWait := m.timeWaitTo(target.Hostname())
		destination := net.JoinHostPort(target.Hostname(), portOf(target))
		rates[destination] += s.Rate
		if most := float64(m.ports) / timeWait.Seconds(); m.ports > 0 && rates[destination] > most {
			problems = append(problems, &check.FieldError{
				Field:   fmt.Sprintf("streams[%d].rate", i),
				Problem: share.tooFast(rates[destination], most, destination, timeWait, m.ports),
			})
		}
	}
	return problems
}

// tooManyFiles tells of more descriptors than this process may have.
func (s Share) tooManyFiles(sum, most int) string {
	if s.Of == 0 {
		return fmt.Sprintf("a service that is silent would make the streams open %d connections and files, and this process may open %d; want a lower rate (--rate), a shorter timeout (--stream-timeout), fewer connections (maxConnections, --max-connections), or a higher limit (ulimit -n %d)", sum, most, sum)
	}
	return fmt.Sprintf("a service that is silent would make the streams open %d connections and files in all, and %s may open %d; want a lower rate (--rate), a shorter timeout (--stream-timeout), fewer connections (maxConnections, --max-connections), or more senders (--senders)",
		sum*s.Of, s.eachSender(), most)
}

// tooFast tells of more new connections per second than this machine's ports allow.
func (s Share) tooFast(rate, most float64, destination string, timeWait time.Duration, ports int) string {
	if s.Of == 0 {
		return fmt.Sprintf("%g new connections per second to %s: each may keep its local port for %s, and there are %d; want at most %.0f in all, reused connections, or more ports (net.ipv4.ip_local_port_range)",
			rate, destination, timeWait, ports, math.Floor(most))
	}
	of := float64(s.Of)
	return fmt.Sprintf("%g new connections per second to %s: each may keep its local port for %s, and %s has %d; want at most %.0f in all, reused connections, or %.0f senders (--senders)",
		rate*of, destination, timeWait, s.eachSender(), ports, math.Floor(most*of), math.Ceil(rate*of/most))
}

func (s Share) eachSender() string {
	if s.Of == 1 {
		return "the sender"
	}
	return fmt.Sprintf("each of the %d senders", s.Of)
}

func (m limits) timeWaitTo(host string) time.Duration {
	if address, err := netip.ParseAddr(host); host == "localhost" || err == nil && address.IsLoopback() {
		return m.timeWaitOnLoopback
	}
	return m.timeWait
}

// unreachable finds addresses that this machine has no way to, as of a family that
// it lacks. Names are resolved as the load goes on, so nothing is said of them here.
func unreachable(streams []check.Stream, share Share, route func(address string) error) []error {
	var problems []error
	var seen []string
	for i, s := range streams {
		target, err := url.Parse(s.URL)
		if err != nil || !isAddress(target.Hostname()) || slices.Contains(seen, target.Hostname()) {
			continue
		}
		seen = append(seen, target.Hostname())
		err = route(net.JoinHostPort(target.Hostname(), portOf(target)))
		errno, _ := errors.AsType[syscall.Errno](err)
		switch portable(errno) {
		case syscall.EAFNOSUPPORT, syscall.EADDRNOTAVAIL, syscall.ENETUNREACH:
			problems = append(problems, &check.FieldError{Field: fmt.Sprintf("streams[%d].url", i), Problem: fmt.Sprintf(
				"%s has no way to %s (%v); want an address of a family and a network that it has", share.machine(), target.Hostname(), errno)})
		}
	}
	return problems
}

// hasRoute connects a socket of UDP, which asks for a way and sends nothing.
func hasRoute(address string) error {
	conn, err := net.Dial("udp", address) //nolint:noctx // it does not wait
	if err != nil {
		return err
	}
	return conn.Close()
}
