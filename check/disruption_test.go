package check_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// head is a file up to its disruptions; the first of them is on line 4.
const head = "workload: deploy/web\ntarget: {url: 'http://web/'}\ndisruptions:\n"

func TestReadDisruptions(t *testing.T) {
	second := check.Duration(time.Second)
	tests := map[string]struct {
		text string
		want check.Disruption
	}{
		"restart without a value": {"restart:\n  repeat: 3\n  pause: 1s", check.Disruption{Restart: &check.Restart{}, Repeat: 3, Pause: second}},
		"scale up":                {"scale: {to: 9}", check.Disruption{Scale: &check.Scale{To: 9, Restore: new(true)}}},
		"delete":                  {"delete:", check.Disruption{Delete: &check.Delete{Pods: 1}}},
		"forced delete":           {"delete: {pods: 2, gracePeriod: 0s}", check.Disruption{Delete: &check.Delete{Pods: 2, GracePeriod: new(check.Duration(0))}}},
		"evict":                   {"evict: {}", check.Disruption{Evict: &check.Evict{Pods: 1, WhenRefused: check.Wait}}},
		"evict once":              {"evict: {whenRefused: fail}", check.Disruption{Evict: &check.Evict{Pods: 1, WhenRefused: check.Fail}}},
		"drain":                   {"drain:", check.Disruption{Drain: &check.Drain{Node: check.OfAPod, Pods: check.DrainWorkload, WhenRefused: check.Wait}}},
		"drain of all": {"drain: {node: worker-1, pods: all, force: true, deleteEmptyDirData: true}", check.Disruption{Drain: &check.Drain{
			Node: "worker-1", Pods: check.DrainAll, WhenRefused: check.Wait, Force: true, DeleteEmptyDirData: true,
		}}},
		"kill": {"kill:", check.Disruption{Kill: &check.Kill{Pods: 1, Signal: "SIGTERM", Via: check.ViaExec}}},
		"kill from the node": {"kill: {signal: SIGKILL, via: node, helperImage: a/b:c, container: web}", check.Disruption{Kill: &check.Kill{
			Pods: 1, Signal: "SIGKILL", Via: check.ViaNode, HelperImage: "a/b:c", Container: "web",
		}}},
		"image": {"image: {image: 'web:v2'}", check.Disruption{Image: &check.Image{Image: "web:v2", Restore: new(true)}}},
		"env": {"image: {env: [{name: A, value: ''}], restore: false}", check.Disruption{Image: &check.Image{
			Env: []check.EnvVar{{Name: "A"}}, Restore: new(false),
		}}},
		"command": {"command: [helm, upgrade]", check.Disruption{Command: check.NewValues("helm", "upgrade")}},
		"observe": {"observe: {for: 1s}", check.Disruption{Observe: &check.Observe{For: second}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if test.want.Repeat == 0 {
				test.want.Repeat = 1
			}
			c, err := check.Read("c.yaml", []byte(head+"- "+test.text))
			if err != nil {
				t.Fatal(err)
			}
			if got := c.Disruptions[0]; !reflect.DeepEqual(got, test.want) {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
		})
	}
}

func TestReadRefusesDisruptions(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"no kind":        {"repeat: 2", `disruptions[0]: empty; want exactly one of command, delete, drain, evict, image, kill, observe, restart, scale`},
		"scale to":       {"scale: {}", `disruptions[0].scale.to: missing; want the number of replicas to scale to`},
		"repeat below 0": {"{restart: {}, repeat: -1}", `disruptions[0].repeat: -1 times; want 0 to 1000`},
		"repeat":         {"{restart: {}, repeat: 1001}", `disruptions[0].repeat: 1001 times; want 0 to 1000`},
		"pause":          {"{restart: {}, pause: -1s}", `disruptions[0].pause: -1s; want 0s or more`},
		"delete pods":    {"delete: {pods: 0}", `disruptions[0].delete.pods: 0 pods; want 1 or more`},
		"grace below 0":  {"delete: {gracePeriod: -1s}", `disruptions[0].delete.gracePeriod: -1s; want whole seconds, 0s or more`},
		"grace":          {"delete: {gracePeriod: 1500ms}", `disruptions[0].delete.gracePeriod: 1.5s; want whole seconds, 0s or more`},
		"evict pods":     {"evict: {pods: -1}", `disruptions[0].evict.pods: -1 pods; want 1 or more`},
		"refused":        {"evict: {whenRefused: ask}", `disruptions[0].evict.whenRefused: "ask"; want wait or fail`},
		"drain refused":  {"drain: {whenRefused: ''}", `disruptions[0].drain.whenRefused: ""; want wait or fail`},
		"drain pods":     {"drain: {pods: some}", `disruptions[0].drain.pods: "some"; want workload or all`},
		"drain node":     {"drain: {node: 'A B'}", `disruptions[0].drain.node: "A B" is no name of a node; want one, of-a-pod or each`},
		"kill pods":      {"kill: {pods: 0}", `disruptions[0].kill.pods: 0 pods; want 1 or more`},
		"signal":         {"kill: {signal: TERM}", `disruptions[0].kill.signal: "TERM"; want one of SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGKILL`},
		"SIGKILL": {
			"kill: {signal: SIGKILL}",
			`disruptions[0].kill.signal: the kernel ignores SIGKILL to PID 1 from inside its own PID namespace; want node in kill.via with an image in kill.helperImage`,
		},
		"SIGKILL ephemeral": {
			"kill: {signal: SIGKILL, via: ephemeral, helperImage: a}",
			`disruptions[0].kill.signal: the kernel ignores SIGKILL to PID 1 from inside its own PID namespace; want node in kill.via with an image in kill.helperImage`,
		},
		"via":            {"kill: {via: ssh}", `disruptions[0].kill.via: "ssh"; want exec, ephemeral or node`},
		"no helper":      {"kill: {via: ephemeral}", `disruptions[0].kill.helperImage: missing; want the image of shutdowncheck, as kill.via is ephemeral`},
		"needless":       {"kill: {helperImage: a}", `disruptions[0].kill.helperImage: "a" has no use where kill is run in the container itself; want none, or ephemeral or node in kill.via`},
		"helper":         {"kill: {via: node, helperImage: a b}", `disruptions[0].kill.helperImage: "a b" is no image reference; want one such as registry.example/web:v2`},
		"container":      {"kill: {container: A}", `disruptions[0].kill.container: "A" is no name of a container; want lower case letters, digits and '-'`},
		"no image":       {"image: {}", `disruptions[0].image: changes nothing; want image, env or both`},
		"image":          {"image: {image: a b}", `disruptions[0].image.image: "a b" is no image reference; want one such as registry.example/web:v2`},
		"env name":       {"image: {env: [{name: 'A=B', value: c}]}", `disruptions[0].image.env[0].name: "A=B" is no name of a variable; want one such as LOG_LEVEL`},
		"env twice":      {"image: {env: [{name: A, value: b}, {name: A, value: c}]}", `disruptions[0].image.env[1].name: "A" is set by env[0] too; want each variable once`},
		"no command":     {"command: []", `disruptions[0].command: names no program; want a program and its arguments, for example [helm, upgrade, web, ./chart]`},
		"empty command":  {"command: ['', a]", `disruptions[0].command: names no program; want a program and its arguments, for example [helm, upgrade, web, ./chart]`},
		"command string": {"command: helm upgrade", `disruptions[0].command: "helm upgrade"; want a list`},
		"zero byte":      {`command: [a, "\0"]`, `disruptions[0].command[1]: holds a zero byte, which no program can be given; want a program and its arguments, for example [helm, upgrade, web, ./chart]`},
		"observe":        {"observe: {}", `disruptions[0].observe.for: 0s; want more than 0`},
		"key":            {"drain: {nodes: a}", `unknown key "nodes" in disruptions[0].drain; want deleteEmptyDirData, force, node, pods, whenRefused`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := check.Read("c.yaml", []byte(head+"- "+test.text))
			if want := "c.yaml:4: " + test.want; text(err) != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}

func TestReadSoakControlAndShutdownLog(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"soak":                 {"soak: {every: 1m, for: 1h}", ""},
		"one round":            {"soak: {every: 1m, for: 1m}", ""},
		"no every":             {"soak: {for: 1h}", "c.yaml:1: soak.every: 0s; want more than 0"},
		"no for":               {"soak: {every: 1m}", "c.yaml:1: soak.for: missing; want for how long to repeat, 1m0s (soak.every) at the least"},
		"short for":            {"soak: {every: 1m, for: 59s}", "c.yaml:1: soak.for: 59s; want at least soak.every, which is 1m0s"},
		"long for":             {"soak: {every: 1m, for: 169h}", "c.yaml:1: soak.for: 169h0m0s; want at most 168h0m0s"},
		"prove":                {"prove: {lossyEnds: 5%}", ""},
		"a number":             {"prove: {lossyEnds: 0.05, confidence: 0.99, within: 10s}", ""},
		"no share":             {"prove: {}", "c.yaml:1: prove.lossyEnds: 0%; want a share between 0 and 1 (0.01% at least), for example 5%"},
		"no number":            {"prove: {lossyEnds: few}", `c.yaml:1: prove.lossyEnds: "few" is no share; want per cent or a number from 0 to 1, for example 5% or 0.05`},
		"a whole":              {"prove: {lossyEnds: 5}", "c.yaml:1: prove.lossyEnds: 500%; want a share between 0 and 1 (0.01% at least), for example 5%"},
		"negative":             {"prove: {lossyEnds: -5%}", "c.yaml:1: prove.lossyEnds: \"-5%\" is no share; want per cent or a number from 0 to 1, for example 5% or 0.05"},
		"NaN":                  {"prove: {lossyEnds: nan}", "c.yaml:1: prove.lossyEnds: \"nan\" is no share; want per cent or a number from 0 to 1, for example 5% or 0.05"},
		"too sure":             {"prove: {lossyEnds: 5%, confidence: 100%}", "c.yaml:1: prove.confidence: 100%; want a share between 0 and 1 (99.99% at most), for example 95%"},
		"not sure":             {"prove: {lossyEnds: 5%, confidence: 0}", "c.yaml:1: prove.confidence: 0%; want a share between 0 and 1 (99.99% at most), for example 95%"},
		"no time":              {"prove: {lossyEnds: 5%, within: 0s}", "c.yaml:1: prove.within: 0s; want more than 0"},
		"short time":           {"prove: {lossyEnds: 5%, within: 9s}", "c.yaml:1: prove.within: 9s; want at least the time of one round, whose settling and pauses alone take 10s"},
		"long time":            {"prove: {lossyEnds: 5%, within: 169h}", "c.yaml:1: prove.within: 169h0m0s; want at most 168h0m0s"},
		"prove, stopOnFailure": {"prove: {lossyEnds: 5%}\nstopOnFailure: true", "c.yaml:2: stopOnFailure: prove counts the ends that lose a request, and goes on after the first; want one of the two"},
		"prove, soak":          {"prove: {lossyEnds: 5%}\nsoak: {every: 1m, for: 1h}", "c.yaml:1: prove: both it and soak repeat the disruptions; want one of them"},
		"prove, observe": {
			"prove: {lossyEnds: 5%}\ndisruptions: [restart: {}, observe: {for: 1m}]",
			"c.yaml:2: disruptions[1].observe: it ends no pod by itself, and prove has ends counted that the run makes; want another disruption, or no prove",
		},
		"prove, nothing": {"prove: {lossyEnds: 5%}\ndisruptions: []", "c.yaml:2: disruptions: none; want at least one"},
		"control":        {"control: {image: 'shutdowncheck:v1'}", ""},
		"control URL":    {"control: {image: a, url: 'http://127.0.0.1:1/'}", ""},
		"no image":       {"control: {}", "c.yaml:1: control.image: missing; want the image of shutdowncheck, where the cluster finds it"},
		"bad URL":        {"control: {image: a, url: b}", `c.yaml:1: control.url: "b" has no http or https scheme; want an absolute URL such as http://127.0.0.1:30080/`},
		"shutdown log":   {"target: {url: 'http://web/', shutdownLog: '^shutting down'}", ""},
		"no RE2": {
			"target: {url: 'http://web/', shutdownLog: '(?=a)'}",
			"c.yaml:1: target.shutdownLog: \"(?=a)\" is no regular expression (invalid or unsupported Perl syntax: `(?=`); want RE2, for example ^shutting down",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			file := test.text + "\nworkload: deploy/web\n"
			if !strings.HasPrefix(test.text, "target") {
				file += "target: {url: 'http://web/'}\n"
			}
			_, err := check.Read("c.yaml", []byte(file))
			if text(err) != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

// What stays as it was set ends nothing when it is done again.
func TestReadWhatIsDoneAgain(t *testing.T) {
	const (
		down  = "scale: {to: 1, restore: false}"
		image = "image: {image: v2, restore: false}"
	)
	refused := func(place int, kind, again string) string {
		return fmt.Sprintf("c.yaml:4: disruptions[%d].%s.restore: false, and %s does it again: what it sets is set already then, so nothing would end; want true, or no %s", place, kind, again, again)
	}
	for name, tt := range map[string]struct{ disruptions, again, want string }{
		"once":                     {down, "", ""},
		"one pass":                 {down, "soak: {every: 1m, for: 1m}", ""},
		"soak":                     {down, "soak: {every: 1m, for: 1h}", refused(0, "scale", "soak")},
		"prove":                    {"restart: {}, " + down, "prove: {lossyEnds: 5%}", refused(1, "scale", "prove")},
		"put back":                 {"scale: {to: 1, restore: true}", "prove: {lossyEnds: 5%}", ""},
		"two of them":              {"scale: {to: 2, restore: false}, restart: {}, " + down, "prove: {lossyEnds: 5%}", refused(0, "scale", "prove") + "\n" + refused(2, "scale", "prove")},
		"repeat":                   {"{scale: {to: 1, restore: false}, repeat: 2}", "", refused(0, "scale", "repeat")},
		"repeat beside a command":  {"{scale: {to: 1, restore: false}, repeat: 2}, command: [release]", "", refused(0, "scale", "repeat")},
		"a release sets it back":   {down + ", command: [release]", "soak: {every: 1m, for: 1h}", ""},
		"others may set it back":   {down + ", observe: {for: 1m}", "soak: {every: 1m, for: 1h}", ""},
		"image":                    {image, "soak: {every: 1m, for: 1h}", refused(0, "image", "soak")},
		"another image after that": {image + ", image: {image: v1, restore: false}", "soak: {every: 1m, for: 1h}", ""},
		"an image that is not":     {image + ", image: {image: v1}", "soak: {every: 1m, for: 1h}", refused(0, "image", "soak")},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := check.Read("c.yaml", []byte("workload: deploy/web\ntarget: {url: 'http://web/'}\n"+tt.again+"\ndisruptions: ["+tt.disruptions+"]\n"))
			if text(err) != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestWithDefaultsCopiesEveryKind(t *testing.T) {
	before := check.Disruption{Scale: &check.Scale{}, Delete: &check.Delete{}, Evict: &check.Evict{}, Drain: &check.Drain{}, Kill: &check.Kill{}, Image: &check.Image{}}
	check.Check{Disruptions: []check.Disruption{before}}.WithDefaults()
	for i := range reflect.TypeFor[check.Disruption]().NumField() {
		field := reflect.ValueOf(before).Field(i)
		if field.Kind() == reflect.Pointer && !field.IsNil() && !field.Elem().IsZero() {
			t.Errorf("%s changed to %+v", reflect.TypeFor[check.Disruption]().Field(i).Name, field.Elem())
		}
	}
}
