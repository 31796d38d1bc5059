package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/experiment"
)

// checkFlags are the flags that make up a check. Each stands for a field of the
// check file.
type checkFlags struct {
	file string

	url           string
	inside        insideFlags
	service       string
	podHeader     string
	proxy         bool
	via           *check.Via
	rate          float64
	pool          int
	streamTimeout time.Duration
	request       requestFlags
	streams       []streamFlag
	long          longFlags
	shutdownLog   string
	disruptions   disruptionFlags
	soakEvery     time.Duration
	soakFor       time.Duration
	prove         check.Prove
	control       bool
	controlImage  string
	controlURL    string
	baseline      time.Duration
	settle        time.Duration
	timeout       time.Duration

	budgetFailed       int
	budgetMaskable     int
	budgetUnattributed int
	latency            latencyFlags
	window             windowFlags
	stopOnFailure      bool
}

// fileFlag is the flag that excludes all others of a check.
const fileFlag = "filename"

func (f *checkFlags) add(flags *pflag.FlagSet) {
	flags.StringVarP(&f.file, fileFlag, "f", "", "read the check from a `FILE` instead of from flags")
	f.addTraffic(flags)
	f.addCourse(flags)
	f.addTiming(flags)
	f.addBudget(flags)
}

// addTraffic adds those that say what is sent, and where to.
func (f *checkFlags) addTraffic(flags *pflag.FlagSet) {
	flags.StringVar(&f.url, "url", "", "`URL` that the requests go to")
	f.inside.add(flags)
	flags.StringVar(&f.service, "service", "", "`NAME` of the service that the URL leads to, where the URL does not tell it")
	flags.StringVar(&f.podHeader, "pod-header", check.DefaultPodHeader, "response `HEADER` that names the pod")
	flags.BoolVar(&f.proxy, "proxy", false, "a layer-7 proxy stands in front of the pods, so that no connection leads to one")
	flags.Var(value{"string", func(s string) error {
		if s == "" {
			return fmt.Errorf("want one of %s, or a lag such as 20s", check.Balancers())
		}
		f.via = new(check.ParseVia(s))
		return nil
	}}, "via", "dial the pods themselves, as a `BALANCER` would that learns late of them: one of "+check.Balancers()+", or a lag such as 20s")
	flags.Float64Var(&f.rate, "rate", check.DefaultRate, "requests per second of each stream of short requests")
	flags.IntVar(&f.pool, "pool", check.DefaultPool, "connections that the stream on reused connections keeps")
	flags.DurationVar(&f.streamTimeout, "stream-timeout", time.Duration(check.DefaultStreamTimeout), "how long a short request may take before it counts as failed")
	f.request.add(flags)
	flags.Var(value{"string", func(s string) error {
		stream, err := parseStream(s)
		f.streams = append(f.streams, stream)
		return err
	}}, "stream", "a stream as `KEY=VALUE,...` instead of the two default ones (repeatable); keys: "+strings.Join(streamKeys, ", "))
	f.long.add(flags)
	flags.StringVar(&f.shutdownLog, "shutdown-log", "", "`REGEXP` of the line by which the service's log tells of SIGTERM")
}

// addCourse adds those that say what is done, and how often.
func (f *checkFlags) addCourse(flags *pflag.FlagSet) {
	f.disruptions.add(flags)
	flags.DurationVar(&f.soakEvery, "soak-every", 0, "begin all disruptions again at this interval")
	flags.DurationVar(&f.soakFor, "soak-for", 0, "for how long they begin again")
	addProve(flags, &f.prove)
	flags.BoolVar(&f.control, "control", false, "try a service that drops requests first; the verdict counts only if that is caught")
	flags.StringVar(&f.controlImage, "control-image", "", "`IMAGE` of this tool, for --control")
	flags.StringVar(&f.controlURL, "control-url", "", "`URL` of the control's service (default its name inside the cluster)")
}

// addTiming adds those that say how long the parts of a run take.
func (f *checkFlags) addTiming(flags *pflag.FlagSet) {
	flags.DurationVar(&f.baseline, "baseline", time.Duration(check.DefaultBaseline), "how long the undisturbed service is watched first")
	flags.DurationVar(&f.settle, "settle", time.Duration(check.DefaultSettle), "how long the load goes on after each disruption")
	flags.DurationVar(&f.timeout, "timeout", time.Duration(check.DefaultTimeout), "how long each disruption may take")
}

