package matrix

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/label"
	"github.com/shutdowncheck/shutdowncheck/internal/realtime"
	"github.com/shutdowncheck/shutdowncheck/internal/schema"
	"github.com/shutdowncheck/shutdowncheck/matrix/witness"
	"github.com/shutdowncheck/shutdowncheck/report"
	"github.com/shutdowncheck/shutdowncheck/report/render"
)

// nobody is the user of the Job, as in deploy/job.yaml.
const nobody = 65532

// check runs the tool once inside the cluster. run is the name of the Job and
// of the recording's folder.
func (s *service) check(ctx context.Context, row *Row, run string) (outcome, error) {
	host, err := s.host(ctx, row)
	if err != nil {
		return outcome{}, err
	}
	asked := row.check(host)
	asked.Inside = s.inside
	spec, err := json.Marshal(asked)
	if err != nil {
		return outcome{}, err
	}
	nameservers, err := s.nameservers(ctx, row)
	if err != nil {
		return outcome{}, err
	}
	aliases, err := s.aliases(ctx, row, host)
	if err != nil {
		return outcome{}, err
	}
	meta := metav1.ObjectMeta{Name: run, Namespace: s.namespace}
	config := &corev1.ConfigMap{ObjectMeta: meta, Data: map[string]string{"check.yaml": string(spec)}}
	if _, err := s.client.CoreV1().ConfigMaps(s.namespace).Create(ctx, config, metav1.CreateOptions{}); err != nil {
		return outcome{}, err
	}
	if _, err := s.client.BatchV1().Jobs(s.namespace).Create(ctx, s.job(run, row, nameservers, aliases), metav1.CreateOptions{}); err != nil {
		return outcome{}, err
	}
	exit, err := s.waitJob(ctx, run, row.CPU == "")
	if err != nil {
		return outcome{}, err
	}
	o := outcome{exitCode: int(exit.code), log: exit.log}
	err = s.readRun(&o, filepath.Join(s.folder, run))
	return o, err
}

// controlPlane is the label of the nodes without workloads, and their taint.
const controlPlane = "node-role.kubernetes.io/control-plane"

// host is what the requests go to.
func (s *service) host(ctx context.Context, row *Row) (string, error) {
	name := cmp.Or(row.Host, s.workload.Name)
	if !row.OneNode {
		return fmt.Sprintf("%s.%s.svc.cluster.local", name, s.namespace), nil
	}
	service, err := s.client.CoreV1().Services(s.namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return "", err
	}
	workers, err := s.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{LabelSelector: "!" + controlPlane})
	if err != nil {
		return "", err
	}
	for i := range workers.Items {
		for _, a := range workers.Items[i].Status.Addresses {
			if a.Type == corev1.NodeInternalIP {
				return fmt.Sprintf("%s:%d", a.Address, service.Spec.Ports[0].NodePort), nil
			}
		}
	}
	return "", errors.New("no worker has an address")
}

// check is what the Job is to prove.
func (r *Row) check(host string) check.Check {
	url := "http://" + host
	c := check.Check{
		APIVersion: check.APIVersion, Kind: check.Kind,
		Metadata:    check.Metadata{Name: r.slug()},
		Workload:    r.workload(),
		Target:      check.Target{URL: url + "/", Trace: true, Via: r.Via},
		Disruptions: []check.Disruption{r.Disruption},
		Timing: check.Timing{
			Baseline: check.Duration(max(5*time.Second, r.Baseline)),
			Settle:   check.Duration(6 * time.Second),
			Timeout:  check.Duration(2 * time.Minute),
		},
	}
	for _, stream := range r.Streams {
		stream.URL = url + stream.URL
		c.Streams = append(c.Streams, stream)
	}
	return c
}

