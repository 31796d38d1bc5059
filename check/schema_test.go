package check

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode"

	generator "github.com/invopop/jsonschema"
	"go.yaml.in/yaml/v3"

	"github.com/shutdowncheck/shutdowncheck/balancer"
	"github.com/shutdowncheck/shutdowncheck/internal/schema"
	"github.com/shutdowncheck/shutdowncheck/internal/schema/schematest"
)

var update = flag.Bool("update", false, "write schema.json anew")

// required are the values of each part that have no default.
var required = map[string][]string{
	"":              {"workload"},
	"check.Stream":  {"name"},
	"check.Scale":   {"to"},
	"check.EnvVar":  {"name"},
	"check.Header":  {"name"},
	"check.Targets": {"file"},
	"check.Protos":  {"files"},
	"check.Observe": {"for"},
	"check.Stage":   {"to"},
	"check.Soak":    {"every", "for"},
	"check.Control": {"image"},
	"check.Prove":   {"lossyEnds"},
}

// bounds are what Validate holds single values to.
var bounds = map[string]map[string]string{
	"":               {"streams": `{"minItems": 1}`, "disruptions": `{"minItems": 1}`, "workload": fmt.Sprintf(`{"pattern": %q}`, workloadPattern())},
	"check.Metadata": {"name": fmt.Sprintf(`{"pattern": %q}`, subdomain)},
	"check.Target":   {"service": fmt.Sprintf(`{"pattern": %q}`, serviceName), "podHeader": fmt.Sprintf(`{"pattern": %q}`, headerName), "shutdownLog": `{"format": "regex"}`},
	"check.Stream": {
		"name":           fmt.Sprintf(`{"pattern": %q}`, label),
		"rate":           fmt.Sprintf(`{"exclusiveMinimum": 0, "maximum": %d}`, MaxRate*MaxSenders),
		"pool":           fmt.Sprintf(`{"maximum": %d}`, MaxPool*MaxSenders),
		"method":         enum(methods),
		"maxConnections": `{"minimum": 0}`,
		"expectStatus":   `{"items": {"type": "integer", "minimum": 100, "maximum": 599}}`,
	},
	"check.Budget":       {"failed": `{"minimum": 0}`, "maskable": `{"minimum": 0}`, "unattributed": `{"minimum": 0}`, "path": enum(append([]string{""}, knownPaths()...))},
	"check.Window":       {"path": `{"pattern": "^(/.*)?$"}`, "rate": fmt.Sprintf(`{"exclusiveMinimum": 0, "maximum": %d}`, MaxWindowRate)},
	"check.StreamBudget": {"failed": `{"minimum": 0}`, "maskable": `{"minimum": 0}`, "unattributed": `{"minimum": 0}`},
	"check.Disruption":   {"repeat": fmt.Sprintf(`{"minimum": 0, "maximum": %d}`, MaxRepeat), "command": `{"minItems": 1}`},
	"check.Inside":       {"senders": fmt.Sprintf(`{"anyOf": [{"type": "integer", "minimum": 1, "maximum": %d}, {"type": "string", "pattern": "^([+]?[0-9]+|all)$"}]}`, MaxSenders)},
	"check.Scale":        {"to": `{"minimum": 0}`},
	"check.Delete":       {"pods": `{"minimum": 1}`},
	"check.Evict":        {"pods": `{"minimum": 1}`},
	"check.GRPC":         {"method": fmt.Sprintf(`{"pattern": %q}`, grpcMethod)},
	"check.Protos":       {"files": `{"minItems": 1}`},
	"check.Kill":         {"pods": `{"minimum": 1}`},
	"check.EnvVar":       {"name": fmt.Sprintf(`{"pattern": %q}`, envName)},
}

func enum(values []string) string {
	text, _ := json.Marshal(map[string][]string{"enum": values})
	return string(text)
}

// codes are the names of gRPC's codes, and their numbers.
func codes() (all []any) {
	for n, code := range GRPCCodes {
		all = append(all, code, n)
	}
	return all
}

// knownPaths are the names of all.
func knownPaths() (names []string) {
	for _, p := range balancer.Profiles {
		names = append(names, p.Name)
	}
	return names
}

// workloadPattern takes the kinds in upper and lower case, as ParseWorkload does.
func workloadPattern() string {
	var kinds []string
	for _, kind := range slices.Sorted(maps.Keys(workloadKinds)) {
		var letters strings.Builder
		for _, r := range kind {
			if r == '.' {
				letters.WriteString(`[.]`)
			} else {
				fmt.Fprintf(&letters, "[%c%c]", r, unicode.ToUpper(r))
			}
		}
		kinds = append(kinds, letters.String())
	}
	return "^(" + strings.Join(kinds, "|") + ")/[^/]+$"
}

