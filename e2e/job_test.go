//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	jobManifest = "../deploy/job.yaml"
	jobLabel    = "app=shutdowncheck"
)

// Inside the cluster nothing stands between the client and the pods, so that a
// refused connection is seen as one.
func TestJobFailsCareless(t *testing.T) {
	careless := newPlace(t).deploy(t, "careless")
	folder := careless.runJob(t, batchv1.JobFailed, failed)
	r := readReport(t, folder)
	careless.wantRefusals(t, r)
}

// wantRefusals fails the test unless refused connections were seen as such, the failures
// of a restart and a scale-down being those of the pods that died, by their own account.
func (v *victim) wantRefusals(t *testing.T, r *report) {
	t.Helper()
	refused := 0
	for _, f := range r.Failures {
		if f.Class == "refused" {
			refused++
			if f.Phase != "dial" {
				t.Errorf("%s #%d: refused at %s", f.Stream, f.Seq, f.Phase)
			}
		}
	}
	if refused == 0 {
		t.Errorf("none of %d failures was refused", len(r.Failures))
	}
	wantEnds(t, r, 3, 2)
	cut, shut, wrong := v.readDeaths(t, r.Began).compare(r)
	for _, w := range wrong {
		t.Error(w)
	}
	t.Logf("%d failed: %d refused at dial; %d in flight at an exit, %d met a closed listener", len(r.Failures), refused, cut, shut)
}

func TestJobPassesGraceful(t *testing.T) {
	graceful := newPlace(t).deploy(t, "graceful")
	folder := graceful.runJob(t, batchv1.JobComplete, passed)
	r := readReport(t, folder)
	wantNothingLost(t, r)
	wantEnds(t, r, 3, 2)
	graceful.wantPutBack(t, state{Replicas: 3})
}

// runJob checks the service with the Job of deploy/job.yaml and gives the
// folder of its recording. Where requests went out late it does so once more, as check does.
func (v *victim) runJob(t *testing.T, ending batchv1.JobConditionType, code int32) (folder string) {
	t.Helper()
	check := v.createJob(t)
	v.runFirst(t, jobLabel)
	pod, log := v.awaitJob(t)
	if exitCode(pod) == inconclusive && strings.Contains(log, late) {
		t.Logf("the machine was too busy: once more\n%s", log)
		v.removeJob(t)
		v.create(t, check)
		pod, log = v.awaitJob(t)
	}
	job, err := client.BatchV1().Jobs(v.namespace).Get(t.Context(), check.Name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if !has(job, ending) || exitCode(pod) != code {
		t.Fatalf("want the job %s with exit code %d, have %+v, %+v\n%s", ending, code, job.Status.Conditions, pod.Status.ContainerStatuses, log)
	}
	if !strings.Contains(log, "deployment/"+v.name) {
		t.Errorf("the report is not in the log:\n%s", log)
	}
	return v.keepFolder(t)
}

// createJob creates what deploy/job.yaml holds, and gives the Job.
func (v *victim) createJob(t *testing.T) (check *batchv1.Job) {
	t.Helper()
	manifest, err := os.ReadFile(jobManifest)
	if err != nil {
		t.Fatal(err)
	}
	// As a user would edit it.
	manifest = bytes.ReplaceAll(manifest, []byte("graceful"), []byte(v.name))
	manifest = bytes.ReplaceAll(manifest, []byte("demo"), []byte(v.namespace))
	// What lies outside the namespace needs a name of its own in each test.
	for _, name := range []string{"shutdowncheck-clocks", "shutdowncheck-nodes"} {
		manifest = bytes.ReplaceAll(manifest, []byte(name), []byte(name+"-"+v.namespace))
	}
	for _, object := range objects(t, manifest) {
		if job, ok := object.(*batchv1.Job); ok {
			v.keepRecording(t, &job.Spec.Template.Spec)
			job.Spec.Template.Spec.Containers[0].Args = append(job.Spec.Template.Spec.Containers[0].Args, quick...)
			check = job
		}
		v.create(t, object)
	}
	return check
}

// awaitJob waits until the Job has ended, and gives its pod and its log.
func (v *victim) awaitJob(t *testing.T) (*corev1.Pod, string) {
	t.Helper()
	waitFor(t, "the job to end", v.jobRuns)
	return v.jobPod(t)
}

// removeJob removes the Job with its pod and its recording, so that it can be made again.
func (v *victim) removeJob(t *testing.T) {
	t.Helper()
	err := client.BatchV1().Jobs(v.namespace).Delete(t.Context(), "shutdowncheck", metav1.DeleteOptions{PropagationPolicy: new(metav1.DeletePropagationForeground)})
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the job to go", func(ctx context.Context) (string, error) {
		// Its pod goes before it does.
		_, err := client.BatchV1().Jobs(v.namespace).Get(ctx, "shutdowncheck", metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return "", nil
		}
		return "it is there", err
	})
	if err := os.RemoveAll(filepath.Join(v.folder, "run")); err != nil {
		t.Fatal(err)
	}
}