// nameservers are the addresses that the Job asks for names; none for the cluster's.
func (s *service) nameservers(ctx context.Context, row *Row) ([]string, error) {
	if row.Nameserver == "" {
		return nil, nil
	}
	own, err := s.client.CoreV1().Services(s.namespace).Get(ctx, row.Nameserver, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	cluster, err := s.client.CoreV1().Services(metav1.NamespaceSystem).Get(ctx, "kube-dns", metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	return []string{own.Spec.ClusterIP, cluster.Spec.ClusterIP}, nil
}

// aliases tell the Job the Service's address: a lookup for each new connection took a fifth of
// what a row needs of the processors, and no row is about the cluster's DNS but those with a
// name server of their own.
func (s *service) aliases(ctx context.Context, row *Row, host string) ([]corev1.HostAlias, error) {
	if row.OneNode || row.Nameserver != "" {
		return nil, nil
	}
	service, err := s.client.CoreV1().Services(s.namespace).Get(ctx, cmp.Or(row.Host, s.workload.Name), metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	if service.Spec.ClusterIP == corev1.ClusterIPNone {
		return nil, nil
	}
	return []corev1.HostAlias{{IP: service.Spec.ClusterIP, Hostnames: []string{host}}}, nil
}

func (s *service) job(run string, row *Row, nameservers []string, aliases []corev1.HostAlias) *batchv1.Job {
	labels := map[string]string{"app": account, "run": run}
	pod := corev1.PodSpec{
		ServiceAccountName:            account,
		RestartPolicy:                 corev1.RestartPolicyNever,
		TerminationGracePeriodSeconds: new(int64(90)),
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot: new(true), RunAsUser: new(int64(nobody)), RunAsGroup: new(int64(nobody)),
		},
		HostAliases: aliases,
		// The full name is looked up as it stands.
		DNSConfig: &corev1.PodDNSConfig{Options: []corev1.PodDNSConfigOption{{Name: "ndots", Value: new("1")}}},
		Containers: []corev1.Container{{
			Name: account, Image: s.image, ImagePullPolicy: corev1.PullIfNotPresent,
			Args: []string{"run", "-n", s.namespace, "-f", "/check/check.yaml", "-o", "json", "--out", "/recording/" + run},
			Resources: corev1.ResourceRequirements{
				// Of a busy processor each has its share by what it asks for, and here many
				// programs start while the requests have to go out in time.
				Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("500m"), corev1.ResourceMemory: resource.MustParse("64Mi")},
				Limits:   corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("256Mi")},
			},
			VolumeMounts: []corev1.VolumeMount{{Name: "check", MountPath: "/check"}, {Name: "recording", MountPath: "/recording"}},
		}},
		Volumes: []corev1.Volume{
			{Name: "check", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
				LocalObjectReference: corev1.LocalObjectReference{Name: run},
			}}},
			{Name: "recording", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: s.logs()}}},
		},
	}
	if len(nameservers) > 0 {
		pod.DNSPolicy, pod.DNSConfig.Nameservers = corev1.DNSNone, nameservers
	}
	if row.CPU != "" {
		r := &pod.Containers[0].Resources
		r.Requests[corev1.ResourceCPU], r.Limits[corev1.ResourceCPU] = resource.MustParse(row.CPU), resource.MustParse(row.CPU)
	}
	if row.OneNode {
		// A pod on the node that is asked would be led to the pods of all nodes
		// (kubernetes pkg/proxy/iptables, "pod traffic for external destinations").
		pod.NodeSelector = map[string]string{controlPlane: ""}
		pod.Tolerations = []corev1.Toleration{{Key: controlPlane, Operator: corev1.TolerationOpExists}}
	}
	return &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Name: run, Namespace: s.namespace, Labels: labels},
		Spec: batchv1.JobSpec{
			BackoffLimit: new(int32(0)),
			Template:     corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: pod},
		},
	}
}

// exited is the end of the Job's container.
type exited struct {
	code int32
	log  string
}

// waitJob waits for the Job's end. inTime says that its requests are to go out in time
// whatever else runs here.
func (s *service) waitJob(ctx context.Context, run string, inTime bool) (exited, error) {
	var pod *corev1.Pod
	first := map[string]bool{}
	err := poll(ctx, "the Job to end", func(ctx context.Context) (string, error) {
		own, err := s.client.CoreV1().Pods(s.namespace).List(ctx, metav1.ListOptions{LabelSelector: "run=" + run})
		if err != nil {
			return "", err
		}
		if len(own.Items) == 0 {
			return "it has no pod", nil
		}
		pod = &own.Items[0]
		if statuses := pod.Status.ContainerStatuses; len(statuses) == 1 && statuses[0].State.Terminated != nil {
			return "", nil
		}
		if inTime {
			senders, err := s.senders(ctx)
			if err != nil {
				return "", err
			}
			s.runFirst(first, slices.Concat(own.Items, senders))
		}
		return "its pod is " + string(pod.Status.Phase), nil
	})
	if err != nil {
		return exited{}, err
	}
	log, err := s.client.CoreV1().Pods(s.namespace).GetLogs(pod.Name, &corev1.PodLogOptions{}).DoRaw(ctx)
	if err != nil {
		return exited{}, err
	}
	return exited{code: pod.Status.ContainerStatuses[0].State.Terminated.ExitCode, log: string(log)}, nil
}

// senders are the pods that send for the Job.
func (s *service) senders(ctx context.Context) ([]corev1.Pod, error) {
	if s.inside == nil {
		return nil, nil
	}
	pods, err := s.client.CoreV1().Pods(s.namespace).List(ctx, metav1.ListOptions{LabelSelector: label.Selector})
	if err != nil {
		return nil, err
	}
	return pods.Items, nil
}

// runFirst gives the pods' containers real-time priority once they run; done are those
// that have it, by their ID.
func (s *service) runFirst(done map[string]bool, pods []corev1.Pod) {
	for i := range pods {
		for _, c := range pods[i].Status.ContainerStatuses {
			if c.State.Running == nil || done[c.ContainerID] {
				continue
			}
			done[c.ContainerID] = true
			_, id, _ := strings.Cut(c.ContainerID, "://")
			if err := realtime.Container(id); err != nil {
				s.say("      no real-time priority for %s: %v", pods[i].Name, err)
			}
		}
	}
}

// readRun reads the report and hears the witness, if there is a report.
func (s *service) readRun(o *outcome, folder string) error {
	data, err := os.ReadFile(filepath.Join(folder, "report.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	o.report = &report.Report{}
	if err := json.Unmarshal(data, o.report); err != nil {
		return fmt.Errorf("%s/report.json: %w", folder, err)
	}
	published, err := schema.Compile(render.Schema())
	if err != nil {
		return err
	}
	o.malformed = published.Validate(data)
	o.witness, err = witness.Hear(o.report, folder, s.folder, s.workload.Name)
	return err
}
