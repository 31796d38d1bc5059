package lint

import (
	"fmt"
	"math"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/shutdowncheck/shutdowncheck/internal/patch"
	"github.com/shutdowncheck/shutdowncheck/manifest"
	"github.com/shutdowncheck/shutdowncheck/report"
)

var dependencyRules = []rule{{
	id:    "dependency-ends-first",
	cause: report.ErrorsWhileDraining,
	doc:   "A container that the serving one asks (php-fpm or an app behind a web server, a proxy to a database) gets SIGTERM earlier: all plain containers get it together, each after its own preStop (KEP-753).",
	find: func(w *workload, report func(breach)) {
		serving := w.serving()
		for _, d := range w.containers() {
			if slices.Contains(serving, d) || meshProxies[d.Name] {
				continue
			}
			for _, c := range serving {
				if b, found := endsBefore(w, d, c); found {
					report(b)
					break
				}
			}
		}
	},
}}

// endsBefore judges whether d, which c asks, may be gone while c still serves.
func endsBefore(w *workload, d, c container) (b breach, found bool) {
	proxy := databaseProxy(d)
	behind, sure := isBehind(w, d, c)
	behind = behind && proxy == ""
	hook, exact := staySeconds(w, d)
	delay, known := termDelay(d)
	if proxy == "" && !behind || !exact || !known {
		return breach{}, false // or how long it stays is not known
	}
	served, servedExact := hookSeconds(w, c)
	stays := hook + delay
	if stays >= served && (stays > 0 || behind && servedExact) {
		return breach{}, false
	}
	b = breach{severity: Warning, container: d.Name, field: d.field}
	if served == 0 || behind && !sure || proxy != "" && (!slices.Contains(endAtOnce, proxy) || setElsewhere(d)) {
		b.severity = Note
	}
	serves := fmt.Sprintf("%s goes on for the %g s of its preStop", c.Name, served)
	switch {
	case served == 0 && !servedExact:
		serves = fmt.Sprintf("%s goes on until its preStop is over", c.Name)
	case served == 0:
		serves = fmt.Sprintf("%s still answers what is in flight", c.Name)
	case !servedExact:
		serves = fmt.Sprintf("%s goes on for %g s or more of its preStop", c.Name, served)
	}
	gets := fmt.Sprintf("%s gets SIGTERM after %g s", d.Name, hook)
	switch quits := judge(w, d).Quits; {
	case quits != nil:
		gets = fmt.Sprintf("%s is told to stop %s (%s)", d.Name, after(quits), quits.Command)
	case hook == 0:
		gets = d.Name + " gets SIGTERM at once"
	case delay > 0:
		gets = fmt.Sprintf("%s ends after %g s", d.Name, stays)
	}
	b.why = fmt.Sprintf("%s: %s, and requests that need it fail.", serves, gets)
	if served > 0 || !servedExact {
		b.why = fmt.Sprintf("%s, but %s: requests that need it fail from then on.", serves, gets)
	}
	_, lag := w.slowest()
	needed := max(int(math.Ceil(served)), lag)
	b.fix = fmt.Sprintf("Give %s a preStop that sleeps at least as long as that of %s.", d.Name, c.Name)
	if proxy == "" && served > 0 {
		needed += handOver
		b.fix = fmt.Sprintf("Give %s a preStop that sleeps %d s longer than that of %s, which still passes on what it has taken by then.", d.Name, handOver, c.Name)
	}
	if proxy != "" {
		needed += advisedSleep
		b.fix = fmt.Sprintf("Make %s a native sidecar (an initContainer with restartPolicy Always), which ends last, or let its preStop outlast that of %s and the longest request%s.", d.Name, c.Name, flagOf(proxy))
	}
	if needed > 0 && thenStop(d) == "" {
		spec := patch.Object{}
		d.list.Container(spec, d.Name, patch.Sleep(needed, otherHandlers(d)...))
		if w.grace() < needed+leastDrain {
			spec["terminationGracePeriodSeconds"] = needed + defaultGrace
		}
		b.patch = patch.PodSpec(spec)
	}
	return b, true
}

