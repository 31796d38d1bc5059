package lint

import (
	"slices"
	"strings"
	"testing"
)

func TestUnhandled(t *testing.T) {
	const runsOn, kills = "warning sigterm-unhandled", "warning reloader-cuts"
	for name, tt := range map[string]struct {
		command, more, want string
	}{
		"Python's own":                {command: "[python3, -m, http.server, '8080']", want: runsOn},
		"Python's own, by a version":  {command: "[/usr/bin/python3.12, -m, http.server]", want: runsOn},
		"flask":                       {command: "[flask, --app, shop, run, --host, 0.0.0.0]", want: runsOn},
		"flask as a module":           {command: "[python, -m, flask, run]", want: runsOn},
		"flask with its reloader":     {command: "[flask, run, --debug]", want: kills},
		"flask, by a variable":        {command: "[flask, run]", more: "        env: [{name: FLASK_DEBUG, value: '1'}]\n", want: kills},
		"flask that is not to reload": {command: "[flask, run, --debug, --no-reload]", want: runsOn},
		"flask's variable against it": {command: "[flask, run]", more: "        env: [{name: FLASK_DEBUG, value: '1'}, {name: FLASK_RUN_RELOAD, value: 'false'}]\n", want: runsOn},
		"flask of another version":    {command: "[flask, run]", more: "        env: [{name: FLASK_ENV, value: development}]\n"},
		"flask's, under an init":      {command: "[tini, --, flask, run, --debug]", want: kills},
		"Django's":                    {command: "[python, manage.py, runserver, '0.0.0.0:8000']", want: kills},
		"Django's, by its command":    {command: "[django-admin, runserver]", want: kills},
		"Django's, behind a shell":    {command: "[sh, -c, './manage.py migrate && exec ./manage.py runserver 0:8000']", want: kills},
		"Django's without a reloader": {command: "[python, -u, manage.py, runserver, --noreload]", want: runsOn},
		"Django's other commands":     {command: "[python, manage.py, migrate]"},
		"flask, a variable says no":   {command: "[flask, run]", more: "        env: [{name: FLASK_DEBUG, value: '0'}]\n", want: runsOn},
		"flask, what is not known":    {command: "[flask, run]", more: "        envFrom: [{configMapRef: {name: settings}}]\n"},
		"flask, another word for no":  {command: "[flask, run]", more: "        env: [{name: FLASK_DEBUG, value: 'False'}]\n", want: runsOn},
		"flask behind an option":      {command: "[python, -u, -m, flask, run]", want: runsOn},
		"a script of Python's":        {command: "[python, serve.py, -m, http.server]"},
		"PHP with settings":           {command: "[php8.2, -d, memory_limit=1G, -S, '0.0.0.0:80']", want: runsOn},
		"a script's own option":       {command: "[php, worker.php, -S]"},
		"flask's other commands":      {command: "[flask, db, upgrade]"},
		"waitress":                    {command: "[waitress-serve, --listen, '*:8080', shop:app]", want: runsOn},
		"PHP's own":                   {command: "[php, -S, '0.0.0.0:8080', -t, public]", want: runsOn},
		"PHP for something else":      {command: "[php, artisan, queue:work]"},
		"behind a shell that is gone": {command: "[sh, -c, 'migrate && exec waitress-serve shop:app']", want: runsOn},
		"behind a shell that stays":   {command: "[sh, -c, 'waitress-serve shop:app; true']", want: "warning shell-pid-1"},
		"under an init":               {command: "[tini, --, waitress-serve, shop:app]"},
		"another signal":              {command: "[waitress-serve, shop:app]", more: "        lifecycle: {stopSignal: SIGINT, preStop: {sleep: {seconds: 5}}}\n"},
		"a preStop that ends it":      {command: "[waitress-serve, shop:app]", more: "        lifecycle: {preStop: {exec: {command: [sh, -c, 'sleep 5; kill -INT 1; sleep 2']}}}\n"},
		"another program":             {command: "[python3, server.py]"},
	} {
		got, all := findings(t, change(t, preStop5, "", image, image+"        command: "+tt.command+"\n"+tt.more))
		got = slices.DeleteFunc(got, func(f string) bool {
			return !strings.Contains(f, "sigterm") && !strings.Contains(f, "shell") && !strings.Contains(f, "reloader")
		})
		want := strings.TrimSpace(tt.want + " app")
		if tt.want == "" && len(got) > 0 || tt.want != "" && !slices.Equal(got, []string{want}) {
			t.Errorf("%s: got %q, want %q of %+v", name, got, want, all)
		}
	}
}
