package matrix

import (
	"embed"
	"path"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// servers has a folder for each way in which a server is run: its configuration,
// and the script start. They answer on port 8080: / at once or after 20 ms, /half
// after 500 ms and /slow after 3 s, where there are such paths, and /healthz. What
// else they understand is a variable, see there. Each logs the requests that bear a
// traceparent when it has read them, as package witness wants it.
//
//go:embed servers
var servers embed.FS

// fieldImage has the servers, see scripts/image-field.
const fieldImage = "shutdowncheck-field:dev"

// files is the ConfigMap of a folder of servers, which is mounted as /server, and
// of the files that are for several of them.
func files(folder string) *corev1.ConfigMap {
	config := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: path.Base(folder)}, Data: map[string]string{}}
	for _, from := range []string{"servers", path.Join("servers", folder)} {
		entries, err := servers.ReadDir(from)
		if err != nil {
			panic(err) // A row names a folder that is not there; a test builds all rows.
		}
		for _, e := range entries {
			if e.IsDir() {
				continue
			}
			data, err := servers.ReadFile(path.Join(from, e.Name()))
			if err != nil {
				panic(err) // What is embedded can be read.
			}
			config.Data[e.Name()] = string(data)
		}
	}
	return config
}

// deployment runs three pods of a server without a preStop hook; they have 12 s.
func deployment(name, folder string, edits ...Edit) *appsv1.Deployment {
	labels := map[string]string{"app": name}
	d := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.DeploymentSpec{
			Replicas: new(int32(3)),
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{
					EnableServiceLinks:            new(false),
					TerminationGracePeriodSeconds: new(int64(12)),
					Containers: []corev1.Container{{
						Name: "server", Image: fieldImage, ImagePullPolicy: corev1.PullIfNotPresent,
						Command: []string{"/bin/sh", "/server/start"},
						Env:     []corev1.EnvVar{field("NAMESPACE", "metadata.namespace"), field("WORKLOAD", "metadata.labels['app']")},
						Ports:   []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}},
						ReadinessProbe: &corev1.Probe{
							ProbeHandler:  corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/healthz", Port: intstr.FromInt32(8080)}},
							PeriodSeconds: 1,
						},
						Resources: corev1.ResourceRequirements{
							Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("10m"), corev1.ResourceMemory: resource.MustParse("16Mi")},
						},
						VolumeMounts: []corev1.VolumeMount{{Name: "server", MountPath: "/server"}, {Name: "out", MountPath: "/out"}},
					}},
					Volumes: []corev1.Volume{
						{Name: "server", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
							LocalObjectReference: corev1.LocalObjectReference{Name: path.Base(folder)},
						}}},
						{Name: "out", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/out"}}},
					},
				},
			},
		},
	}
	for _, edit := range edits {
		edit(d)
	}
	return d
}

// field is a variable that has a field of the pod.
func field(name, path string) corev1.EnvVar {
	return corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: path}}}
}

// statefulSet is the same as a StatefulSet, whose own Service is peers.
func statefulSet(d *appsv1.Deployment, peers string) *appsv1.StatefulSet {
	return &appsv1.StatefulSet{
		ObjectMeta: d.ObjectMeta,
		Spec: appsv1.StatefulSetSpec{
			Replicas: d.Spec.Replicas, Selector: d.Spec.Selector, Template: d.Spec.Template, ServiceName: peers,
			PodManagementPolicy: appsv1.ParallelPodManagement,
		},
	}
}

// serviceOf is the Service of the pods of a workload.
func serviceOf(workload string) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: workload},
		Spec: corev1.ServiceSpec{
			Selector: map[string]string{"app": workload},
			Ports:    []corev1.ServicePort{{Name: "http", Port: 80, TargetPort: intstr.FromInt32(8080)}},
		},
	}
}

// headless is a Service without an address of its own, whose name leads to the
// pods' own addresses.
func headless(name, workload string) *corev1.Service {
	s := serviceOf(workload)
	s.Name, s.Spec.ClusterIP = name, corev1.ClusterIPNone
	return s
}

// udpService is a Service of the pods of a workload over UDP.
func udpService(workload string, port, target int32) *corev1.Service {
	s := serviceOf(workload)
	s.Spec.Ports = []corev1.ServicePort{{Port: port, Protocol: corev1.ProtocolUDP, TargetPort: intstr.FromInt32(target)}}
	return s
}

// behind gives the objects of a proxy, two pods, in front of the Deployment app.
func behind(folder string, proxyEdits ...Edit) []runtime.Object {
	proxy := deployment("proxy", folder, append([]Edit{replicas(2)}, proxyEdits...)...)
	return []runtime.Object{
		files("tornado"), deployment("app", "tornado", env("INIT", "tini --")), serviceOf("app"), headless("app-pods", "app"),
		files(folder), proxy, serviceOf("proxy"),
	}
}

// called gives a Deployment and what selects its pods another name.
func called(name string) Edit {
	return func(d *appsv1.Deployment) {
		d.Name = name
		labels := map[string]string{"app": name}
		d.Spec.Selector, d.Spec.Template.Labels = &metav1.LabelSelector{MatchLabels: labels}, labels
	}
}

// apart puts no two pods on one node.
func apart(d *appsv1.Deployment) {
	d.Spec.Template.Spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
			LabelSelector: d.Spec.Selector, TopologyKey: corev1.LabelHostname,
		}},
	}}
}

// hook sets a preStop hook that runs a command.
func hook(command ...string) Edit {
	return func(d *appsv1.Deployment) {
		container(d).Lifecycle = &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: command}}}
	}
}

// runs sets the command of the container.
func runs(command ...string) Edit {
	return func(d *appsv1.Deployment) { container(d).Command = command }
}

// readyOn asks another port whether a pod is Ready.
func readyOn(port int32) Edit {
	return func(d *appsv1.Deployment) {
		container(d).ReadinessProbe.HTTPGet.Port = intstr.FromInt32(port)
	}
}

// unprobed has pods Ready as soon as they run.
func unprobed(d *appsv1.Deployment) {
	container(d).Ports, container(d).ReadinessProbe = nil, nil
}

// first puts another container, without ports and probes, before those that are
// there; last puts it after them.
func first(name string, command ...string) Edit {
	return func(d *appsv1.Deployment) {
		all := &d.Spec.Template.Spec.Containers
		*all = append([]corev1.Container{plain(d, name, command)}, *all...)
	}
}

func last(name string, command ...string) Edit {
	return func(d *appsv1.Deployment) {
		all := &d.Spec.Template.Spec.Containers
		*all = append(*all, plain(d, name, command))
	}
}

func plain(d *appsv1.Deployment, name string, command []string) corev1.Container {
	c := container(d).DeepCopy()
	c.Name, c.Command = name, command
	c.Ports, c.ReadinessProbe, c.Lifecycle = nil, nil, nil
	return *c
}
