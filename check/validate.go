package check

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The bounds of a check.
const (
	// MaxRate is in requests per second, of one sender in one stream.
	MaxRate = 20000
	// MaxPool is in connections, likewise.
	MaxPool = 10000
)

// A stream's name becomes part of file names and test names, so it is a DNS
// label (RFC 1123). A workload's name is a DNS subdomain, as the API wants it.
var (
	label     = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)
	subdomain = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)
	// A service's name and its namespace's are DNS labels.
	serviceName = regexp.MustCompile(`^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)?)?$`)
	// RFC 9110, section 5.1: a field name is a token.
	headerName = regexp.MustCompile("^[-!#$%&'*+.^_`|~0-9A-Za-z]*$")
)

// Validate judges a check that has its defaults. The error joins one
// FieldError for each problem, in the order of the check's fields.
func (c Check) Validate() error {
	var p problems
	if c.APIVersion != APIVersion {
		p.add("apiVersion", "%q; want %s", c.APIVersion, APIVersion)
	}
	if c.Kind != Kind {
		p.add("kind", "%q; want %s", c.Kind, Kind)
	}
	// It names a folder. Where it is the workload's, that one is complained of.
	if c.Metadata.Name != c.Workload.Name && !subdomain.MatchString(c.Metadata.Name) {
		p.add("metadata.name", "%q; want lower case letters, digits, '-' and '.'", c.Metadata.Name)
	}
	c.validateWorkload(&p)
	if !c.WantsURL() {
		p.url("target.url", c.Target.URL)
		c.notItself("target.url", c.Target.URL, "leave it out, or give", &p)
	}
	if !serviceName.MatchString(c.Target.Service) {
		p.add("target.service", "%q is no name of a service; want NAME, or NAME.NAMESPACE for one of another namespace", c.Target.Service)
	}
	p.headers("target.headers", c.Target.Headers)
	if !headerName.MatchString(c.Target.PodHeader) {
		p.add("target.podHeader", "%q is no header's name; want one such as %s", c.Target.PodHeader, DefaultPodHeader)
	}
	if _, err := regexp.Compile(c.Target.ShutdownLog); err != nil {
		p.add("target.shutdownLog", "%q is no regular expression (%s); want RE2, for example ^shutting down", c.Target.ShutdownLog, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	c.validateTLS(&p)
	c.validateVia(&p)
	c.validateTrace(&p)
	c.validateInside(&p)
	c.validateStreams(&p)
	c.validateDisruptions(&p)
	c.validateSoak(&p)
	c.validateProve(&p)
	c.validateAgain(&p)
	c.validateWindow(&p)
	p.positive("timing.baseline", c.Timing.Baseline)
	p.positive("timing.settle", c.Timing.Settle)
	p.positive("timing.timeout", c.Timing.Timeout)
	p.budget("budget.failed", c.Budget.Failed)
	p.budget("budget.maskable", c.Budget.Maskable)
	p.budget("budget.unattributed", c.Budget.Unattributed)
	c.validateLatencies(&p)
	c.validateOutlasts(&p)
	c.validateControl(&p)
	return errors.Join(p...)
}

func (c Check) validateWorkload(p *problems) {
	switch {
	case c.Workload == (Workload{}):
		p.add("workload", "missing; want KIND/NAME, for example deployment/web")
	case !slices.Contains([]WorkloadKind{Deployment, StatefulSet, DaemonSet}, c.Workload.Kind):
		p.add("workload", "unknown kind %q; want deployment, statefulset or daemonset", c.Workload.Kind)
	case len(c.Workload.Name) > 253 || !subdomain.MatchString(c.Workload.Name):
		p.add("workload", "%q is no name of a Kubernetes object; want lower case letters, digits, '-' and '.'", c.Workload.Name)
	}
}

// validateTLS refuses what is said of TLS where no request uses it. A file of targets may
// hold any URL.
func (c Check) validateTLS(p *problems) {
	secure := func(address string) bool { return len(address) >= 6 && strings.EqualFold(address[:6], "https:") }
	if c.Target.TLS == nil || c.WantsURL() || c.Control != nil && secure(c.Control.URL) ||
		slices.ContainsFunc(c.Streams, func(s Stream) bool { return s.Targets != nil || secure(s.URL) }) {
		return
	}
	const problem = "it has no use, as no URL is one of https; want an https URL, or nothing here"
	if c.Target.TLS.CAFile != "" {
		p.add("target.tls.caFile", problem)
	}
	if c.Target.TLS.ServerName != "" {
		p.add("target.tls.serverName", problem)
	}
}

func (c Check) validateStreams(p *problems) {
	if len(c.Streams) == 0 {
		p.add("streams", "none; want at least one")
	}
	first := map[string]int{}
	for i, s := range c.Streams {
		at := fmt.Sprintf("streams[%d]", i)
		if before, taken := first[s.Name]; taken {
			p.add(at+".name", "%q is the name of streams[%d] too; want a name of its own", s.Name, before)
		} else {
			first[s.Name] = i
		}
		s.validate(at, c, p)
		s.validateStages(at+".stages", c, p)
	}
}

func (s Stream) validate(at string, c Check, p *problems) {
	maxRate, maxPool := MaxRate*c.shares(), MaxPool*c.shares()
	if !label.MatchString(s.Name) {
		p.add(at+".name", "%q; want 1 to 63 lower case letters, digits and '-', with a letter or digit at each end", s.Name)
	}
	s.validateKind(at, p)
	// The comparison is written so that NaN fails it.
	if !(s.Rate > 0 && s.Rate <= float64(maxRate)) {
		p.add(at+".rate", "%s requests per second; want more than 0 and at most %d", number(s.Rate), maxRate)
	}
	switch s.Connections {
	case New:
		if s.Pool != 0 {
			p.add(at+".pool", "%d connections have no use where each is new; want connections: %s, or no pool", s.Pool, Reused)
		}
	case Reused:
		if s.Pool < 1 || s.Pool > maxPool {
			p.add(at+".pool", "%d connections; want 1 to %d", s.Pool, maxPool)
		}
	default:
		p.add(at+".connections", "%q; want %s or %s", string(s.Connections), New, Reused)
	}
	// One wrong address is one problem, however many streams inherit it.
	if s.URL != c.Target.URL && (!c.WantsURL() || !strings.HasPrefix(s.URL, "/")) {
		p.url(at+".url", s.URL)
		c.notItself(at+".url", s.URL, "give", p)
	}
	s.validateRequest(at, c, p)
	s.validateGRPC(at, c, p)
	p.positive(at+".timeout", s.Timeout)
	for j, status := range s.ExpectStatus {
		if status < 100 || status > 599 {
			p.add(fmt.Sprintf("%s.expectStatus[%d]", at, j), "%d; want 100 to 599", status)
		}
	}
	s.validateExpectBody(at+".expectBody", p)
	s.validateBudget(at+".budget", c.Budget, p)
}

func (s Stream) validateStages(at string, c Check, p *problems) {
	maxRate := MaxRate * c.shares()
	var length Duration
	for i, stage := range s.Stages {
		if stage.Over < 0 {
			p.add(fmt.Sprintf("%s[%d].over", at, i), "%s; want 0s or more", stage.Over)
		}
		if !(stage.To > 0 && stage.To <= float64(maxRate)) {
			p.add(fmt.Sprintf("%s[%d].to", at, i), "%s requests per second; want more than 0 and at most %d", number(stage.To), maxRate)
		}
		length += stage.Over
	}
	if len(s.Stages) > 0 && length >= c.Timing.Baseline {
		p.add(at, "they take %s, and the baseline %s; want them shorter: the full rate has to be seen before anything is done", length, c.Timing.Baseline)
	}
}

// kinds names the disruptions that are set.
func (d Disruption) kinds() []string {
	var set []string
	for name, field := range kindFields(d) {
		if !field.IsNil() {
			set = append(set, name)
		}
	}
	slices.Sort(set)
	return set
}

func kindFields(d Disruption) map[string]reflect.Value {
	fields := fieldsOf(reflect.ValueOf(d))
	maps.DeleteFunc(fields, func(_ string, field reflect.Value) bool { return !isKind(field) })
	return fields
}

// isKind tells a disruption's kinds from what they have in common.
func isKind(field reflect.Value) bool {
	return field.Kind() == reflect.Pointer || field.Kind() == reflect.Slice
}

// problems gathers FieldErrors.
type problems []error

func (p *problems) add(field, format string, args ...any) {
	*p = append(*p, &FieldError{Field: field, Problem: fmt.Sprintf(format, args...)})
}

func (p *problems) positive(field string, d Duration) {
	if d <= 0 {
		p.add(field, "%s; want more than 0", d)
	}
}

func (p *problems) budget(field string, n int) {
	if n < 0 {
		p.add(field, "%d; want 0 or more", n)
	}
}

func (p *problems) url(field, raw string) {
	const want = "want an absolute URL such as http://127.0.0.1:30080/"
	if raw == "" {
		p.add(field, "missing; %s", want)
		return
	}
	u, err := url.Parse(raw)
	shown := ShownURL(raw)
	if parse, ok := errors.AsType[*url.Error](err); ok {
		why := fmt.Sprintf(" (%v)", parse.Err)
		if strings.Contains(raw, "@") {
			why = "" // it may quote a password
		}
		p.add(field, "%q is no URL%s; %s", shown, why, want)
		return
	}
	switch {
	case u.User != nil:
		// The URL is written to recordings and reports, so its secret is not
		// repeated here either.
		p.add(field, "holds a user name or password; want none in the URL")
	case u.Scheme != "http" && u.Scheme != "https":
		p.add(field, "%q has no http or https scheme; %s", shown, want)
	case u.Hostname() == "":
		p.add(field, "%q names no host; %s", shown, want)
	case !validPort(u.Port()):
		p.add(field, "%q has a port that does not exist; want 1 to 65535", shown)
	}
}

func validPort(port string) bool {
	if port == "" {
		return true
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0
}

// number gives a float without an exponent where people would not write one.
func number(f float64) string {
	if math.Abs(f) < 1e15 {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// listed names what is set, for a sentence.
func listed(set []string) string {
	if len(set) == 0 {
		return "empty"
	}
	return strings.Join(set, " and ")
}
