package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/shutdowncheck/shutdowncheck/control"
	"github.com/shutdowncheck/shutdowncheck/experiment"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// removeTimeout bounds the removal of the control, which goes on after the
// run's own context has ended.
const removeTimeout = 30 * time.Second

// tryControl sends the check's streams to a service that is known to drop
// requests, and tells whether that was caught. The error is a control that
// could not be carried out; the workload has not been touched then.
func (r *runCommand) tryControl(ctx context.Context, cfg experiment.Config) (result *recording.ControlResult, err error) {
	// Whatever would stop the check itself is known before anything is made.
	if _, err := experiment.Plan(ctx, cfg); err != nil {
		return nil, err
	}
	dir := filepath.Join(cfg.Dir, "control")
	if holdsRecording(dir) {
		return nil, usagef("--out: %s already holds a recording; want another folder", dir)
	}
	careless := control.New(cfg.Act, cfg.Namespace, cfg.ID, cfg.Check)
	_, _ = fmt.Fprintf(r.streams.err, "control: %s is made, restarted and removed again\n", careless.Name())
	r.streams.work.at("making the control " + careless.Name())
	removed := r.streams.work.owe("the control may be left, remove it with", cfg.ByHand.Kubectl("delete", "deployment,service", careless.Name(), "-n", cfg.Namespace))
	defer func() {
		r.streams.work.at("removing the control " + careless.Name())
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeTimeout)
		defer cancel()
		failure := careless.Remove(ctx)
		if failure == nil {
			removed()
		}
		err = errors.Join(err, failure)
	}()
	if err := careless.Start(ctx); err != nil {
		return nil, err
	}
	progress := newProgress(r.streams.err)
	cfg.Check = careless.Check()
	cfg.Dir = dir
	cfg.Progress = progress.show
	// Whatever is changed of the control goes with it.
	cfg.Doing = func(now experiment.Doing) { r.streams.work.at("trying the control: " + now.What) }
	err = experiment.Run(ctx, cfg)
	progress.end()
	if err != nil {
		return nil, fmt.Errorf("the control: %w", err)
	}
	defer spareMemory()()
	rep, err := analyze(ctx, cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("the control: %w", err)
	}
	if err := saveReport(cfg.Dir, rep); err != nil {
		return nil, fmt.Errorf("the control: %w", err)
	}
	result = caught(rep)
	_, _ = fmt.Fprintf(r.streams.err, "control: %s\n", result.Why)
	return result, nil
}

// caught judges the control's report: only the causes that the careless service
// is made for count.
func caught(rep *report.Report) *recording.ControlResult {
	if rep.Verdict != report.Failed {
		return &recording.ControlResult{Why: fmt.Sprintf("its verdict is %s: %s", rep.Verdict, strings.Join(rep.Reasons, "; "))}
	}
	var causes []string
	for _, f := range rep.Findings {
		if f.Cause == report.NoDrain || f.Cause == report.ListenerClosedEarly {
			return &recording.ControlResult{Caught: true, Why: fmt.Sprintf("caught with %s", f.Cause)}
		}
		if !slices.Contains(causes, string(f.Cause)) {
			causes = append(causes, string(f.Cause))
		}
	}
	return &recording.ControlResult{Why: fmt.Sprintf("it failed with %s, want %s or %s",
		strings.Join(causes, ", "), report.NoDrain, report.ListenerClosedEarly)}
}

// self names the pod that the program runs in, as deploy/job.yaml tells it;
// empty outside the cluster.
func self() string {
	namespace, name := os.Getenv("POD_NAMESPACE"), os.Getenv("POD_NAME")
	if namespace == "" || name == "" {
		return ""
	}
	return namespace + "/" + name
}