func TestSchemaIsThatOfTheModel(t *testing.T) {
	schematest.Kept(t, schema.Model{
		Title:    "A check of shutdowncheck",
		Of:       Check{},
		In:       "check",
		Packages: []string{"check"},
		Only:     map[string]string{"apiVersion": APIVersion, "kind": Kind},
	}, *update, func(d *schema.Document) { amend(t, d) })
}

// amend turns the schema of a whole check into that of a file, which may be
// silent where there is a default.
func amend(t *testing.T, document *schema.Document) {
	t.Helper()
	parts := maps.Clone(document.Definitions)
	parts[""] = document
	for name, part := range parts {
		part.Required = required[name]
		for field, text := range bounds[name] {
			property, ok := part.Properties.Get(field)
			if !ok {
				t.Fatalf("%s has no %s", name, field)
			}
			if err := json.Unmarshal([]byte(text), property); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, part := range parts {
		for pair := part.Properties.Oldest(); pair != nil; pair = pair.Next() {
			takeNumbers(pair.Value)
		}
	}
	long := schema.Document{Required: []string{"kind"}, Properties: generator.NewProperties()}
	long.Properties.Set("kind", &schema.Document{Enum: []any{Slow, Streaming}})
	parts["check.Stream"].AnyOf = []*schema.Document{&long, {Required: []string{"rate", "connections"}}}
	for _, field := range []string{"contains", "matches"} {
		parts["check.ExpectBody"].OneOf = append(parts["check.ExpectBody"].OneOf, &schema.Document{Required: []string{field}})
	}
	via, _ := parts["check.Target"].Properties.Get("via")
	*via = schema.Document{Description: via.Description, AnyOf: []*schema.Document{
		{Ref: via.Ref}, {Type: "string", Pattern: schema.Duration}, {Const: 0}, {Enum: known()},
	}}
	for _, field := range []string{"profile", "lag"} {
		parts["check.Via"].AnyOf = append(parts["check.Via"].AnyOf, &schema.Document{Required: []string{field}})
	}
	expected, _ := parts["check.GRPC"].Properties.Get("expectCodes")
	expected.Items = &schema.Document{Enum: codes()}
	orNull(document, "inside")
	orNull(document, "window")
	window, _ := document.Properties.Get("window")
	window.AnyOf = append(window.AnyOf, &schema.Document{Type: "boolean"})
	document.If = &schema.Document{Required: []string{"inside"}}
	document.Else = fromHere(t)
	disruption := parts["check.Disruption"]
	for _, kind := range slices.Sorted(maps.Keys(kindFields(Disruption{}))) {
		disruption.OneOf = append(disruption.OneOf, &schema.Document{Required: []string{kind}})
		orNull(disruption, kind)
	}
}

// known are the names of the balancers that can be played.
func known() (names []any) {
	for _, p := range balancer.Profiles {
		names = append(names, p.Name)
	}
	return names
}

// orNull lets the key of a mapping stand alone, as in "- restart:": it says what is
// wanted.
func orNull(part *schema.Document, key string) {
	if property, _ := part.Properties.Get(key); property.Ref != "" {
		*property = schema.Document{AnyOf: []*schema.Document{{Ref: property.Ref}, {Type: "null"}}, Description: property.Description}
	}
}

// fromHere is what a check has to say beyond the rest, and what bounds it, where the
// program itself sends its requests.
func fromHere(t *testing.T) *schema.Document {
	t.Helper()
	var d schema.Document
	text := fmt.Sprintf(`{"required": ["target"], "properties": {"target": {"required": ["url"]},
		"streams": {"items": {"properties": {"rate": {"maximum": %d}, "pool": {"maximum": %d}}}}}}`, MaxRate, MaxPool)
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.Fatal(err)
	}
	return &d
}

// takeNumbers lets a text stand without quotes where Read takes any scalar for it.
func takeNumbers(property *schema.Document) {
	kinds := []*schema.Document{{Type: "string", Pattern: property.Pattern}}
	switch {
	case property.Pattern == schema.Duration:
		kinds = append(kinds, &schema.Document{Const: 0})
	case property.Ref == "" && property.Type == "string" && strings.HasPrefix(property.Description, "Value"):
		kinds = append(kinds, &schema.Document{Type: "number"}, &schema.Document{Type: "boolean"})
	default:
		return
	}
	property.Type, property.Pattern, property.AnyOf = "", "", kinds
}

// samples are files that say more than the defaults, and wrong ones.
func samples(t *testing.T) (good, bad []string) {
	t.Helper()
	const head = "workload: deployment/web\ntarget: {url: 'http://web/'}\n"
	for _, rest := range []string{
		"",
		"disruptions:\n- restart:\n- scale: {to: 0}\n  repeat: 0\n",
		"disruptions:\n- delete: {pods: 2, gracePeriod: 0}\n- evict: {whenRefused: fail}\n  pause: 1m30s\n",
		"disruptions:\n- drain: {node: of-a-pod, pods: all, force: true}\n- kill: {signal: SIGKILL, via: node, helperImage: x}\n",
		"disruptions:\n- image: {image: 'web:v2', env: [{name: A, value: b}]}\n- command: [helm, upgrade]\n- observe: {for: 1m}\n",
		"streams: [{name: a, rate: 0.5, connections: new, timeout: 1.5s}, {name: b, rate: 20000, connections: reused, pool: 1, method: HEAD, expectStatus: [200]}]\n",
		"streams: [{name: a, rate: 1, connections: new, expectBody: {contains: ok}}, {name: b, rate: 1, connections: new, expectBody: {matches: '(?i)^ok'}}]\n",
		"streams: [{name: a, rate: 9, connections: new, stages: [{over: 3s, to: 3}, {to: 5}]}]\n",
		"streams: [{name: a, kind: slow}, {name: b, kind: streaming, rate: 2, connections: reused, timeout: 5m}, {name: c, kind: short, rate: 1, connections: new}]\n",
		"streams: [{name: a, kind: grpc, rate: 5, connections: new}, {name: b, kind: grpc, rate: 5, connections: reused, protocol: h2c, grpc: {method: a.B/C, body: '{\"x\": 1}', protos: {files: [b.proto], paths: [.]}, expectCodes: [OK, 5]}}]\n",
		"soak: {every: 1m, for: 1h}\ncontrol: {image: x}\nmetadata: {name: a.b}\n",
		"prove: {lossyEnds: 5%}\n", "prove: {lossyEnds: 0.05, confidence: '99%', within: 10m}\n",
		"inside:\n", "inside: {senders: all, image: x}\n",
		"inside: {senders: 3}\nstreams: [{name: a, rate: 60000, connections: reused, pool: 30000}]\n",
		"budget: {failed: 3}\nstreams: [{name: a, rate: 1, connections: new, budget: {failed: 0, maskable: 0}}, {name: b, rate: 1, connections: new, budget: {unattributed: 0}}]\n",
		"stopOnFailure: true\n",
		"window:\n", "window: false\n", "window: true\n", "window: {path: '/ready?full=1', rate: 0.5}\nbudget: {outlasts: 20s}\n", "budget: {path: gke-neg}\n",
		"budget: {p50: 10ms, p99: 250ms, max: 0s}\nstreams: [{name: a, rate: 1, connections: new, budget: {p90: 1s, p95: 1s, max: 2s}}]\n",
		"timing: {baseline: 1.s, settle: .5m, timeout: +1h2m}\nbudget: {maskable: 3}\n",
	} {
		good = append(good, head+rest)
	}
	good = append(good,
		"workload: sts/db\ntarget: {url: 'http://db/', podHeader: '', shutdownLog: '^bye'}\n",
		"apiVersion: shutdowncheck/v1alpha1\nkind: Check\nworkload: DaemonSet.apps/x\ntarget: {url: 'http://x/'}\n")
	for _, via := range []string{"alb", "20s", "0", "1.5s", "{lag: 0}", "{profile: nlb, lag: 3m}", "{lag: 20s, lagIn: 1s, closeOnForget: false}", "{profile: gke-neg}"} {
		good = append(good, "workload: ds/x\ntarget: {url: 'http://x/', via: "+via+"}\n")
	}
	for _, via := range []string{"elb", "20", "false", "[alb]", "{}", "{lag: soon}", "{lagIn: 1s}", "{delay: 1s}", "{lag: 1s, closeOnForget: never}"} {
		bad = append(bad, "workload: ds/x\ntarget: {url: 'http://x/', via: "+via+"}\n")
	}
	good = append(good, "workload: ds/x\ninside: {senders: '2'}\n", "workload: ds/x\ninside:\ntarget: {podHeader: X}\nstreams: [{name: a, rate: 1, connections: new, url: /a}]\n")
	good = append(good, "workload: ds/x\ntarget: {url: 'https://x/', headers: [{name: A, value: b}, {name: B, value: 5}], tls: {caFile: x}}\n"+
		"streams: [{name: a, rate: 1, connections: new, method: PUT, protocol: h2, body: {text: x}}, {name: b, rate: 1, connections: new, targets: {file: x, format: json}}]\n")
	for _, rest := range []string{
		"apiVersion: v1\n", "kind: Chek\n", "reboot: {}\n", "budget: {failed: -1}\n", "budget: {failed: 1.5}\n",
		"disruptions: []\n", "disruptions: [{reboot: {}}]\n", "disruptions: [{restart: {}, evict: {}}]\n", "disruptions: [{repeat: 2}]\n",
		"disruptions: [{scale: {}}]\n", "disruptions: [{scale: {to: -1}}]\n", "disruptions: [{evict: {pods: 0}}]\n",
		"disruptions: [{evict: {whenRefused: cry}}]\n", "disruptions: [{kill: {signal: SIGSTOP}}]\n", "disruptions: [{observe: {}}]\n",
		"disruptions: [{observe: {for: 10}}]\n", "disruptions: [{restart: {}, repeat: 1001}]\n", "disruptions: [{command: []}]\n",
		"streams: []\n", "streams: [{name: A, rate: 1, connections: new}]\n", "streams: [{name: a, rate: 0, connections: new}]\n",
		"streams: [{name: a, rate: 20001, connections: new}]\n", "streams: [{name: a, rate: 1, connections: old}]\n",
		"streams: [{name: a, rate: 1, connections: new, method: BREW}]\n", "streams: [{name: a, rate: 1, connections: new, expectStatus: [20]}]\n",
		"window: 3\n", "window: {rate: 0}\n", "window: {rate: 101}\n", "window: {path: ready}\n", "window: {port: 80}\n", "budget: {path: elb}\n", "budget: {outlasts: long}\n",
		"stopOnFailure: 3\n", "budget: {p98: 1s}\n", "budget: {p99: fast}\n",
		"streams: [{name: a, rate: 1, connections: new, budget: {failed: -1}}]\n", "streams: [{name: a, rate: 1, connections: new, budget: {lost: 1}}]\n",
		"streams: [{name: a, rate: 1, connections: new, expectBody: ok}]\n", "streams: [{name: a, rate: 1, connections: new, expectBody: {is: ok}}]\n", "streams: [{name: a, rate: 1, connections: new, expectBody: {}}]\n",
		"streams: [{name: a, rate: 1, connections: new, protocol: spdy}]\n", "streams: [{name: a, rate: 1, connections: new, targets: {}}]\n", "streams: [{name: a, rate: 1, connections: new, stages: [{over: 1s}]}]\n",
		"streams: [{name: a, rate: 1, connections: new, headers: [{value: A}]}]\n", "streams: [{name: a, rate: 1, connections: new, targets: {file: x, format: csv}}]\n",
		"streams: [{name: a, kind: long}]\n", "streams: [{name: a, kind: short, connections: new}]\n", "streams: [{name: a, kind: slow, rate: 0}]\n",
		"streams: [{name: a, kind: grpc, rate: 5, connections: new, grpc: {method: a.B.C}}]\n", "streams: [{name: a, kind: grpc, rate: 5, connections: new, grpc: {expectCodes: [17]}}]\n",
		"streams: [{name: a, kind: grpc, rate: 5, connections: new, grpc: {expectCodes: [FINE]}}]\n", "streams: [{name: a, kind: grpc, rate: 5, connections: new, grpc: {protos: {files: []}}}]\n",
		"streams: [{name: a, rate: 1}]\n", "streams: [{kind: slow}]\n",
		"inside: {senders: 0}\n", "inside: {senders: 1001}\n", "inside: {senders: some}\n", "inside: {nodes: 2}\n",
		"streams: [{name: a, rate: 1, connections: reused, pool: 10001}]\n",
		"timing: {baseline: soon}\n", "soak: {every: 1m}\n", "control: {}\n", "prove: {}\n", "prove: {lossyEnds: few}\n",
	} {
		bad = append(bad, head+rest)
	}
	return good, append(bad, "target: {url: 'http://web/'}\n", "workload: pod/web\ntarget: {url: 'http://web/'}\n", "workload: deployment/web\ntarget: {}\n")
}

func TestSchemaAndReadAgree(t *testing.T) {
	compiled, err := schema.Compile(Schema())
	if err != nil {
		t.Fatal(err)
	}
	good, bad := samples(t)
	for _, text := range good {
		if _, err := Read("check.yaml", []byte(text)); err != nil {
			t.Errorf("Read refuses\n%s\n%v", text, err)
		}
		if err := compiled.Validate(asJSON(t, text)); err != nil {
			t.Errorf("the schema refuses\n%s\n%v", text, err)
		}
	}
	for _, text := range bad {
		if _, err := Read("check.yaml", []byte(text)); err == nil {
			t.Errorf("Read takes\n%s", text)
		}
		if err := compiled.Validate(asJSON(t, text)); err == nil {
			t.Errorf("the schema takes\n%s", text)
		}
	}
}

func asJSON(t *testing.T, text string) []byte {
	t.Helper()
	var value any
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	document, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return document
}
