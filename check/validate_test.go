package check_test

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
)

func validCheck() check.Check {
	return check.Check{
		Workload: check.Workload{Kind: check.Deployment, Name: "web"},
		Target:   check.Target{URL: "http://127.0.0.1:30080/"},
	}.WithDefaults()
}

// untyped is a call whose types its server has to tell.
var untyped = check.GRPC{Method: "a.B/C", Body: check.NewValue(`{"x": 1}`)}

// grpcCall makes the first stream one of calls.
func grpcCall(call check.GRPC) func(*check.Check) {
	return func(c *check.Check) {
		c.Streams[0] = check.Stream{Name: "calls", Kind: check.GRPCCalls, Rate: 5, Connections: check.New, GRPC: &call}
		*c = c.WithDefaults()
	}
}

// callInside does so, of calls that pods in the cluster make.
func callInside(call check.GRPC) func(*check.Check) {
	return func(c *check.Check) {
		grpcCall(call)(c)
		c.Inside, c.Target.URL = &check.Inside{Senders: 1}, "http://web/"
		for i := range c.Streams {
			c.Streams[i].URL = c.Target.URL
		}
	}
}

func TestValidate(t *testing.T) {
	tests := map[string]struct {
		change func(*check.Check)
		want   string
	}{
		"the defaults":   {func(*check.Check) {}, ""},
		"https":          {func(c *check.Check) { c.Target.URL = "https://web.example:8443/a?b=c" }, ""},
		"IPv6":           {func(c *check.Check) { c.Target.URL = "http://[::1]:8080/" }, ""},
		"no header":      {func(c *check.Check) { c.Target.PodHeader = "" }, ""},
		"highest rate":   {func(c *check.Check) { c.Streams[0].Rate = 20000 }, ""},
		"rate under one": {func(c *check.Check) { c.Streams[0].Rate = 0.1 }, ""},
		"scale to zero":  {func(c *check.Check) { c.Disruptions = []check.Disruption{{Scale: &check.Scale{}}} }, ""},
		"API version":    {func(c *check.Check) { c.APIVersion = "v2" }, `apiVersion: "v2"; want shutdowncheck/v1alpha1`},
		"kind":           {func(c *check.Check) { c.Kind = "Test" }, `kind: "Test"; want Check`},
		"a name that leaves the folder": {
			func(c *check.Check) { c.Metadata.Name = "../x" }, `metadata.name: "../x"; want lower case letters, digits, '-' and '.'`,
		},
		"no workload":     {func(c *check.Check) { c.Workload = check.Workload{} }, "workload: missing; want KIND/NAME, for example deployment/web"},
		"workload's kind": {func(c *check.Check) { c.Workload.Kind = "Pod" }, `workload: unknown kind "Pod"; want deployment, statefulset or daemonset`},
		"workload's name": {func(c *check.Check) { c.Workload.Name = "We b" }, `workload: "We b" is no name of a Kubernetes object; want lower case letters, digits, '-' and '.'`},
		"service":         {func(c *check.Check) { c.Target.Service = "web.demo.svc" }, `target.service: "web.demo.svc" is no name of a service; want NAME, or NAME.NAMESPACE for one of another namespace`},
		"header":          {func(c *check.Check) { c.Target.PodHeader = "X Pod" }, `target.podHeader: "X Pod" is no header's name; want one such as X-Pod-Name`},

		"no URL":           {setURL(""), "target.url: missing; want an absolute URL such as http://127.0.0.1:30080/"},
		"no scheme":        {setURL("127.0.0.1:80"), `target.url: "127.0.0.1:80" is no URL (first path segment in URL cannot contain colon); want an absolute URL such as http://127.0.0.1:30080/`},
		"host as scheme":   {setURL("localhost:80/"), `target.url: "localhost:80/" has no http or https scheme; want an absolute URL such as http://127.0.0.1:30080/`},
		"other scheme":     {setURL("ftp://a/"), `target.url: "ftp://a/" has no http or https scheme; want an absolute URL such as http://127.0.0.1:30080/`},
		"no host":          {setURL("http:///a"), `target.url: "http:///a" names no host; want an absolute URL such as http://127.0.0.1:30080/`},
		"port only":        {setURL("http://:80/"), `target.url: "http://:80/" names no host; want an absolute URL such as http://127.0.0.1:30080/`},
		"port 0":           {setURL("http://a:0/"), `target.url: "http://a:0/" has a port that does not exist; want 1 to 65535`},
		"port too high":    {setURL("http://a:65536/"), `target.url: "http://a:65536/" has a port that does not exist; want 1 to 65535`},
		"secret":           {setURL("http://me:secret@a/"), "target.url: holds a user name or password; want none in the URL"},
		"stream's URL":     {func(c *check.Check) { c.Streams[1].URL = "/slow" }, `streams[1].url: "/slow" has no http or https scheme; want an absolute URL such as http://127.0.0.1:30080/`},
		"no streams":       {func(c *check.Check) { c.Streams = nil }, "streams: none; want at least one"},
		"rate 0":           {setRate(0), "streams[0].rate: 0 requests per second; want more than 0 and at most 20000"},
		"negative rate":    {setRate(-1), "streams[0].rate: -1 requests per second; want more than 0 and at most 20000"},
		"rate too high":    {setRate(20000.5), "streams[0].rate: 20000.5 requests per second; want more than 0 and at most 20000"},
		"NaN":              {setRate(math.NaN()), "streams[0].rate: NaN requests per second; want more than 0 and at most 20000"},
		"infinite":         {setRate(math.Inf(1)), "streams[0].rate: +Inf requests per second; want more than 0 and at most 20000"},
		"name":             {func(c *check.Check) { c.Streams[0].Name = "a/b" }, `streams[0].name: "a/b"; want 1 to 63 lower case letters, digits and '-', with a letter or digit at each end`},
		"name too long":    {func(c *check.Check) { c.Streams[0].Name = strings.Repeat("a", 64) }, `streams[0].name: "` + strings.Repeat("a", 64) + `"; want 1 to 63 lower case letters, digits and '-', with a letter or digit at each end`},
		"name twice":       {func(c *check.Check) { c.Streams[1].Name = "short-new" }, `streams[1].name: "short-new" is the name of streams[0] too; want a name of its own`},
		"connections":      {func(c *check.Check) { c.Streams[0].Connections = "old" }, `streams[0].connections: "old"; want new or reused`},
		"pool 0":           {func(c *check.Check) { c.Streams[1].Pool = 0 }, "streams[1].pool: 0 connections; want 1 to 10000"},
		"pool too large":   {func(c *check.Check) { c.Streams[1].Pool = 10001 }, "streams[1].pool: 10001 connections; want 1 to 10000"},
		"pool of new ones": {func(c *check.Check) { c.Streams[0].Pool = 7 }, "streams[0].pool: 7 connections have no use where each is new; want connections: reused, or no pool"},
		"TLS without https": {
			func(c *check.Check) { c.Target.TLS = &check.TLS{CAFile: "ca.pem", ServerName: "web"} },
			"target.tls.caFile: it has no use, as no URL is one of https; want an https URL, or nothing here\n" +
				"target.tls.serverName: it has no use, as no URL is one of https; want an https URL, or nothing here",
		},
		"TLS of one stream": {func(c *check.Check) {
			c.Target.TLS, c.Streams[1].URL = &check.TLS{CAFile: "ca.pem"}, "HTTPS://web.example/"
		}, ""},
		"method":              {func(c *check.Check) { c.Streams[0].Method = "BREW" }, `streams[0].method: "BREW"; want one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS`},
		"stream's kind":       {func(c *check.Check) { c.Streams[0].Kind = "long" }, `streams[0].kind: "long"; want short, slow, streaming or grpc`},
		"a streamed HEAD":     {func(c *check.Check) { c.Streams[0].Kind, c.Streams[0].Method = check.Streaming, "HEAD" }, `streams[0].kind: the answer to a HEAD has no body that could be on its way; want another method, or slow`},
		"grpc":                {grpcCall(check.GRPC{}), ""},
		"grpc in another":     {func(c *check.Check) { c.Streams[0].GRPC = &check.GRPC{} }, "streams[0].grpc: it has no use in a stream of kind short; want kind: grpc"},
		"grpc without a call": {func(c *check.Check) { c.Streams[0].Kind = check.GRPCCalls }, "streams[0].kind: grpc without what it calls; want the stream in a check file"},
		"grpc's method":       {grpcCall(check.GRPC{Method: "web.Shop.Buy"}), `streams[0].grpc.method: "web.Shop.Buy" is no method's full name; want package.Service/Method, for example grpc.health.v1.Health/Check`},
		"grpc's body":         {grpcCall(check.GRPC{Body: check.NewValue("[1]")}), `streams[0].grpc.body: it is no JSON object; want the request message in protobuf's JSON form, for example '{"name": "x"}'`},
		"grpc's code":         {grpcCall(check.GRPC{ExpectCodes: []check.GRPCCode{"OK", "FINE"}}), `streams[0].grpc.expectCodes[1]: "FINE"; want 0 to 16, or a name such as OK or NOT_FOUND`},
		"grpc's types told twice": {
			grpcCall(check.GRPC{Descriptors: "x", Protos: &check.Protos{Files: []string{"a.proto"}}}),
			"streams[0].grpc.descriptors: the types are told by protos, too; want one of the two",
		},
		"grpc's source": {
			grpcCall(check.GRPC{Protos: &check.Protos{Files: []string{"../a.proto"}}}),
			`streams[0].grpc.protos.files[0]: "../a.proto"; want a name below one of the paths, as import statements have it`,
		},
		"grpc with a control": {
			func(c *check.Check) { grpcCall(check.GRPC{})(c); c.Control = &check.Control{Image: "shutdowncheck:v1"} },
			"control: its service answers no gRPC, so that it cannot be tried with streams[0] (calls), which is of kind grpc; want no control, or a check without such streams",
		},
		"grpc over HTTP/1.1": {
			func(c *check.Check) { grpcCall(check.GRPC{})(c); c.Streams[0].Protocol = check.HTTP1 },
			"streams[0].protocol: http/1.1 cannot carry gRPC; want h2 or h2c, or nothing here",
		},
		"grpc with a path": {
			func(c *check.Check) { grpcCall(check.GRPC{})(c); c.Streams[0].URL = "http://a/b" },
			`streams[0].url: "http://a/b" has a path or a query; want scheme, host and port alone, as a call's path is its method`,
		},
		"grpc with statuses": {
			func(c *check.Check) { grpcCall(check.GRPC{})(c); c.Streams[0].ExpectStatus = []int{200} },
			"streams[0].expectStatus: it has no use in a stream of kind grpc; want what grpc says instead",
		},
		"grpc without types":        {grpcCall(untyped), ""},
		"grpc without types inside": {callInside(untyped), "streams[0].grpc.body: a message that is not empty needs its types, and with inside the server is not asked for them; want descriptors or protos"},
		"grpc without types via a balancer": {func(c *check.Check) {
			grpcCall(untyped)(c)
			c.Target.Via = new(check.ParseVia("20s"))
		}, "streams[0].grpc.body: a message that is not empty needs its types, and with target.via the server is not asked for them; want descriptors or protos"},
		"grpc without a message inside": {callInside(check.GRPC{Method: "a.B/C", Body: check.NewValue("{}")}), ""},
		"protocol":                      {func(c *check.Check) { c.Streams[0].Protocol = "h3" }, `streams[0].protocol: "h3"; want http/1.1, h2 or h2c`},
		"h2 on http":                    {func(c *check.Check) { c.Streams[0].Protocol = check.HTTP2 }, `streams[0].protocol: h2 goes over TLS; want an https URL, or h2c`},
		"max connections":               {func(c *check.Check) { c.Streams[1].MaxConnections = 3 }, `streams[1].maxConnections: 3 connections; want at least the pool's 32, or 0 for no limit`},
		"header's name":                 {func(c *check.Check) { c.Target.Headers = []check.Header{{Name: "a b"}} }, `target.headers[0].name: "a b" is no header's name; want one such as Authorization`},
		"own header":                    {func(c *check.Check) { c.Streams[0].Headers = []check.Header{{Name: "connection"}} }, `streams[0].headers[0].name: Connection is set by the stream itself; want another`},
		"own trace": {func(c *check.Check) {
			c.Target.Trace, c.Target.Headers = true, []check.Header{{Name: "A"}, {Name: "traceparent"}}
		}, `target.headers[1].name: traceparent is what target.trace (--trace) gives each request; want one of the two`},
		"stream's own trace": {func(c *check.Check) {
			c.Target.Trace, c.Streams[1].Headers = true, []check.Header{{Name: "TraceParent"}}
		}, `streams[1].headers[0].name: traceparent is what target.trace (--trace) gives each request; want one of the two`},
		"own trace alone": {func(c *check.Check) { c.Target.Headers = []check.Header{{Name: "traceparent"}} }, ""},
		"header's value":  {func(c *check.Check) { c.Target.Headers = []check.Header{{Name: "A", Value: "b\r\nc: d"}} }, `target.headers[0].value: holds a line break or another control character; want none`},
		"expectation":     {func(c *check.Check) { c.Target.Headers = []check.Header{{Name: "Expect", Value: "cake"}} }, `target.headers[0].value: want 100-continue, the only thing that can be expected`},
		"body of a GET":   {func(c *check.Check) { c.Streams[0].Body = &check.Body{Text: check.NewValue("x")} }, `streams[0].body: a GET carries no body; want one of POST, PUT, PATCH, DELETE as method`},
		"two bodies": {func(c *check.Check) {
			c.Streams[0].Method, c.Streams[0].Body = "PUT", &check.Body{Text: check.NewValue("x"), File: "y"}
		}, `streams[0].body: want text or file, one of them`},
		"no targets":     {func(c *check.Check) { c.Streams[0].Targets = &check.Targets{Format: "http"} }, `streams[0].targets.file: missing; want a file of targets`},
		"target format":  {func(c *check.Check) { c.Streams[0].Targets = &check.Targets{File: "x", Format: "csv"} }, `streams[0].targets.format: "csv"; want http or json`},
		"stream timeout": {func(c *check.Check) { c.Streams[0].Timeout = -1 }, "streams[0].timeout: -1ns; want more than 0"},
		"stage back":     {func(c *check.Check) { c.Streams[0].Stages = []check.Stage{{Over: -1, To: 5}} }, "streams[0].stages[0].over: -1ns; want 0s or more"},
		"stage to 0":     {func(c *check.Check) { c.Streams[0].Stages = []check.Stage{{To: 0}} }, "streams[0].stages[0].to: 0 requests per second; want more than 0 and at most 20000"},
		"stages": {func(c *check.Check) {
			c.Streams[0].Stages = []check.Stage{{Over: check.DefaultBaseline, To: 5}}
		}, "streams[0].stages: they take 10s, and the baseline 10s; want them shorter: the full rate has to be seen before anything is done"},
		"status":          {func(c *check.Check) { c.Streams[0].ExpectStatus = []int{200, 600} }, "streams[0].expectStatus[1]: 600; want 100 to 599"},
		"body":            {expectBody(check.ExpectBody{Contains: "ok"}), ""},
		"body's pattern":  {expectBody(check.ExpectBody{Matches: `(?i)"status":\s*"ok"`}), ""},
		"no body said":    {expectBody(check.ExpectBody{}), "streams[0].expectBody: want contains or matches, one of them"},
		"both of a body":  {expectBody(check.ExpectBody{Contains: "a", Matches: "b"}), "streams[0].expectBody: want contains or matches, one of them"},
		"a bad pattern":   {expectBody(check.ExpectBody{Matches: "("}), `streams[0].expectBody.matches: "(" is no regular expression (missing closing ): ` + "`(`" + `); want RE2, for example ^\{`},
		"any body":        {expectBody(check.ExpectBody{Matches: "(ok)?"}), `streams[0].expectBody.matches: "(ok)?" fits an empty body too; want a pattern that an empty body does not fit`},
		"too long a body": {expectBody(check.ExpectBody{Contains: strings.Repeat("a", check.ExpectBodyBytes+1)}), `streams[0].expectBody.contains: 65537 bytes; want at most 65536, which is what is looked at of a body`},
		"the body of a HEAD": {func(c *check.Check) {
			c.Streams[0].Method, c.Streams[0].ExpectBody = "HEAD", &check.ExpectBody{Contains: "ok"}
		}, "streams[0].expectBody: the answer to a HEAD has no body; want another method"},
		"the body of a 204": {func(c *check.Check) {
			c.Streams[0].ExpectStatus, c.Streams[0].ExpectBody = []int{204}, &check.ExpectBody{Contains: "ok"}
		}, "streams[0].expectBody: answers of status 204 and 304 have no body, and expectStatus has no other; want another status there"},
		"own budget":         {streamBudget(check.StreamBudget{Failed: new(2), Maskable: new(1)}), ""},
		"negative own one":   {streamBudget(check.StreamBudget{Failed: new(-1)}), "streams[0].budget.failed: -1; want 0 or more"},
		"own one beyond it":  {streamBudget(check.StreamBudget{Unattributed: new(1)}), "streams[0].budget.unattributed: 1 is more than the 0 of budget.unattributed, which counts all streams; want at most that, or more there"},
		"own maskable alone": {streamBudget(check.StreamBudget{Maskable: new(1)}), "streams[0].budget.maskable: it has no use without failed, beyond which it tolerates some; want both"},
		"latency":            {func(c *check.Check) { c.Budget.P99, c.Budget.Max = check.Duration(time.Second), c.Streams[0].Timeout }, ""},
		"negative latency":   {func(c *check.Check) { c.Budget.P50 = -1 }, "budget.p50: -1ns; want more than 0, or 0s for no bound"},
		"own latency":        {streamBudget(check.StreamBudget{Max: -1}), "streams[0].budget.max: -1ns; want more than 0, or 0s for no bound"},
		"latency of a failed": {func(c *check.Check) {
			c.Streams[0].Timeout, c.Budget.P99 = check.Duration(time.Second), check.Duration(2*time.Second)
		}, "budget.p99: 2s is more than the timeout of stream short-new (1s), after which there is no answer; want less"},
		"own of a failed": {streamBudget(check.StreamBudget{P95: check.Duration(time.Hour)}), "streams[0].budget.p95: 1h0m0s is more than the timeout of stream short-new (10s), after which there is no answer; want less"},
		"no disruptions":  {func(c *check.Check) { c.Disruptions = nil }, "disruptions: none; want at least one"},
		"empty one":       {func(c *check.Check) { c.Disruptions = []check.Disruption{{}} }, "disruptions[0]: empty; want exactly one of command, delete, drain, evict, image, kill, observe, restart, scale"},
		"two in one":      {func(c *check.Check) { c.Disruptions[0].Scale = &check.Scale{} }, "disruptions[0]: restart and scale; want exactly one of command, delete, drain, evict, image, kill, observe, restart, scale"},
		"negative scale":  {func(c *check.Check) { c.Disruptions = []check.Disruption{{Scale: &check.Scale{To: -1}}} }, "disruptions[0].scale.to: -1 replicas; want 0 or more"},
		"timing":          {func(c *check.Check) { c.Timing.Timeout = 0 }, "timing.timeout: 0s; want more than 0"},
		"budget":          {func(c *check.Check) { c.Budget.Maskable = -1 }, "budget.maskable: -1; want 0 or more"},
		"scaled DaemonSet": {func(c *check.Check) {
			c.Workload.Kind = check.DaemonSet
			c.Disruptions = []check.Disruption{{Scale: &check.Scale{To: 1}}}
		}, "disruptions[0].scale: a DaemonSet has no replicas to set; want restart"},
		"several problems": {
			func(c *check.Check) { c.Target.URL, c.Budget.Failed = "", -2 },
			"target.url: missing; want an absolute URL such as http://127.0.0.1:30080/\nbudget.failed: -2; want 0 or more",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := validCheck()
			test.change(&c)
			err := c.Validate()
			if got := text(err); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if _, ok := errors.AsType[*check.FieldError](err); err != nil && !ok {
				t.Errorf("%T holds no FieldError", err)
			}
		})
	}
}

