package lint

import (
	"slices"
	"strings"
	"testing"
)

func TestScriptsOfConfigMaps(t *testing.T) {
	const scripts = `---
apiVersion: v1
kind: ConfigMap
metadata: {name: scripts, namespace: shop}
data:
  run.sh: |
    #!/bin/bash
    migrate
    python app.py | tee log
  exec.sh: |
    #!/bin/bash
    exec python app.py
  stop.sh: |
    #!/bin/sh
    sleep 1
    nginx -s quit
    sleep 10
`
	for name, tt := range map[string]struct {
		command, hook, volume, mount string
		projected                    string
		want                         string
	}{
		"one that stays":               {command: "[sh, /s/run.sh]", want: "warning shell-pid-1: PID 1 is sh"},
		"one that becomes the program": {command: "[sh, /s/exec.sh]"},
		"one that is not executable":   {command: "[/s/exec.sh]", want: "warning command-fails: The container never starts: /s/exec.sh is not executable"},
		"one by a mode":                {command: "[/s/run.sh]", volume: "name: scripts, defaultMode: 493", want: "warning shell-pid-1: PID 1 is bash"},
		"one by its item's mode":       {command: "[/s/start]", volume: "name: scripts, items: [{key: exec.sh, path: start, mode: 0755}]"},
		"an item without":              {command: "[/s/start]", volume: "name: scripts, defaultMode: 493, items: [{key: exec.sh, path: start, mode: 0400}]", want: "warning command-fails"},
		"one file alone":               {command: "[sh, /opt/run.sh]", mount: "mountPath: /opt/run.sh, subPath: run.sh", want: "warning shell-pid-1: PID 1 is sh"},
		"a part by an expression":      {command: "[sh, /s/run.sh]", mount: "mountPath: /s, subPathExpr: $(POD)", want: "note shell-pid-1: The container starts with a script file"},
		"projected":                    {command: "[sh, /s/run.sh]", projected: "sources: [{secret: {name: x}}, {configMap: {name: scripts}}]", want: "warning shell-pid-1: PID 1 is sh"},
		"projected, not executable":    {command: "[/s/exec.sh]", projected: "sources: [{configMap: {name: scripts}}]", want: "warning command-fails"},
		"projected with a mode":        {command: "[/s/exec.sh]", projected: "defaultMode: 0755, sources: [{configMap: {name: scripts}}]"},
		"projected by an item":         {command: "[/s/bin/start]", projected: "sources: [{configMap: {name: scripts, items: [{key: run.sh, path: bin/start, mode: 0755}]}}]", want: "warning shell-pid-1: PID 1 is bash"},
		"projected from another":       {command: "[sh, /s/run.sh]", projected: "sources: [{configMap: {name: other}}]", want: "note shell-pid-1: The container starts with a script file"},
		"another ConfigMap":            {command: "[sh, /s/run.sh]", volume: "name: other", want: "note shell-pid-1: The container starts with a script file"},
		"a hook":                       {hook: "[sh, /s/stop.sh]", want: "warning prestop-quits-early"},
		"a hook without the right":     {hook: "[/s/stop.sh]", want: "warning prestop-fails: preStop fails at once: /s/stop.sh is not executable"},
		"a hook with the right":        {hook: "[/s/stop.sh]", volume: "name: scripts, defaultMode: 0555", want: "warning prestop-quits-early"},
	} {
		if tt.volume == "" {
			tt.volume = "name: scripts"
		}
		if tt.mount == "" {
			tt.mount = "mountPath: /s"
		}
		source := "configMap: {" + tt.volume + "}"
		if tt.projected != "" {
			source = "projected: {" + tt.projected + "}"
		}
		changes := []string{
			"      containers:\n", "      volumes: [{name: s, " + source + "}]\n      containers:\n",
			image, image + "        volumeMounts: [{name: s, " + tt.mount + "}]\n",
		}
		if tt.command != "" {
			changes[3] += "        command: " + tt.command + "\n"
		}
		if tt.hook != "" {
			changes = append(changes, preStop5, exec(tt.hook))
		}
		var got []string
		for _, f := range Lint(read(t, change(t, changes...)+scripts)).Findings {
			if f.Rule != "prestop-needs-binary" {
				got = append(got, string(f.Severity)+" "+f.Rule+": "+f.Why)
			}
			if strings.Contains(f.Why, "not executable") && (f.Fix != makeExecutable || f.Patch != "") {
				t.Errorf("%s: %s %s", name, f.Fix, f.Patch)
			}
		}
		if tt.want == "" && len(got) > 0 || tt.want != "" && !slices.ContainsFunc(got, func(f string) bool { return strings.HasPrefix(f, tt.want) }) {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}
