// Command proxylag tells for how long the nodes' proxies went on leading new
// connections to pods that had left the slices, from what the sensitivity matrix kept
// of its runs:
//
//	go run ./matrix/cmd/proxylag out/matrix
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/matrix/witness"
	"github.com/shutdowncheck/shutdowncheck/report"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: proxylag FOLDER, the one that the matrix kept its runs in")
		os.Exit(2)
	}
	lags, err := measure(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "proxylag:", err)
		os.Exit(1)
	}
	at := func(share float64) time.Duration {
		return lags[int(share*float64(len(lags)-1))].Round(time.Millisecond)
	}
	fmt.Printf("%d pods; median %v, 90 of 100 within %v, longest %v\n", len(lags), at(0.5), at(0.9), at(1))
}

// measure gives the lags of all runs below a folder, the shortest first.
func measure(folder string) ([]time.Duration, error) {
	reports, err := filepath.Glob(filepath.Join(folder, "*", "*", "report.json"))
	if err != nil {
		return nil, err
	}
	var lags []time.Duration
	for _, path := range reports {
		of, err := lagsOf(path)
		if err != nil {
			return nil, err
		}
		lags = append(lags, of...)
	}
	if len(lags) == 0 {
		return nil, errors.New("no run there has a pod that was led connections after it had left the slices; make matrix keeps its runs in out/matrix")
	}
	slices.Sort(lags)
	return lags, nil
}

// lagsOf gives those of one run. The pods' logs lie beside its folder.
func lagsOf(path string) ([]time.Duration, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var r report.Report
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	run := filepath.Dir(path)
	events, err := witness.Events(filepath.Dir(run))
	if err != nil {
		return nil, err
	}
	samples, err := witness.Samples(run)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", run, err)
	}
	return witness.ProxyLags(&r, samples, witness.ReadLogs(events, r.Began, r.Ended)), nil
}
