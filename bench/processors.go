package bench

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// moment is how much of the processors had been used when it was.
type moment struct {
	at time.Time
	// busy is the time for which all processors together had worked, ours what of it
	// the bench, the clients that have ended and the server had used.
	busy, ours time.Duration
}

// look takes the moment of now. The kernel's figures are in ticks, which are also
// counted for a process while it is interrupted to take packets; a kernel that does
// not do so (CONFIG_IRQ_TIME_ACCOUNTING) makes others look busier than they are.
func look(server int) (moment, error) {
	machine, err := os.ReadFile("/proc/stat")
	if err != nil {
		return moment{}, err
	}
	m := moment{at: time.Now()}
	if m.busy, err = parseBusy(string(machine)); err != nil {
		return moment{}, err
	}
	for _, process := range []string{"self", strconv.Itoa(server)} {
		stat, err := os.ReadFile("/proc/" + process + "/stat")
		if err != nil {
			return moment{}, err
		}
		used, err := parseUsed(string(stat))
		if err != nil {
			return moment{}, err
		}
		m.ours += used
	}
	return m, nil
}

// foreign is the part of the processors that others used between two moments.
func foreign(from, to moment, processors int) float64 {
	others := (to.busy - from.busy) - (to.ours - from.ours)
	return max(0, others.Seconds()/to.at.Sub(from.at).Seconds()/float64(processors))
}

// parseBusy reads /proc/stat: user, nice, system, irq, softirq and steal.
func parseBusy(machine string) (time.Duration, error) {
	line, _, _ := strings.Cut(machine, "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 || fields[0] != "cpu" {
		return 0, fmt.Errorf("/proc/stat is not as proc(5) tells: %q", line)
	}
	return ticks(fields[1], fields[2], fields[3], fields[6], fields[7], fields[8])
}

// parseUsed reads /proc/PID/stat: utime and stime, and those of the children that
// were waited for.
func parseUsed(process string) (time.Duration, error) {
	name := strings.LastIndex(process, ")") // it may hold anything
	fields := strings.Fields(process[name+1:])
	if name < 0 || len(fields) < 15 {
		return 0, fmt.Errorf("/proc/PID/stat is not as proc(5) tells: %q", process)
	}
	return ticks(fields[11:15]...)
}

// tick is the unit of /proc (USER_HZ, which is 100 on every architecture that Go
// knows).
const tick = 10 * time.Millisecond

func ticks(fields ...string) (sum time.Duration, err error) {
	for _, field := range fields {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("time in /proc: %w", err)
		}
		sum += time.Duration(n) * tick
	}
	return sum, nil
}

// loadAverage is how many processes ran or wanted to in the last one, five and
// fifteen minutes.
func loadAverage() (average [3]float64, err error) {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return average, err
	}
	if _, err := fmt.Sscan(string(text), &average[0], &average[1], &average[2]); err != nil {
		return average, fmt.Errorf("/proc/loadavg is not as proc(5) tells: %q", text)
	}
	return average, nil
}