// setURL changes the target and the streams that took theirs from it.
func setURL(url string) func(*check.Check) {
	return func(c *check.Check) {
		c.Target.URL = url
		for i := range c.Streams {
			c.Streams[i].URL = url
		}
	}
}

// streamBudget gives the first stream one, beside a whole one of 2 and 1 maskable.
func streamBudget(own check.StreamBudget) func(*check.Check) {
	return func(c *check.Check) {
		c.Budget = check.Budget{Failed: 2, Maskable: 1}
		c.Streams[0].Budget = &own
	}
}

func expectBody(expected check.ExpectBody) func(*check.Check) {
	return func(c *check.Check) { c.Streams[0].ExpectBody = &expected }
}

func setRate(rate float64) func(*check.Check) {
	return func(c *check.Check) { c.Streams[0].Rate = rate }
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestTheKindOfAStreamDecidesItsDefaults(t *testing.T) {
	second := check.Duration(time.Second)
	tests := map[string]struct{ given, want check.Stream }{
		"none":      {check.Stream{Rate: 3, Connections: check.New}, check.Stream{Kind: check.Short, Rate: 3, Connections: check.New, Timeout: 10 * second}},
		"short":     {check.Stream{Kind: check.Short}, check.Stream{Kind: check.Short, Timeout: 10 * second}},
		"slow":      {check.Stream{Kind: check.Slow}, check.Stream{Kind: check.Slow, Rate: 5, Connections: check.New, Timeout: 60 * second}},
		"streaming": {check.Stream{Kind: check.Streaming}, check.Stream{Kind: check.Streaming, Rate: 5, Connections: check.New, Timeout: 60 * second}},
		"slow, and all of it said": {
			check.Stream{Kind: check.Slow, Rate: 1, Connections: check.Reused, Pool: 2, Timeout: second},
			check.Stream{Kind: check.Slow, Rate: 1, Connections: check.Reused, Pool: 2, Timeout: second},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := check.Check{Streams: []check.Stream{test.given}}.WithDefaults().Streams[0]
			test.want.Protocol, test.want.Method = check.HTTP1, "GET"
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
		})
	}
}