// addBudget adds those that say what may be lost.
func (f *checkFlags) addBudget(flags *pflag.FlagSet) {
	flags.IntVar(&f.budgetFailed, "budget-failed", 0, "failed requests that are tolerated")
	flags.IntVar(&f.budgetMaskable, "budget-maskable", 0, "failed requests that are tolerated beyond that if a replaying client would have hidden them")
	flags.IntVar(&f.budgetUnattributed, "budget-unattributed", 0, "failed requests that may stay without an explanation")
	f.latency.add(flags)
	f.window.add(flags)
	flags.BoolVar(&f.stopOnFailure, "stop-on-failure", false, "end the run as soon as more requests have failed than the budget allows")
}

// names lists the flags that conflict with --filename.
func (f *checkFlags) names() []string {
	var names []string
	set := pflag.NewFlagSet("", pflag.ContinueOnError)
	new(checkFlags).add(set)
	set.VisitAll(func(flag *pflag.Flag) {
		if flag.Name != fileFlag {
			names = append(names, flag.Name)
		}
	})
	return names
}

// read makes the check out of a file or out of the flags and the workload, and
// looks whether this machine can carry it.
func (f *checkFlags) read(cmd *cobra.Command, args []string) (check.Check, error) {
	c, err := f.parse(cmd, args)
	if err != nil {
		return check.Check{}, err
	}
	if err := experiment.Feasible(c); err != nil {
		return check.Check{}, &usageError{f.explain(err)}
	}
	return c, nil
}

func (f *checkFlags) parse(cmd *cobra.Command, args []string) (check.Check, error) {
	args, command := splitCommand(cmd, args)
	if cmd.Flags().Changed(fileFlag) {
		return f.fromFile(cmd, args, command)
	}
	if len(args) != 1 {
		return check.Check{}, usagef("want one workload, as KIND/NAME (for example deployment/web), or --%s FILE", fileFlag)
	}
	if command != nil {
		f.disruptions.list = append(f.disruptions.list, check.Disruption{Command: check.NewValues(command...)})
	}
	return f.fromFlags(cmd.Flags(), args[0])
}

// splitCommand parts the arguments from the command behind "--", which is not
// nil where there is a "--".
func splitCommand(cmd *cobra.Command, args []string) (before, command []string) {
	at := cmd.ArgsLenAtDash()
	if at < 0 {
		return args, nil
	}
	return args[:at], args[at:]
}

func (f *checkFlags) fromFile(cmd *cobra.Command, args, command []string) (check.Check, error) {
	if command != nil {
		return check.Check{}, usagef("both --%s and a command behind --: write it into the file", fileFlag)
	}
	if len(args) > 0 {
		return check.Check{}, usagef("both --%s and the workload %s: the file names the workload", fileFlag, args[0])
	}
	for _, name := range f.names() {
		if cmd.Flags().Changed(name) {
			return check.Check{}, usagef("both --%s and --%s: write it into the file", fileFlag, name)
		}
	}
	data, err := check.ReadFile(f.file, check.MostText)
	if err != nil {
		return check.Check{}, usagef("--%s: %w", fileFlag, err)
	}
	c, err := check.Read(f.file, data)
	if err != nil {
		return check.Check{}, &usageError{errors.New(forFile(err.Error()))}
	}
	return c.Beside(filepath.Dir(f.file)), nil
}