// staySeconds is for how many seconds preStop keeps what another container asks from being told
// to stop, by the hook itself or by SIGTERM after it.
func staySeconds(w *workload, c container) (seconds float64, known bool) {
	hook := judge(w, c)
	switch q := hook.Quits; {
	case preStop(c) == nil:
		return 0, true
	case q != nil:
		return q.After.Seconds(), q.Exact && q.Certain && !q.Maybe
	case wantsPost(preStop(c)) != "":
		return 0, true // the request does nothing
	default:
		return hook.Least.Seconds(), hook.Exact
	}
}

// handOver is for how many seconds what is behind a web server should outlast its preStop: both would
// get SIGTERM at the same moment, and what the web server has accepted would find a closed port.
const handOver = 2

// databaseProxies are the programs through which others reach their data, or that keep
// some for them, by the names of images, containers and commands.
var databaseProxies = map[string]string{
	"cloud-sql-proxy": "cloud-sql-proxy", "cloud_sql_proxy": "cloud-sql-proxy", "cloudsql-proxy": "cloud-sql-proxy", "gce-proxy": "cloud-sql-proxy", "cloud-sql-auth-proxy": "cloud-sql-proxy", "cloudsql-auth-proxy": "cloud-sql-proxy",
	"alloydb-auth-proxy": "alloydb-auth-proxy", "alloydb-proxy": "alloydb-auth-proxy",
	"pgbouncer": "pgbouncer", "pgcat": "pgcat", "pgpool": "pgpool", "odyssey": "odyssey", "proxysql": "proxysql", "maxscale": "maxscale", "mysql-router": "mysql-router", "twemproxy": "twemproxy", "nutcracker": "twemproxy", "mcrouter": "mcrouter",
	"haproxy": "haproxy", "envoy": "envoy",
	"redis": "redis", "valkey": "valkey", "memcached": "memcached",
}

// endAtOnce are those that by default close what is open as soon as they get SIGTERM
// (cloud-sql-proxy's README: max-sigterm-delay and term_timeout are 0).
var endAtOnce = []string{"cloud-sql-proxy", "alloydb-auth-proxy"}

// databaseProxy names the proxy that a container runs; empty for none.
func databaseProxy(c container) string {
	image := imageName(c)
	names := []string{c.Name, image}
	if len(c.Command) > 0 {
		names = append(names, path.Base(c.Command[0]))
	}
	for _, name := range names {
		if proxy := databaseProxies[name]; proxy != "" {
			return proxy
		}
	}
	return ""
}

// flagOf is the proxy's own setting, as the end of a sentence.
func flagOf(proxy string) string {
	if slices.Contains(endAtOnce, proxy) {
		return ", or set its --max-sigterm-delay (of version 1 -term_timeout) to that"
	}
	return ""
}

// delayFlag finds the settings that let Google's proxies stay after SIGTERM, in the words
// of their command or of a script around it.
var delayFlag = regexp.MustCompile(`-(?:term_timeout|(?:max|min)-sigterm-delay)[= ]+["']?([0-9a-z.]+)`)

// delayVariable ends the names of the same settings in the environment.
var delayVariable = regexp.MustCompile(`_(?:MAX|MIN)_SIGTERM_DELAY$`)

// termDelay is for how many seconds after SIGTERM a database's proxy stays, as its
// settings tell. It is not known where they come from elsewhere.
func termDelay(c container) (seconds float64, known bool) {
	words := strings.Join(slices.Concat(c.Command, c.Args), " ")
	if trap.MatchString(words) {
		return 0, false // a script does at SIGTERM what it likes
	}
	for _, found := range delayFlag.FindAllStringSubmatch(words, -1) {
		d, ok := durationOf(found[1])
		if !ok {
			return 0, false
		}
		seconds = max(seconds, d)
	}
	for i := range c.Env {
		if !delayVariable.MatchString(c.Env[i].Name) {
			continue
		}
		d, ok := durationOf(c.Env[i].Value)
		if !ok {
			return 0, false
		}
		seconds = max(seconds, d)
	}
	return seconds, true
}