func TestWithDefaultsLeavesItsReceiverAlone(t *testing.T) {
	before := check.Check{
		Streams:     []check.Stream{{Name: "a"}},
		Disruptions: []check.Disruption{{Scale: &check.Scale{To: 1}}},
	}
	after := before.WithDefaults()
	if before.Streams[0].Method != "" || before.Disruptions[0].Scale.Restore != nil {
		t.Errorf("changed to %+v", before)
	}
	if !*after.Disruptions[0].Scale.Restore {
		t.Error("a scale is not restored by default")
	}
}

func TestWithDefaultsTwiceIsOnce(t *testing.T) {
	once := validCheck()
	if twice := once.WithDefaults(); !reflect.DeepEqual(once, twice) {
		t.Errorf("once  %+v\ntwice %+v", once, twice)
	}
}

func TestWithDefaultsKeepsAnEmptyList(t *testing.T) {
	c := check.Check{Streams: []check.Stream{}, Disruptions: []check.Disruption{}}.WithDefaults()
	if len(c.Streams) != 0 || len(c.Disruptions) != 0 {
		t.Errorf("got %+v", c)
	}
}

func TestParseWorkload(t *testing.T) {
	tests := map[string]check.Workload{
		"deployment/web":       {Kind: check.Deployment, Name: "web"},
		"deploy/web":           {Kind: check.Deployment, Name: "web"},
		"Deployment.apps/web":  {Kind: check.Deployment, Name: "web"},
		"sts/db":               {Kind: check.StatefulSet, Name: "db"},
		"daemonsets.apps/node": {Kind: check.DaemonSet, Name: "node"},
	}
	for text, want := range tests {
		if got, err := check.ParseWorkload(text); err != nil || got != want {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "web", "/web", "deployment/", "deployment/a/b", "pod/web"} {
		if got, err := check.ParseWorkload(text); err == nil {
			t.Errorf("%q: got %v, want an error", text, got)
		}
	}
}
