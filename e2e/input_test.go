//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"

	victimlog "github.com/shutdowncheck/shutdowncheck/internal/victim"
)

// What cannot be done is refused in one line, before anything is sent or
// changed.
func TestBadInputChangesNothing(t *testing.T) {
	careless := newPlace(t).deploy(t, "careless", env("VICTIM_LOG_REQUESTS", "true"))
	before, deployed := careless.state(t), time.Now()

	absent := *careless
	absent.name = "absent"
	absent.check(t).wantError(t, toolError, "deployment/absent", "not found")
	careless.check(t, "--scale-to", "3").wantError(t, toolError, "--scale-to", "3", "0 to 2")
	for _, n := range []string{"-1", "two"} {
		careless.check(t, "--scale-to", n).wantError(t, usage, "--scale-to", n)
	}
	for _, rate := range []string{"0", "-5", "many"} {
		careless.check(t, "--rate", rate).wantError(t, usage, "--rate", rate)
	}

	careless.expose(t, "second", map[string]string{"app": careless.name})
	careless.check(t, "--service", "absent").wantError(t, toolError, "service: there is no service absent")
	careless.check(t, "--service", "second").wantError(t, toolError, "service: the URL leads to service careless, not to second")
	untold := *careless
	untold.url = "http://localhost/" // no service's own
	plan := untold.check(t, "--dry-run")
	plan.want(t, 0)
	if several := "several services select its pods (careless, second)"; strings.Count(plan.stdout+plan.stderr, several) != 1 {
		t.Errorf("%q is not said once in\n%s%s", several, plan.stdout, plan.stderr)
	}

	lost := *careless
	lost.url = "http://nobody..invalid/" // which no resolver is asked for
	lost.check(t).wantError(t, usage, "--url", "does not find nobody..invalid")

	// Not even root can make a folder below a file.
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	careless.check(t, "--out", filepath.Join(file, "run")).wantError(t, usage, "--out", file)

	careless.check(t, "--dry-run", "--restart", "--scale-to", "1").want(t, 0)

	careless.wantUnchanged(t, before)
	if sent := careless.requests(t, deployed); sent != 0 {
		t.Errorf("%d requests were sent", sent)
	}
}

// The rights that a run asks for are those that the Job's Role grants: no fewer,
// no more.
func TestMissingRightsAreNamed(t *testing.T) {
	graceful := newPlace(t).deploy(t, "graceful")
	before := graceful.state(t)
	run := graceful.check(t, "--restart", "--scale-to", "1", "--as", "system:serviceaccount:"+graceful.namespace+":nobody")
	run.wantError(t, toolError, "rights are missing in namespace "+graceful.namespace)
	graceful.wantUnchanged(t, before)

	_, list, _ := strings.Cut(strings.TrimSpace(run.stderr), "namespace "+graceful.namespace+": ")
	list, _, _ = strings.Cut(list, "; see which there are with: ")
	asked := strings.Split(list, ", ")
	granted := rightsOf(t, "graceful")
	slices.Sort(asked)
	slices.Sort(granted)
	if !slices.Equal(asked, granted) {
		t.Errorf("asked for\n  %s\ngranted by deploy/job.yaml\n  %s", strings.Join(asked, "\n  "), strings.Join(granted, "\n  "))
	}
}

// rightsOf lists what the Role in deploy/job.yaml grants, in the words of the
// tool.
func rightsOf(t *testing.T, workload string) []string {
	t.Helper()
	manifest, err := os.ReadFile(jobManifest)
	if err != nil {
		t.Fatal(err)
	}
	var rights []string
	for _, object := range objects(t, manifest) {
		role, ok := object.(*rbacv1.Role)
		if !ok || role.Name != "shutdowncheck" { // the others are optional
			continue
		}
		for _, rule := range role.Rules {
			for _, resource := range rule.Resources {
				resource, subresource, _ := strings.Cut(resource, "/")
				text := resource
				if rule.APIGroups[0] != "" {
					text += "." + rule.APIGroups[0]
				}
				if subresource != "" {
					text += "/" + subresource
				}
				if slices.Equal(rule.ResourceNames, []string{workload}) {
					text += " " + workload
				}
				for _, verb := range rule.Verbs {
					rights = append(rights, verb+" "+text)
				}
			}
		}
	}
	return rights
}

// requests counts the requests that the pods were asked to work on from a moment on.
func (v *victim) requests(t *testing.T, from time.Time) int {
	t.Helper()
	count := 0
	for _, e := range v.logged(t, from) {
		if e.Event == victimlog.RequestStart && e.Request.Path == "/" {
			count++
		}
	}
	return count
}
