package lint

import (
	"slices"
	"strings"
	"testing"
)

func TestUWSGI(t *testing.T) {
	const (
		settings = `---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
data:
  app.ini: |
    [uwsgi]
    ; a comment
    master = true
    module = app
  good.ini: |
    [uwsgi]
    master = true
    hook-master-start = unix_signal:15 gracefully_kill_them_all
  more.ini: |
    [uwsgi]
    master = true
    ini = /etc/more.ini
`
		reloads = "warning uwsgi-reloads"
		may     = "note uwsgi-reloads"
	)
	for name, tt := range map[string]struct {
		command, env, hook, want string
	}{
		"a master":                      {command: "[uwsgi, --master, --http-socket, ':8080', -w, app]", want: reloads},
		"a master, in short":            {command: "[uwsgi, -M, -p, '4', --module=app]", want: reloads},
		"a plugin's own":                {command: "[uwsgi_python3, --master]", want: reloads},
		"behind a shell":                {command: "[sh, -c, 'migrate && exec uwsgi --master --module app']", want: reloads},
		"by a variable":                 {command: "[uwsgi, --module, app]", env: "[{name: UWSGI_MASTER, value: 'true'}]", want: reloads},
		"by a file":                     {command: "[uwsgi, --ini, /s/app.ini]", want: reloads},
		"by a file alone":               {command: "[uwsgi, /s/app.ini]", want: reloads},
		"no master":                     {command: "[uwsgi, --http-socket, ':8080', -w, app]"},
		"an emperor":                    {command: "[uwsgi, --master, --emperor, /etc/vassals]"},
		"die-on-term":                   {command: "[uwsgi, --master, --die-on-term]"},
		"die-on-term, off":              {command: "[uwsgi, --master, --die-on-term=false]", want: reloads},
		"exit-on-reload":                {command: "[uwsgi, --master, --exit-on-reload]"},
		"a hook of its own":             {command: "[uwsgi, --master, --hook-master-start, 'unix_signal:15 gracefully_kill_them_all']"},
		"another hook of its own":       {command: "[uwsgi, --master, --hook-master-start, 'unix_signal:2 gracefully_kill_them_all']", want: reloads},
		"die-on-term by a variable":     {command: "[uwsgi, --master]", env: "[{name: UWSGI_DIE_ON_TERM, value: '1'}]"},
		"a file that ends it":           {command: "[uwsgi, --ini=/s/good.ini]"},
		"a file that is not known":      {command: "[uwsgi, --ini, /etc/app.ini]", want: may},
		"a file that takes in another":  {command: "[uwsgi, --ini, /s/more.ini]", want: may},
		"a file that another overrides": {command: "[uwsgi, --ini, /etc/app.ini, --die-on-term]"},
		"a preStop that ends it":        {command: "[uwsgi, --master, --pidfile, /tmp/p]", hook: "[sh, -c, sleep 5; uwsgi --stop /tmp/p]"},
		"another program":               {command: "[gunicorn, --master]"},
	} {
		changes := []string{
			"      containers:\n", "      volumes: [{name: s, configMap: {name: settings}}]\n      containers:\n",
			image, image + "        volumeMounts: [{name: s, mountPath: /s}]\n        command: " + tt.command + "\n",
		}
		if tt.env != "" {
			changes[3] += "        env: " + tt.env + "\n"
		}
		if tt.hook != "" {
			changes = append(changes, preStop5, exec(tt.hook))
		}
		got, all := findings(t, change(t, changes...)+settings)
		got = slices.DeleteFunc(got, func(f string) bool { return !strings.Contains(f, "uwsgi") })
		if want := strings.TrimSpace(tt.want + " app"); tt.want == "" && len(got) > 0 || tt.want != "" && !slices.Equal(got, []string{want}) {
			t.Errorf("%s: got %q, want %q of %+v", name, got, tt.want, all)
		}
	}
}