func (f *checkFlags) fromFlags(flags *pflag.FlagSet, workload string) (check.Check, error) {
	ref, err := check.ParseWorkload(workload)
	if err != nil {
		return check.Check{}, &usageError{err}
	}
	if err := useless(flags); err != nil {
		return check.Check{}, err
	}
	if err := f.inside.contradiction(flags); err != nil {
		return check.Check{}, err
	}
	if err := f.request.contradiction(flags); err != nil {
		return check.Check{}, err
	}
	if flags.Changed("restart") && len(f.disruptions.list) == 0 {
		return check.Check{}, usagef("--restart=false leaves nothing to do; want another disruption, or --observe DURATION to watch alone")
	}
	c := check.Check{
		Workload: ref,
		Target: check.Target{
			URL: f.url, Service: f.service, Headers: f.request.headers, TLS: f.request.tls(),
			PodHeader: f.podHeader, Proxy: f.proxy, Via: f.via, ShutdownLog: f.shutdownLog, Trace: f.request.trace,
		},
		Disruptions: f.disruptions.list,
	}
	for _, s := range f.streams {
		c.Streams = append(c.Streams, s.Stream)
	}
	if c.Inside = f.inside.of(flags); c.WantsURL() {
		c.Streams = f.long.beside(c.Streams, "/") // where they begin is found later
	} else {
		c.Streams = f.long.beside(c.Streams, f.url)
	}
	if flags.Changed("soak-every") || flags.Changed("soak-for") {
		c.Soak = &check.Soak{Every: check.Duration(f.soakEvery), For: check.Duration(f.soakFor)}
	}
	if flags.Changed("prove") {
		c.Prove = &f.prove
	}
	if f.control {
		c.Control = &check.Control{Image: f.controlImage, URL: f.controlURL}
	}
	// Defaults first: a zero that was asked for has to stay a zero, so that it
	// can be refused.
	c = c.WithDefaults()
	c.Inside = f.inside.of(flags)
	if c.Prove != nil {
		c.Prove = &f.prove
	}
	c.Target.PodHeader = f.podHeader
	f.setStreams(c.Streams)
	f.disruptions.apply(flags, c.Disruptions)
	c.Timing = check.Timing{
		Baseline: check.Duration(f.baseline), Settle: check.Duration(f.settle), Timeout: check.Duration(f.timeout),
	}
	c.Budget = check.Budget{Failed: f.budgetFailed, Maskable: f.budgetMaskable, Unattributed: f.budgetUnattributed}
	f.latency.onto(&c.Budget)
	f.window.onto(&c)
	c.StopOnFailure = f.stopOnFailure
	if flags.Changed("pool") && !slices.ContainsFunc(c.Streams, func(s check.Stream) bool { return s.Connections == check.Reused }) {
		return check.Check{}, usagef("--pool has no use without a stream on reused connections")
	}
	if err := c.Validate(); err != nil {
		wrong := &usageError{f.inFlags(err)}
		if c.Inside == nil && c.Target.URL == "" {
			return check.Check{}, &noURLError{wrong, c.Workload}
		}
		return check.Check{}, wrong
	}
	return c, nil
}

// setStreams lets the flags speak that all streams have in common. Those of --slow
// and --streaming are a GET, and what is long by its kind has a rate and a timeout
// of its own.
func (f *checkFlags) setStreams(streams []check.Stream) {
	for i := range streams {
		if !streams[i].Kind.Long() {
			streams[i].Rate = f.rate
			streams[i].Timeout = check.Duration(f.streamTimeout)
		}
		if streams[i].Connections == check.Reused {
			streams[i].Pool = f.pool
		}
		f.request.carry(&streams[i])
		if i >= len(streams)-len(f.long) {
			continue
		}
		f.request.onto(&streams[i])
		if len(f.streams) > 0 {
			streams[i] = f.streams[i].onto(streams[i])
		}
	}
}

