package matrix

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/shutdowncheck/shutdowncheck/matrix/witness"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// Result is what one run of one row gave.
type Result struct {
	Name    string `json:"name"`
	Attempt int    `json:"attempt"`
	// Starved tells that an earlier run of the row proved nothing, as the machine was
	// too busy to send in time.
	Starved bool `json:"starved,omitempty"`

	ExpectedVerdict Verdict      `json:"expected_verdict"`
	ExpectedCause   report.Cause `json:"expected_cause"`
	GotVerdict      Verdict      `json:"got_verdict"`
	// GotCause is the cause of the most failures, or the expected one if it was
	// warned of as expected.
	GotCause report.Cause `json:"got_cause"`
	// Has, MustNot and Container are what else is wanted, see Want.
	Has       []report.Cause `json:"has,omitempty"`
	MustNot   []report.Cause `json:"must_not,omitempty"`
	Container string         `json:"container,omitempty"`
	// Causes are the failures that the findings lay to each cause, Warned the causes
	// that are warned of, Patched the containers that the patches change.
	Causes  map[report.Cause]int `json:"causes,omitempty"`
	Warned  []report.Cause       `json:"warned,omitempty"`
	Patched []string             `json:"patched,omitempty"`

	ExitCode int  `json:"exit_code"`
	Right    bool `json:"right"`
	// Why says what is wrong; empty if all is right.
	Why string `json:"why,omitempty"`

	Sent       int `json:"sent"`
	Failed     int `json:"failed"`
	Attributed int `json:"attributed"`
	// LatenessP99 is the latest stream's, in seconds.
	LatenessP99 float64 `json:"lateness_p99"`
	// Seconds is how long the row took, the service's coming up included.
	Seconds float64 `json:"seconds"`
	// Pressure is that of the machine meanwhile.
	Pressure *Pressure     `json:"pressure,omitempty"`
	Witness  witness.Tally `json:"witness"`
	// Reasons are the report's, or the error.
	Reasons []string `json:"reasons"`
}

// Matrix is matrix.json.
type Matrix struct {
	Cluster Cluster  `json:"cluster"`
	Rows    []Result `json:"rows"`
	Summary Summary  `json:"summary"`
}

// Summary adds up the rows.
type Summary struct {
	Rows  int `json:"rows"`
	Right int `json:"right"`
	// FalseAlarms failed and should have passed, Missed passed and should have
	// failed, Unproven were inconclusive and should not have been.
	FalseAlarms int `json:"false_alarms"`
	Missed      int `json:"missed"`
	Unproven    int `json:"unproven"`
	// Starved were run twice, see [Result].
	Starved int `json:"starved"`
	// Sent, Failed and Attributed are over all rows; Witness only over those
	// that should fail: in the others no pod is to be named.
	Sent       int           `json:"sent"`
	Failed     int           `json:"failed"`
	Attributed int           `json:"attributed"`
	Witness    witness.Tally `json:"witness"`
	Seconds    float64       `json:"seconds"`
}

// Summarize adds up results that took so many seconds together.
func Summarize(rows []Result, seconds float64) Matrix {
	s := Summary{Rows: len(rows), Seconds: seconds}
	for i := range rows {
		r := &rows[i]
		if r.Right {
			s.Right++
		}
		if r.Starved {
			s.Starved++
		}
		switch {
		case r.ExpectedVerdict == report.Passed && r.GotVerdict == report.Failed:
			s.FalseAlarms++
		case r.ExpectedVerdict == report.Failed && r.GotVerdict == report.Passed:
			s.Missed++
		case r.ExpectedVerdict != report.Inconclusive && r.GotVerdict == report.Inconclusive:
			s.Unproven++
		}
		s.Sent += r.Sent
		s.Failed += r.Failed
		s.Attributed += r.Attributed
		if r.ExpectedVerdict == report.Failed {
			s.Witness.Add(r.Witness)
		}
	}
	return Matrix{Rows: rows, Summary: s}
}

// Write writes matrix.json.
func (m Matrix) Write(path string) error {
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o644)
}

// Err says what keeps the matrix from being proof; nil if nothing does.
func (m Matrix) Err() error {
	s := &m.Summary
	var errs []error
	if s.Right < s.Rows {
		errs = append(errs, fmt.Errorf("%d of %d rows are wrong", s.Rows-s.Right, s.Rows))
	}
	// 99 of 100.
	if 100*s.Witness.Right < 99*s.Witness.Placed {
		errs = append(errs, fmt.Errorf("only %d of %d failures are tied to the pod that the services' logs tell", s.Witness.Right, s.Witness.Placed))
	}
	if s.Witness.WrongCertain > 0 {
		errs = append(errs, fmt.Errorf("%d failures are tied to a wrong pod and called certain", s.Witness.WrongCertain))
	}
	return errors.Join(errs...)
}
