package matrix

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// ownLabel marks what a matrix makes in the cluster, with the table's name.
const ownLabel = "shutdowncheck.io/matrix"

// Runner runs rows on a cluster.
type Runner struct {
	Client kubernetes.Interface
	// Table is the name of the rows' table, by which its namespaces are known.
	Table string
	// Demo is the folder with the manifests of the sample services, Shared the
	// one that the nodes know as /out.
	Demo, Shared string
	// Keep is where the recordings and the services' logs go; empty keeps none.
	Keep string
	// Image is the tool's.
	Image string
	// Senders is how many pods send the requests; 0 has the Job itself send them.
	Senders  int
	Parallel int
	// Say tells of the progress.
	Say func(format string, args ...any)
}

// Select gives the rows whose names match.
func Select(rows []Row, names *regexp.Regexp) []Row {
	var selected []Row
	for i := range rows {
		if names.MatchString(rows[i].Name) {
			selected = append(selected, rows[i])
		}
	}
	return selected
}

// ForSenders gives the rows whose requests pods of their own may send: in the others it
// matters how much time the Job has, on which node it is or whom it asks for names.
func ForSenders(rows []Row) []Row {
	return slices.DeleteFunc(slices.Clone(rows), func(r Row) bool { return r.CPU != "" || r.OneNode || r.Nameserver != "" })
}

// Quarter gives every fourth of the rows, from the first, second, third or fourth
// on; for 0 all.
func Quarter(rows []Row, from int) []Row {
	if from == 0 {
		return rows
	}
	var selected []Row
	for i := from - 1; i < len(rows); i += 4 {
		selected = append(selected, rows[i])
	}
	return selected
}

// Run runs each row so many times, several at once, and gives the results in the
// order of the rows. A row that could not be carried out is an error, beside
// the results of the others.
func (r *Runner) Run(ctx context.Context, rows []Row, times int) ([]Result, error) {
	if err := r.removeLeftovers(ctx); err != nil {
		return nil, err
	}
	results := make([][]Result, times*len(rows))
	errs := make([]error, len(results))
	slots := make(chan struct{}, r.Parallel)
	var running sync.WaitGroup
	for i := range results {
		row, attempt := &rows[i%len(rows)], i/len(rows)+1
		takes := 1
		if row.Alone {
			takes = r.Parallel
		}
		if err := acquire(ctx, slots, takes); err != nil {
			errs[i] = fmt.Errorf("%s: %w", row.Name, err)
			continue
		}
		running.Go(func() {
			defer release(slots, takes)
			var err error
			if results[i], err = r.runUnstarved(ctx, row, attempt); err != nil {
				errs[i] = fmt.Errorf("%s: %w", row.Name, err)
				r.Say("%v", errs[i])
			}
		})
	}
	running.Wait()
	var all []Result
	for _, part := range results {
		all = append(all, part...)
	}
	return all, errors.Join(errs...)
}

// acquire waits for so many slots, which one caller alone may do at a time.
func acquire(ctx context.Context, slots chan<- struct{}, n int) error {
	for range n {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func release(slots <-chan struct{}, n int) {
	for range n {
		<-slots
	}
}

// latenessAllowed is the one of the report, above which a run proves nothing.
const latenessAllowed = 50 * time.Millisecond

// wasStarved tells whether a row came to nothing for want of processor time, which says
// nothing of the tool.
func wasStarved(results []Result) bool {
	return slices.ContainsFunc(results, func(r Result) bool {
		return !r.Right && r.GotVerdict == report.Inconclusive && r.LatenessP99 > latenessAllowed.Seconds()
	})
}

// runUnstarved runs a row once more where it was starved, and tells so in the results.
// A second time counts as it is.
func (r *Runner) runUnstarved(ctx context.Context, row *Row, attempt int) ([]Result, error) {
	results, err := r.runRow(ctx, row, attempt)
	if err != nil || row.CPU != "" || !wasStarved(results) {
		return results, err
	}
	r.Say("      %s was starved: once more", row.Name)
	results, err = r.runRow(ctx, row, attempt)
	for i := range results {
		results[i].Starved = true
	}
	return results, err
}

// runRow runs a row in a namespace of its own, and once more with the patches
// applied where the row wants that.
func (r *Runner) runRow(ctx context.Context, row *Row, attempt int) (results []Result, err error) {
	began := time.Now()
	before := readStalled(began)
	space, err := r.Client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		GenerateName: r.Table + "-" + row.slug() + "-", Labels: map[string]string{ownLabel: r.Table},
	}}, metav1.CreateOptions{})
	if err != nil {
		return nil, err
	}
	s := &service{
		client: r.Client, namespace: space.Name, workload: row.workload(), image: r.Image,
		folder: filepath.Join(r.Shared, "matrix", space.Name), say: r.Say,
	}
	if r.Senders > 0 {
		s.inside = &check.Inside{Senders: check.Senders(r.Senders), Image: r.Image}
	}
	defer func() { err = errors.Join(err, r.remove(s.namespace)) }()
	// The pods run as other users than we do.
	if err := os.MkdirAll(s.folder, 0o777); err != nil {
		return nil, err
	}
	if err := os.Chmod(s.folder, 0o777); err != nil {
		return nil, err
	}
	if r.Keep != "" {
		defer func() { err = errors.Join(err, r.keep(s.folder, row, attempt)) }()
	}
	if err := s.grant(ctx, row.Disruption); err != nil {
		return nil, err
	}
	if err := s.deploy(ctx, r.Demo, row); err != nil {
		return nil, err
	}

	take := func(name string, want Want, o outcome) {
		result := judge(want, o)
		if result.Right && result.GotVerdict == report.Failed && len(row.Objects) > 0 && o.witness.Read == 0 {
			result.Right, result.Why = false, "the servers' logs tell of no request: nothing bears the report out"
		}
		now := readStalled(time.Now())
		result.Name, result.Attempt, result.Seconds = name, attempt, now.at.Sub(began).Seconds()
		result.Pressure = now.since(before)
		began, before = now.at, now
		results = append(results, result)
		r.Say("%s", line(&result))
	}
	o, err := s.check(ctx, row, "run")
	if err != nil {
		return nil, err
	}
	take(row.Name, row.Want, o)
	if !row.Patch {
		return results, nil
	}
	if err := s.applyFixes(ctx, o.report); err != nil {
		return results, err
	}
	o, err = s.check(ctx, row, "patched")
	if err != nil {
		return results, err
	}
	take(row.Name+" + patch", passes(), o)
	return results, nil
}