// flagOfField tells which flag a field of the check came from. The fields of
// streams and disruptions stand without their places.
var flagOfField = map[string]string{
	"target.url": "url", "inside": "inside", "inside.senders": "senders", "inside.image": "sender-image", "target.service": "service", "target.podHeader": "pod-header", "target.proxy": "proxy", "target.via": "via", "target.via.lag": "via", "target.shutdownLog": "shutdown-log",
	"target.headers.name": "header", "target.trace": "trace", "target.headers.value": "header", "target.tls.caFile": "ca-file", "target.tls.serverName": "server-name",
	"method": "method", "body": "body-file", "body.file": "body-file", "targets.file": "targets", "targets.format": "targets-format",
	"expectBody": "expect-body", "expectBody.contains": "expect-body", "expectBody.matches": "expect-body-matches",
	"protocol": "protocol", "maxConnections": "max-connections",
	"streams": "rate", "url": "url", "rate": "rate", "pool": "pool", "timeout": "stream-timeout",
	"timing.baseline": "baseline", "timing.settle": "settle", "timing.timeout": "timeout",
	"budget.failed": "budget-failed", "budget.maskable": "budget-maskable", "budget.unattributed": "budget-unattributed",
	"budget.p50": "budget-p50", "budget.p90": "budget-p90", "budget.p95": "budget-p95", "budget.p99": "budget-p99", "budget.max": "budget-max",
	"window": "no-window", "window.path": "window-path", "window.rate": "window-rate", "budget.outlasts": "budget-outlasts", "budget.path": "budget-path",
	"restart": "restart", "scale": "scale-to", "scale.to": "scale-to",
	"delete": "delete", "delete.pods": "delete", "delete.gracePeriod": "grace-period",
	"evict": "evict", "evict.pods": "evict",
	"drain": "drain", "drain.node": "drain", "drain.pods": "drain-pods",
	"kill": "kill", "kill.signal": "kill", "kill.pods": "kill-pods", "kill.via": "kill-via",
	"kill.helperImage": "helper-image", "kill.container": "container",
	"image": "image", "image.image": "image", "image.env.name": "env", "image.container": "container", "container": "container",
	"observe": "observe", "observe.for": "observe", "repeat": "repeat", "pause": "pause",
	"soak.every": "soak-every", "soak.for": "soak-for",
	"prove": "prove", "prove.lossyEnds": "prove", "prove.confidence": "prove-confidence", "prove.within": "prove-within",
	"control.image": "control-image", "control.url": "control-url", "stopOnFailure": "stop-on-failure",
	// The command stands behind a bare "--".
	"command": "",
}

// inFlags tells a problem of the check in the words of the command line. A flag
// that both streams share is complained about once.
func (f *checkFlags) inFlags(err error) error {
	var lines []string
	for _, err := range flatten(err) {
		line := err.Error()
		if field, ok := errors.AsType[*check.FieldError](err); ok {
			line = f.flagName(field.Field) + ": " + forFlags(field.Problem)
		}
		if !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return errors.New(strings.Join(lines, "\n"))
}

var (
	place    = regexp.MustCompile(`\[\d+\]`)
	streamAt = regexp.MustCompile(`^streams\[(\d+)\]\.`)
	lists    = regexp.MustCompile(`^(streams|disruptions)\.`)
)

// flagName gives the flag that a field came from, or else the field.
func (f *checkFlags) flagName(field string) string {
	plain := lists.ReplaceAllString(place.ReplaceAllString(field, ""), "")
	switch long := f.longOf(field); {
	case long != nil && plain == "url":
		return "--" + string(long.kind)
	case long != nil && plain != "protocol" && plain != "maxConnections":
		return "--" + string(long.kind) + ": " + field
	case long == nil && len(f.streams) > 0 && (field == "streams" || strings.HasPrefix(field, "streams[")):
		return "--stream: " + field
	}
	if flag, ok := flagOfField[plain]; ok {
		return "--" + flag
	}
	return field
}

// longOf gives the --slow or --streaming that a field of a stream came from; nil if
// it came from none.
func (f *checkFlags) longOf(field string) *longFlag {
	match := streamAt.FindStringSubmatch(field)
	if match == nil {
		return nil
	}
	others := len(f.streams)
	if others == 0 {
		others = len(check.DefaultStreams())
	}
	i, err := strconv.Atoi(match[1])
	if i -= others; err != nil || i < 0 || i >= len(f.long) {
		return nil
	}
	return &f.long[i]
}

func flatten(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

// explain tells problems that no parser could find in the words of the command line
// or of the file.
func (f *checkFlags) explain(err error) error {
	if f.file == "" {
		return f.inFlags(err)
	}
	var lines []string
	for _, err := range flatten(err) {
		if line := f.file + ": " + forFile(err.Error()); !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return errors.New(strings.Join(lines, "\n"))
}

// planProblem does so for what only the cluster could find.
func (f *checkFlags) planProblem(err error) error {
	field, ok := errors.AsType[*check.FieldError](err)
	switch {
	case !ok:
		return err
	case f.file != "":
		return fmt.Errorf("%s: %s", f.file, forFile(err.Error()))
	default:
		return fmt.Errorf("%s: %s", f.flagName(field.Field), forFlags(field.Problem))
	}
}