var trap = regexp.MustCompile(`\btrap\b`)

// setElsewhere tells that a file or another object may hold the same settings.
func setElsewhere(c container) bool {
	return len(c.EnvFrom) > 0 || slices.ContainsFunc(slices.Concat(c.Command, c.Args), func(word string) bool { return strings.Contains(word, "-config-file") })
}

// isoDuration is a duration as Java's time.Duration has it, of hours, minutes and seconds.
var isoDuration = regexp.MustCompile(`^PT((?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)$`)

// durationOf reads a duration of Go's or of Java's, or a bare number of seconds.
func durationOf(s string) (seconds float64, ok bool) {
	if iso := isoDuration.FindStringSubmatch(strings.ToUpper(s)); iso != nil {
		s = strings.ToLower(iso[1])
	}
	if d, err := time.ParseDuration(s); err == nil {
		return d.Seconds(), true
	}
	n, err := strconv.ParseFloat(s, 64)
	return n, err == nil && n >= 0 && !math.IsInf(n, 0)
}

// webServers are the programs that pass requests on.
var webServers = []string{"nginx", "apache", "haproxy", "caddy", "envoy", "traefik", "oauth2-proxy", "httpd"}

// isBehind tells whether d is what the web server c passes requests on to: php-fpm by what
// it runs, others by that or by a port of theirs. It is not sure of one that shows neither.
func isBehind(w *workload, d, c container) (behind, sure bool) {
	server, _ := manifest.Server(d.Container)
	front, _ := manifest.Server(c.Container)
	switch {
	case isFPM(d):
		return !isFPM(c), true
	case accessory(d): // c may be told where to send its traces
		return false, false
	case isUpstream(d, c):
		return true, true
	case !webServer(c, front), slices.Contains(webServers, server):
		return false, false
	default:
		return server != "" || len(d.Ports) == 0 || slices.Contains(w.open(), d), server != "" || len(d.Ports) > 0
	}
}

// upstream finds the address of the pod's own that a proxy is told to pass requests on to, in its words
// (oauth2-proxy --upstream, gatekeeper --upstream-url, ghostunnel --target) or its environment
// (OAUTH2_PROXY_UPSTREAMS).
var upstream = regexp.MustCompile(`(?i)(?:^|[ _-])(?:upstreams?(?:-ur[li])?|target)[= ]["']?(?:[a-z+]+://)?(?:localhost|127\.0\.0\.1|\[::1\]):(\d{1,5})\b`)

// isUpstream tells whether c is told to pass requests on to a port at which d listens, as that declares
// or is probed there.
func isUpstream(d, c container) bool {
	told := []string{strings.Join(slices.Concat(c.Command, c.Args), " ")}
	for i := range c.Env {
		told = append(told, c.Env[i].Name+"="+c.Env[i].Value)
	}
	for _, words := range told {
		for _, found := range upstream.FindAllStringSubmatch(words, -1) {
			port, err := strconv.ParseInt(found[1], 10, 32)
			if err != nil {
				continue
			}
			declared := slices.ContainsFunc(d.Ports, func(p corev1.ContainerPort) bool { return int64(p.ContainerPort) == port })
			if declared || probesAt(d, int32(port)) {
				return true
			}
		}
	}
	return false
}

// isFPM tells a PHP behind FastCGI, which no user's request reaches but through another.
func isFPM(c container) bool {
	server, _ := manifest.Server(c.Container)
	return server == "php-fpm" || slices.Contains(nameParts(c), "fpm")
}

func webServer(c container, server string) bool {
	image, _, _ := strings.Cut(path.Base(c.Image), ":")
	return slices.ContainsFunc([]string{server, c.Name, image}, func(name string) bool { return slices.Contains(webServers, name) })
}