// applyFixes applies the patches that the findings print, each once.
func (s *service) applyFixes(ctx context.Context, r *report.Report) error {
	if r == nil {
		return nil
	}
	applied := map[string]bool{}
	for i := range r.Findings {
		patch := r.Findings[i].Fix.Patch
		if patch == "" || applied[patch] {
			continue
		}
		applied[patch] = true
		if err := s.patch(ctx, patch); err != nil {
			return fmt.Errorf("applying the patch %s: %w", patch, err)
		}
	}
	return s.waitSteady(ctx)
}

// line tells of one result.
func line(r *Result) string {
	verdict := "ok   "
	if !r.Right {
		verdict = "WRONG"
	}
	text := fmt.Sprintf("%s %-40s %-12s %-22s %5d of %6d failed, lateness %3.0f ms, %3.0f s", verdict, r.Name, r.GotVerdict, r.GotCause,
		r.Failed, r.Sent, r.LatenessP99*1000, r.Seconds)
	if r.Pressure != nil {
		text += fmt.Sprintf(", busy %2.0f %%", r.Pressure.CPU*100)
	}
	if !r.Right {
		text += ": " + r.Why
	}
	return text
}

// keep copies what a row left in its folder.
func (r *Runner) keep(folder string, row *Row, attempt int) error {
	to := filepath.Join(r.Keep, fmt.Sprintf("%s-%d", row.slug(), attempt))
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	return os.CopyFS(to, os.DirFS(folder))
}

// remove removes what a row made, and waits for the ends of its pods: they write to its folder,
// and would take processor time from the next row. It does so for an interrupted one, too.
func (r *Runner) remove(namespace string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	rbac := r.Client.RbacV1()
	return errors.Join(
		gone(rbac.ClusterRoleBindings().Delete(ctx, namespace, metav1.DeleteOptions{})),
		gone(rbac.ClusterRoles().Delete(ctx, namespace, metav1.DeleteOptions{})),
		gone(r.Client.CoreV1().Namespaces().Delete(ctx, namespace, metav1.DeleteOptions{})),
		r.endPods(ctx, namespace),
		os.RemoveAll(filepath.Join(r.Shared, "matrix", namespace)),
	)
}

// endPods ends the pods of a namespace, which is on its way out, without their grace.
func (r *Runner) endPods(ctx context.Context, namespace string) error {
	pods := r.Client.CoreV1().Pods(namespace)
	return wait.PollUntilContextCancel(ctx, 250*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		left, err := pods.List(ctx, metav1.ListOptions{})
		if err != nil || len(left.Items) == 0 {
			return err == nil, err
		}
		at := metav1.DeleteOptions{GracePeriodSeconds: new(int64(1))}
		return false, gone(pods.DeleteCollection(ctx, at, metav1.ListOptions{}))
	})
}

// gone takes what is not there, or on its way out, as removed.
func gone(err error) error {
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	return err
}

// removeLeftovers removes what an earlier matrix left that was killed.
func (r *Runner) removeLeftovers(ctx context.Context) error {
	old, err := r.Client.CoreV1().Namespaces().List(ctx, metav1.ListOptions{LabelSelector: ownLabel + "=" + r.Table})
	if err != nil {
		return err
	}
	for i := range old.Items {
		if err := r.remove(old.Items[i].Name); err != nil {
			return err
		}
	}
	return nil
}
