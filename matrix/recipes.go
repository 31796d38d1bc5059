package matrix

import (
	"encoding/json"
	"path"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// recipesFolder has a folder for each section of docs/recipes.md, which shows its
// files. There /slow takes 6 s, longer than any preStop sleep, so that such requests
// are under way when the server is told to stop.
const recipesFolder = "recipes"

// recipes are the rows of docs/recipes.md. Nothing may be warned of, and nothing lost but
// what the page says is left with some servers.
func recipes() []Row {
	all := passes().only()
	return []Row{
		recipe("nginx", "nginx/deployment.yaml", closesIdle(), accessLogKept),
		recipe("apache", "apache/deployment.yaml", closesIdle(), accessLogKept),
		recipe("haproxy", "haproxy/deployment.yaml", all),
		recipe("gunicorn threads", "gunicorn/gthread.yaml", all),
		recipe("gunicorn workers", "gunicorn/sync.yaml", all),
		recipe("uvicorn", "uvicorn/deployment.yaml", closesIdle(), accessLogKept),
		recipe("tornado", "tornado/deployment.yaml", all),
		recipe("node", "node/deployment.yaml", all),
		recipe("puma", "puma/deployment.yaml", closesIdle(), accessLogKept),
		recipe("php-fpm", "php-fpm/deployment.yaml", all),
		recipe("jvm", "jvm/deployment.yaml", all),
		recipe("caddy", "caddy/deployment.yaml", all),
	}
}

func recipe(name, manifest string, want Want, edits ...Edit) Row {
	slowNew, slowKept := slow(), slow()
	// 12 and 18 are under way at any time, so that each pod has some of both.
	slowNew.Rate, slowKept.Rate = 2, 3
	slowKept.Name, slowKept.Connections, slowKept.Pool = "slow-kept", check.Reused, 32
	row := tried("recipe: "+name, path.Join(recipesFolder, path.Dir(manifest)),
		[]check.Stream{fresh(60), reused(40), slowNew, slowKept}, want, slices.Concat([]Edit{patchedBy(manifest)}, edits)...)
	row.Baseline, row.Alone = 8*time.Second, true
	return row
}

// accessLogKept has /tmp/access.log outlast its pod, as the witness of a recipe that may
// lose something.
func accessLogKept(d *appsv1.Deployment) {
	server, pod := container(d), &d.Spec.Template.Spec
	server.VolumeMounts = append(server.VolumeMounts, corev1.VolumeMount{Name: "tmp", MountPath: "/tmp"})
	pod.Volumes = append(pod.Volumes, corev1.Volume{Name: "tmp", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}})
	pod.InitContainers = append(pod.InitContainers, corev1.Container{
		Name: "log", Image: server.Image, ImagePullPolicy: server.ImagePullPolicy, Env: server.Env, VolumeMounts: server.VolumeMounts,
		Command: []string{"/bin/sh", "-c", `ln -s "/out/matrix/$NAMESPACE/$WORKLOAD.$HOSTNAME.$(date +%s%N).log" /tmp/access.log`},
	})
}

// patchedBy changes a Deployment by a file of the recipes, as kubectl patch
// --patch-file does. A container that it adds runs in the first one's image, with the
// same files.
func patchedBy(manifest string) Edit {
	return func(d *appsv1.Deployment) {
		changed, err := patchOf(d, manifest)
		if err != nil {
			panic(err) // What is embedded is whole; a test builds all rows.
		}
		*d = *changed
		server, pod := *container(d), &d.Spec.Template.Spec
		for i := range pod.InitContainers {
			c := &pod.InitContainers[i]
			c.Image, c.ImagePullPolicy, c.VolumeMounts = server.Image, server.ImagePullPolicy, slices.Clone(server.VolumeMounts)
		}
	}
}

func patchOf(d *appsv1.Deployment, manifest string) (*appsv1.Deployment, error) {
	change, err := servers.ReadFile(path.Join("servers", recipesFolder, manifest))
	if err != nil {
		return nil, err
	}
	if change, err = yaml.ToJSON(change); err != nil {
		return nil, err
	}
	before, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	after, err := strategicpatch.StrategicMergePatch(before, change, appsv1.Deployment{})
	if err != nil {
		return nil, err
	}
	changed := &appsv1.Deployment{}
	decoder := json.NewDecoder(strings.NewReader(string(after)))
	decoder.DisallowUnknownFields()
	return changed, decoder.Decode(changed)
}
