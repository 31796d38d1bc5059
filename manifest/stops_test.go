package manifest

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/shutdowncheck/shutdowncheck/manifest/script"
)

func TestStops(t *testing.T) {
	for _, tt := range []struct {
		image   string
		command []string
		hook    string
		want    string // the step; "maybe" before it where that is not known
	}{
		{image: "nginx:1", hook: "pkill crond; sleep 10"},
		{image: "nginx:1", hook: "pkill crond; nginx -s quit", want: "nginx -s quit"},
		{image: "nginx:1", hook: "pkill nginx", want: "pkill nginx"},
		{image: "nginx:1", hook: "kill -QUIT $(cat /run/nginx.pid)", want: "kill -QUIT $(cat /run/nginx.pid)"},
		{image: "nginx:1", hook: "kill $(pidof -s tail)"},
		{image: "nginx:1", hook: "pkill -f cron", want: "maybe pkill -f cron"},
		{image: "x:1", hook: "killall tail"},
		{image: "x:1", hook: "kill 1", want: "kill 1"},
		{image: "x:1", hook: "pkill fluent-bit; kill 1", want: "kill 1"},
		{image: "x:1", hook: "pkill fluent-bit", want: "maybe pkill fluent-bit"},
		{image: "x:1", hook: "kill $(cat /tmp/worker.pid)", want: "maybe kill $(cat /tmp/worker.pid)"},
		{image: "x:1", hook: "kill $(pgrep java)", want: "kill $(pgrep java)"},
		{image: "x:1", hook: "supervisorctl stop worker", want: "maybe supervisorctl stop worker"},
		{image: "x:1", hook: "supervisorctl stop all", want: "supervisorctl stop all"},
		{image: "x:1", hook: "supervisorctl stop nginx", want: "supervisorctl stop nginx"},
		{image: "x:1", hook: "service nginx stop", want: "service nginx stop"},
		{image: "x:1", command: []string{"/app/server"}, hook: "pkill server", want: "pkill server"},
		{image: "x:1", command: []string{"python", "app.py"}, hook: "pkill -f app.py", want: "pkill -f app.py"},
		{image: "x:1", command: []string{"gunicorn", "app"}, hook: "pkill -f gunicorn", want: "pkill -f gunicorn"},
		{image: "x:1", command: []string{"gunicorn", "app"}, hook: "pkill -f celery"},
		{image: "x:1", command: []string{"bundle", "exec", "puma"}, hook: "pkill -TERM sidekiq"},
		{image: "x:1", command: []string{"bundle", "exec", "puma"}, hook: "kill $(cat tmp/server.pid)", want: "maybe kill $(cat tmp/server.pid)"},
		{image: "x:1", command: []string{"gunicorn", "app"}, hook: "pkill python", want: "maybe pkill python"},
		{image: "x:1", command: []string{"dash", "-c", "app; true"}, hook: "kill 1"},
		{image: "x:1", command: []string{"sh", "-ec", "cp a b\n/usr/local/bin/docker-entrypoint.sh vault server"}, hook: "sleep 5 && kill -TERM $(pidof vault)", want: "kill -TERM $(pidof vault)"},
		{image: "x:1", command: []string{"docker-entrypoint.sh", "vault", "server"}, hook: "pkill consul", want: "maybe pkill consul"},
		{image: "edoburu/pgbouncer:1", hook: "killall -INT pgbouncer", want: "killall -INT pgbouncer"},
	} {
		c := &corev1.Container{Image: tt.image, Command: tt.command}
		steps := script.Run([]string{"sh", "-c", tt.hook}, script.Context{}).Steps
		got := ""
		if q := Stops(&corev1.PodSpec{}, c, steps); q != nil {
			got = q.Command
			if q.Maybe {
				got = "maybe " + got
			}
		}
		if got != tt.want {
			t.Errorf("%s %q: %q stops by %q, want %q", tt.image, tt.command, tt.hook, got, tt.want)
		}
	}
}

func TestStopsByRequest(t *testing.T) {
	always := corev1.ContainerRestartPolicyAlways
	port := func(number int32) []corev1.ContainerPort { return []corev1.ContainerPort{{ContainerPort: number}} }
	app := corev1.Container{Name: "app", Ports: port(8080)}
	for name, tt := range map[string]struct {
		pod  corev1.PodSpec
		port string
		want string
	}{
		"its own port":               {corev1.PodSpec{Containers: []corev1.Container{app}}, "8080", "stops"},
		"a port of one container":    {corev1.PodSpec{Containers: []corev1.Container{app}}, "8081", "stops"},
		"a mesh's port":              {corev1.PodSpec{Containers: []corev1.Container{app}}, "15020", ""},
		"its own, beside":            {corev1.PodSpec{Containers: []corev1.Container{app, {Name: "log"}}}, "8080", "stops"},
		"a port of two containers":   {corev1.PodSpec{Containers: []corev1.Container{app, {Name: "log"}}}, "8081", "maybe"},
		"another's port":             {corev1.PodSpec{Containers: []corev1.Container{app, {Name: "sql", Ports: port(9091)}}}, "9091", ""},
		"a native sidecar's port":    {corev1.PodSpec{Containers: []corev1.Container{app}, InitContainers: []corev1.Container{{Name: "sql", Ports: port(9091), RestartPolicy: &always}}}, "9091", ""},
		"that of one that has ended": {corev1.PodSpec{Containers: []corev1.Container{app}, InitContainers: []corev1.Container{{Name: "sql", Ports: port(9091)}}}, "9091", "stops"},
	} {
		steps := script.Run([]string{"curl", "-XPOST", "http://localhost:" + tt.port + "/quitquitquit"}, script.Context{}).Steps
		got := ""
		if q := Stops(&tt.pod, &app, steps); q != nil && q.Maybe {
			got = "maybe"
		} else if q != nil {
			got = "stops"
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
