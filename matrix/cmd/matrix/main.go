// Command matrix runs the sensitivity matrix on the cluster of
// scripts/cluster-up and writes matrix.json, or with -table field the table of
// servers that others wrote, and field.json:
//
//	eval "$(scripts/cluster-env)"
//	go run ./matrix/cmd/matrix -shared FOLDER
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"syscall"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/matrix"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "matrix:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	table := flag.String("table", "matrix", "the rows: matrix, the sample services, or field, servers that others wrote")
	rows := flag.String("rows", "", "a regular expression for the names of the rows to run; empty runs all")
	quarter := flag.Int("quarter", 0, "runs every fourth of the rows only, from this one on (1 to 4); 0 runs all")
	repeat := flag.Int("repeat", 1, "how often each row is run")
	parallel := flag.Int("parallel", 0, "how many rows run at once; 0 is one for each processor")
	senders := flag.Int("senders", 0, "how many pods send the requests, for the rows that this fits; 0 has the Job itself send them")
	out := flag.String("out", "", "where the results go; empty is out/TABLE.json")
	keep := flag.String("keep", "", "folder for the recordings and the services' logs; empty keeps none")
	shared := flag.String("shared", "", "the folder that the nodes know as /out (out of scripts/paths.sh)")
	image := flag.String("image", "shutdowncheck:dev", "the tool's image")
	flag.Parse()
	if *parallel == 0 {
		*parallel = runtime.NumCPU()
	}

	names, err := regexp.Compile(*rows)
	if err != nil {
		return fmt.Errorf("-rows: %w", err)
	}
	tables := map[string][]matrix.Row{"matrix": matrix.Rows(*image), "field": matrix.FieldRows()}
	selected := matrix.Quarter(matrix.Select(tables[*table], names), *quarter)
	if *senders > 0 {
		selected = matrix.ForSenders(selected)
	}
	switch {
	case flag.NArg() > 0:
		return fmt.Errorf("unexpected %q; there are only flags", flag.Args())
	case tables[*table] == nil:
		return fmt.Errorf("-table %q: want matrix or field", *table)
	case *quarter < 0 || *quarter > 4:
		return errors.New("-quarter: want 1 to 4, or 0")
	case len(selected) == 0:
		return fmt.Errorf("-rows %q: no row of the table has such a name", *rows)
	case *senders < 0 || *senders > check.MaxSenders:
		return fmt.Errorf("-senders %d: want 0 to %d", *senders, check.MaxSenders)
	case *repeat < 1 || *parallel < 1:
		return errors.New("-repeat: want 1 or more; -parallel: want that, or 0 for what suits the machine")
	case *shared == "":
		return errors.New("-shared is missing; scripts/paths.sh calls it out")
	}
	client, err := connect()
	if err != nil {
		return err
	}
	cluster, err := matrix.Describe(ctx, client)
	if err != nil {
		return err
	}
	fmt.Printf("Kubernetes %s, kube-proxy in %s mode\n", cluster.Kubernetes, cluster.KubeProxy)

	runner := &matrix.Runner{
		Client: client, Table: *table, Demo: "demo", Shared: *shared, Keep: *keep, Image: *image, Senders: *senders, Parallel: *parallel,
		Say: func(format string, args ...any) { fmt.Printf(format+"\n", args...) },
	}
	began := time.Now()
	results, failed := runner.Run(ctx, selected, *repeat)
	m := matrix.Summarize(results, time.Since(began).Seconds())
	m.Cluster = cluster
	path := cmp.Or(*out, "out/"+*table+".json")
	if err := m.Write(path); err != nil {
		return err
	}
	s, w := &m.Summary, &m.Summary.Witness
	fmt.Printf("%d of %d right; witness: %d of %d failures placed, %d right (%d alone), %d wrong (%d certain), %d unnamed; %s\n",
		s.Right, s.Rows, w.Placed, w.Listed, w.Right, w.Sole, w.Wrong, w.WrongCertain, w.Unnamed, path)
	if failed != nil {
		return failed
	}
	return m.Err()
}

func connect() (kubernetes.Interface, error) {
	path := os.Getenv("KUBECONFIG")
	if path == "" {
		return nil, errors.New(`KUBECONFIG is not set; bring the cluster up with scripts/cluster-up, then: eval "$(scripts/cluster-env)"`)
	}
	config, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		return nil, fmt.Errorf("KUBECONFIG=%s: %w", path, err)
	}
	config.QPS, config.Burst = 50, 100
	return kubernetes.NewForConfig(config)
}
