package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/shutdowncheck/shutdowncheck/chaos"
	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/guard"
)

// restoreTimeout bounds the putting back, without the time that a question waits for
// its answer.
const restoreTimeout = time.Minute

type restoration struct {
	streams    streams
	connection *genericclioptions.ConfigFlags
	all, yes   bool
}

func newRestore(s streams, connection *genericclioptions.ConfigFlags) *cobra.Command {
	r := &restoration{streams: s, connection: connection}
	cmd := &cobra.Command{
		Use:   "restore (WORKLOAD | --all)",
		Short: "Put back what a killed run left changed",
		Long: `restore puts back what a run changed and could not put back itself, because it
was killed. It goes by the annotation that a run leaves on the workload while it
is at work there, which names the senders that it has made in the cluster, and by
the mark on a node that it has cordoned. A run that only observes leaves no
annotation: its senders are found where you may list jobs.

What may not be a run's own, or not wanted any more, is shown first and put back
only if you say so: an annotation that a rollback has brought back, one that the
workload was rolled out over since, one whose time is more than a day away.

--all looks through the whole cluster, or with -n through one namespace: notes on
workloads, cordoned nodes, and the helper pods, controls and jobs that runs have
made. It only shows what it finds, unless you say --yes.`,
		Example: `  shutdowncheck restore deployment/web
  shutdowncheck restore --all
  shutdowncheck restore --all --yes -n shop`,
		Args: atMostOneWorkload,
		RunE: r.run,
	}
	cmd.Flags().BoolVar(&r.all, "all", false, "show everything that runs have left in the cluster, or in the namespace of -n")
	cmd.Flags().BoolVarP(&r.yes, "yes", "y", false, "put it back without asking")
	connection.AddFlags(cmd.Flags())
	return cmd
}

func (r *restoration) run(cmd *cobra.Command, args []string) error {
	switch {
	case r.all && len(args) > 0:
		return usagef("--all and %s; want one of them", strings.Join(args, " "))
	case !r.all && len(args) == 0:
		return usagef("no argument; want one WORKLOAD, or --all")
	}
	var ref check.Workload
	if !r.all {
		var err error
		if ref, err = check.ParseWorkload(args[0]); err != nil {
			return &usageError{err}
		}
	}
	cluster, err := connect(r.connection)
	if err != nil {
		return err
	}
	surviveBrokenPipes()
	if r.all {
		return interrupted(cmd.Context(), r.everything(cmd.Context(), cluster))
	}
	r.streams.work.at(fmt.Sprintf("putting %s back", ref))
	settled := r.streams.work.owe(ref.String()+" may be left changed, put it back with", byHand(r.streams, r.connection).Restore(ref.String(), cluster.namespace))
	err = interrupted(cmd.Context(), r.one(cmd.Context(), cluster, ref))
	if err == nil {
		settled()
	}
	return err
}

// one puts back what is left for one workload.
func (r *restoration) one(ctx context.Context, cluster *cluster, ref check.Workload) error {
	looking, cancel := context.WithTimeout(ctx, restoreTimeout)
	defer cancel()
	found, err := chaos.Left(looking, cluster.act, cluster.namespace, ref, time.Now, byHand(r.streams, r.connection))
	if err != nil {
		return fmt.Errorf("put %s back: %w", ref, err)
	}
	senders, unseen := chaos.SendersLeft(looking, cluster.act, cluster.namespace, ref, found)
	found = append(found, senders...)
	if len(found) == 0 && unseen == nil {
		r.say("%s bears nothing that has to be put back", ref)
	}
	if apierrors.IsForbidden(unseen) {
		// Only a run that observes leaves senders without a note, and they end by themselves.
		if len(found) == 0 {
			r.say("%s bears nothing that has to be put back; whether a run that only observed it has left senders is not known: %v", ref, unseen)
		}
		unseen = nil
	}
	return errors.Join(r.putBack(ctx, found), unseen)
}

// everything shows what is left anywhere, and puts it back if that was said.
func (r *restoration) everything(ctx context.Context, cluster *cluster) error {
	looking, cancel := context.WithTimeout(ctx, restoreTimeout)
	defer cancel()
	namespace := *r.connection.Namespace // not the kubeconfig's: --all means all
	found, unseen := chaos.AllLeft(looking, cluster.act, namespace, time.Now, byHand(r.streams, r.connection))
	switch {
	case len(found) == 0 && unseen == nil:
		r.say("nothing is left by any run in %s", cmp.Or(namespace, "the whole cluster"))
		return nil
	case r.yes:
		return errors.Join(r.putBack(ctx, found), unseen)
	}
	for _, l := range found {
		r.say("%s", l)
	}
	if len(found) > 0 {
		r.say("Nothing was changed. The same command with --yes puts all of this back, also what a run that is still at work holds, which then ends with an error: to spare one, restore the others by their names.")
	}
	return unseen
}

// putBack puts all of it back, and asks before what is in doubt.
func (r *restoration) putBack(ctx context.Context, found []chaos.Leftover) error {
	var failures []error
	for _, l := range found {
		if l.Doubt != "" && !r.yes {
			agreed, err := r.ask(ctx, l)
			if err != nil {
				failures = append(failures, err)
				continue
			}
			if !agreed {
				r.say("%s: left as it is", l.Object)
				continue
			}
		}
		putting, cancel := context.WithTimeout(ctx, restoreTimeout)
		did, err := l.PutBack(putting)
		cancel()
		if did != "" {
			r.say("%s: %s (run %s)", l.Object, did, l.Run)
		} else if err == nil {
			r.say("%s: %s (run %s)", l.Object, l.What, l.Run)
		}
		if err != nil {
			failures = append(failures, fmt.Errorf("put %s back: %w", l.Object, err))
		}
		if time.Now().Before(l.Until) {
			r.say("  If run %s is still at work, it finds its hold on %s gone, and ends with an error.", l.Run, l.Object)
		}
	}
	return errors.Join(failures...)
}

// ask shows what is in doubt and waits for a yes. Where nobody can answer, that is an
// error which says what to do.
func (r *restoration) ask(ctx context.Context, l chaos.Leftover) (agreed bool, err error) {
	r.say("%s", l)
	if !isTerminal(r.streams.in) {
		return false, fmt.Errorf("%s was not put back, for it is in doubt (%s); say --yes to put it back all the same", l.Object, l.Doubt)
	}
	_, _ = fmt.Fprint(r.streams.out, "Put it back? [y/N] ")
	answer, failed := make(chan string, 1), make(chan error, 1)
	go func() {
		err := guard.Call("reading the answer", func() error {
			line, _ := bufio.NewReader(r.streams.in).ReadString('\n')
			answer <- strings.ToLower(strings.TrimSpace(line))
			return nil
		})
		if err != nil {
			failed <- err
		}
	}()
	select {
	case <-ctx.Done():
		return false, context.Cause(ctx)
	case err := <-failed:
		return false, err
	case line := <-answer:
		return line == "y" || line == "yes", nil
	}
}

func (r *restoration) say(format string, args ...any) {
	_, _ = fmt.Fprintf(r.streams.out, format+"\n", args...)
}
