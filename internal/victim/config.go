package victim

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// OnSigterm says what SIGTERM does.
type OnSigterm string

// What SIGTERM can do.
const (
	Drain  OnSigterm = "drain"  // stop accepting, answer what is in flight, exit 0
	Exit   OnSigterm = "exit"   // leave, cutting what is in flight
	Ignore OnSigterm = "ignore" // nothing at all: it serves as before, and is ready
)

// KeepAlive says what becomes of reused connections from SIGTERM on.
type KeepAlive string

// What can become of reused connections.
const (
	Announce KeepAlive = "announce" // each answer says "Connection: close"
	Keep     KeepAlive = "keep"     // served as before, until the process exits
	Close    KeepAlive = "close"    // closed as soon as they are idle, without a word
	Cut      KeepAlive = "cut"      // closed when the next request comes, unanswered
)

// StartMode says what a client meets before the start-up delay is over.
type StartMode string

// What a client can meet.
const (
	StartClosed StartMode = "closed" // nothing listens
	StartReady  StartMode = "ready"  // /readyz says 200, work is answered 503
)

// Config is the behaviour of one service; the package comment tells what each
// variable means. A zero Config is not usable: start from FromEnv.
type Config struct {
	Addr              string
	GRPCAddr          string // empty: no gRPC
	HandlerTime       time.Duration
	Status            int
	Workers           int // 0: no limit
	AllocPerRequest   int // bytes
	ExitAfterRequests int // 0: never
	StartDelay        time.Duration
	StartMode         StartMode
	NeverReady        bool
	ReadyFile         string
	OnSigterm         OnSigterm
	ExitShare         float64 // of processes; see Draw
	SigtermDelay      time.Duration
	ExitCode          int
	KeepAlive         KeepAlive
	SigtermUnready    bool
	SigtermStatus     int // 0: unchanged by SIGTERM
	LogDir            string
	LogRequests       bool
	PodName           string
}

const prefix = "VICTIM_"

type variable struct {
	name, def string
	set       func(value string) error
}

// variables binds every variable to its field, with its default in the form in
// which it would be set.
func (c *Config) variables() []variable {
	return []variable{
		{"VICTIM_ADDR", ":8080", text(&c.Addr)},
		{"VICTIM_GRPC_ADDR", "", text(&c.GRPCAddr)},
		{"VICTIM_HANDLER_TIME", "0s", duration(&c.HandlerTime)},
		{"VICTIM_STATUS", "200", number(&c.Status, 200, 599)},
		{"VICTIM_WORKERS", "0", number(&c.Workers, 0, 1<<20)},
		{"VICTIM_ALLOC_PER_REQUEST", "0", size(&c.AllocPerRequest)},
		{"VICTIM_EXIT_AFTER_REQUESTS", "0", number(&c.ExitAfterRequests, 0, 1<<30)},
		{"VICTIM_START_DELAY", "0s", duration(&c.StartDelay)},
		{"VICTIM_START_MODE", "closed", oneOf(&c.StartMode, StartClosed, StartReady)},
		{"VICTIM_NEVER_READY", "false", boolean(&c.NeverReady)},
		{"VICTIM_READY_FILE", "", text(&c.ReadyFile)},
		{"VICTIM_ON_SIGTERM", "drain", oneOf(&c.OnSigterm, Drain, Exit, Ignore)},
		{"VICTIM_EXIT_SHARE", "0", share(&c.ExitShare)},
		{"VICTIM_SIGTERM_DELAY", "0s", duration(&c.SigtermDelay)},
		{"VICTIM_EXIT_CODE", "2", number(&c.ExitCode, 0, 255)},
		{"VICTIM_KEEPALIVE", "announce", oneOf(&c.KeepAlive, Announce, Keep, Close, Cut)},
		{"VICTIM_SIGTERM_UNREADY", "true", boolean(&c.SigtermUnready)},
		{"VICTIM_SIGTERM_STATUS", "", optionalStatus(&c.SigtermStatus)},
		{"VICTIM_LOG_DIR", "", text(&c.LogDir)},
		{"VICTIM_LOG_REQUESTS", "false", boolean(&c.LogRequests)},
		{"POD_NAME", "", podName(&c.PodName)},
	}
}