// exitCode is how the pod's container ended, -1 if nothing tells.
func exitCode(pod *corev1.Pod) int32 {
	for _, status := range pod.Status.ContainerStatuses {
		if status.State.Terminated != nil {
			return status.State.Terminated.ExitCode
		}
	}
	return -1
}

// keepRecording puts the recording where the host can read it.
func (v *victim) keepRecording(t *testing.T, pod *corev1.PodSpec) {
	t.Helper()
	for i, volume := range pod.Volumes {
		if volume.Name == "recording" {
			pod.Volumes[i].VolumeSource = corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/out/" + v.namespace}}
			return
		}
	}
	t.Fatal("the job has no volume for its recording")
}

// keepFolder copies the recording out of the place, which does not outlive the
// test.
func (v *victim) keepFolder(t *testing.T) string {
	t.Helper()
	folder := filepath.Join("..", "out", "e2e", t.Name())
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(folder, os.DirFS(filepath.Join(v.folder, "run"))); err != nil {
		t.Fatal(err)
	}
	return folder
}

func (v *victim) create(t *testing.T, object any) {
	t.Helper()
	var err error
	switch o := object.(type) {
	case *corev1.ServiceAccount:
		_, err = client.CoreV1().ServiceAccounts(v.namespace).Create(t.Context(), o, metav1.CreateOptions{})
	case *rbacv1.Role:
		_, err = client.RbacV1().Roles(o.Namespace).Create(t.Context(), o, metav1.CreateOptions{})
		v.removeOutside(t, o.Namespace, func(ctx context.Context) error {
			return client.RbacV1().Roles(o.Namespace).Delete(ctx, o.Name, metav1.DeleteOptions{})
		})
	case *rbacv1.RoleBinding:
		_, err = client.RbacV1().RoleBindings(o.Namespace).Create(t.Context(), o, metav1.CreateOptions{})
		v.removeOutside(t, o.Namespace, func(ctx context.Context) error {
			return client.RbacV1().RoleBindings(o.Namespace).Delete(ctx, o.Name, metav1.DeleteOptions{})
		})
	case *rbacv1.ClusterRole:
		_, err = client.RbacV1().ClusterRoles().Create(t.Context(), o, metav1.CreateOptions{})
		t.Cleanup(func() {
			_ = client.RbacV1().ClusterRoles().Delete(context.Background(), o.Name, metav1.DeleteOptions{})
		})
	case *rbacv1.ClusterRoleBinding:
		_, err = client.RbacV1().ClusterRoleBindings().Create(t.Context(), o, metav1.CreateOptions{})
		t.Cleanup(func() {
			_ = client.RbacV1().ClusterRoleBindings().Delete(context.Background(), o.Name, metav1.DeleteOptions{})
		})
	case *batchv1.Job:
		_, err = client.BatchV1().Jobs(v.namespace).Create(t.Context(), o, metav1.CreateOptions{})
	default:
		t.Fatalf("deploy/job.yaml holds a %T", o)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// removeOutside has what lies in another namespace removed after the test; what
// lies in the test's own goes with it.
func (v *victim) removeOutside(t *testing.T, namespace string, remove func(context.Context) error) {
	t.Helper()
	if namespace != v.namespace {
		t.Cleanup(func() { _ = remove(context.Background()) })
	}
}

func (v *victim) jobRuns(ctx context.Context) (string, error) {
	job, err := client.BatchV1().Jobs(v.namespace).Get(ctx, "shutdowncheck", metav1.GetOptions{})
	if err != nil || has(job, batchv1.JobComplete) || has(job, batchv1.JobFailed) {
		return "", err
	}
	return "it runs", nil
}

func has(job *batchv1.Job, condition batchv1.JobConditionType) bool {
	for _, c := range job.Status.Conditions {
		if c.Type == condition && c.Status == corev1.ConditionTrue {
			return true
		}
	}
	return false
}

// jobPod gives the Job's pod and its log.
func (v *victim) jobPod(t *testing.T) (*corev1.Pod, string) {
	t.Helper()
	pods, err := client.CoreV1().Pods(v.namespace).List(t.Context(), metav1.ListOptions{LabelSelector: jobLabel})
	if err != nil {
		t.Fatal(err)
	}
	if len(pods.Items) != 1 {
		t.Fatalf("the job has %d pods, want 1", len(pods.Items))
	}
	log, err := client.CoreV1().Pods(v.namespace).GetLogs(pods.Items[0].Name, &corev1.PodLogOptions{}).DoRaw(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return &pods.Items[0], string(log)
}