// FromEnv reads a Config from an environment in the form of os.Environ. Its
// error is one line that names the variable and what it allows.
func FromEnv(environ []string) (Config, error) {
	env := map[string]string{}
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		env[name] = value
	}

	var c Config
	var known []string
	for _, v := range c.variables() {
		value, ok := env[v.name]
		if !ok {
			value = v.def
		}
		if err := v.set(value); err != nil {
			return Config{}, fmt.Errorf("%s=%q: %w", v.name, value, err)
		}
		known = append(known, v.name)
	}

	var unknown []string
	for name, value := range env {
		if strings.HasPrefix(name, prefix) && !slices.Contains(known, name) && !isServiceLink(name, value) {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		return Config{}, fmt.Errorf("%s: no such variable; there are %s", strings.Join(unknown, ", "), strings.Join(known, ", "))
	}

	if c.OnSigterm == Ignore {
		if err := c.changeNothing(env); err != nil {
			return Config{}, err
		}
	}
	return c, nil
}

// changeNothing makes SIGTERM without any effect, and refuses what was given to
// the contrary.
func (c *Config) changeNothing(given map[string]string) error {
	for _, v := range []struct{ name, without string }{
		{"VICTIM_EXIT_SHARE", "0"},
		{"VICTIM_SIGTERM_DELAY", "0s"},
		{"VICTIM_KEEPALIVE", string(Keep)},
		{"VICTIM_SIGTERM_UNREADY", "false"},
		{"VICTIM_SIGTERM_STATUS", ""},
	} {
		if value, ok := given[v.name]; ok && value != v.without {
			return fmt.Errorf("%s=%q: VICTIM_ON_SIGTERM=ignore allows only %q", v.name, value, v.without)
		}
	}
	c.SigtermDelay, c.KeepAlive, c.SigtermUnready, c.SigtermStatus = 0, Keep, false, 0
	return nil
}

// Draw decides whether this process is one of the ExitShare that leave at SIGTERM. The
// random numbers are from 0 to below 1.
func (c *Config) Draw(random func() float64) {
	if random() < c.ExitShare {
		c.OnSigterm = Exit
	}
}

func text(p *string) func(string) error {
	return func(s string) error {
		*p = s
		return nil
	}
}

func duration(p *time.Duration) func(string) error {
	return func(s string) error {
		d, err := time.ParseDuration(s)
		if err != nil || d < 0 {
			return errors.New("want a duration such as 20ms or 1m30s, not negative")
		}
		*p = d
		return nil
	}
}

func number(p *int, from, to int) func(string) error {
	return func(s string) error {
		n, err := strconv.Atoi(s)
		if err != nil || n < from || n > to {
			return fmt.Errorf("want a whole number from %d to %d", from, to)
		}
		*p = n
		return nil
	}
}

func share(p *float64) func(string) error {
	return func(s string) error {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || !(f >= 0 && f <= 1) {
			return errors.New("want a share from 0 to 1 such as 0.1")
		}
		*p = f
		return nil
	}
}

func boolean(p *bool) func(string) error {
	return func(s string) error {
		if s != "true" && s != "false" {
			return errors.New("want true or false")
		}
		*p = s == "true"
		return nil
	}
}

func oneOf[T ~string](p *T, allowed ...T) func(string) error {
	return func(s string) error {
		if !slices.Contains(allowed, T(s)) {
			return fmt.Errorf("want one of %q", allowed)
		}
		*p = T(s)
		return nil
	}
}

func optionalStatus(p *int) func(string) error {
	status := number(p, 200, 599)
	return func(s string) error {
		if s == "" {
			*p = 0
			return nil
		}
		return status(s)
	}
}

func size(p *int) func(string) error {
	return func(s string) error {
		digits, unit := s, 1
		for i, suffix := range []string{"Ki", "Mi", "Gi"} {
			if d, ok := strings.CutSuffix(s, suffix); ok {
				digits, unit = d, 1<<(10*(i+1))
			}
		}
		n, err := strconv.Atoi(digits)
		if err != nil || n < 0 || n > 1<<40/unit {
			return errors.New("want a number of bytes such as 1048576, 512Ki or 8Mi")
		}
		*p = n * unit
		return nil
	}
}

// podName refuses what could not be the name of a file of its own.
func podName(p *string) func(string) error {
	return func(s string) error {
		if s != "" && (s != filepath.Base(s) || s == "." || s == "..") {
			return errors.New("want the name of a pod")
		}
		*p = s
		return nil
	}
}
