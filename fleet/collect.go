package fleet

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/sender"
)

// isFinal tells an error that asking again does not change.
func isFinal(err error) bool {
	_, refused := errors.AsType[*sender.RefusedError](err)
	_, ended := errors.AsType[*StartError](err)
	return refused || ended || errors.Is(err, errForbidden)
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// writeError is a segment that could not be recorded.
type writeError struct{ error }

// follow polls a sender and collects what it seals, until it has ended, is lost, or ctx
// ends. Its connection may break as often as it will: it is made again.
func (m *member) follow(ctx context.Context) error {
	for {
		over, err := m.round(ctx)
		failed, unwritten := errors.AsType[writeError](err)
		switch {
		case over:
			m.end(ctx)
			return nil
		case unwritten:
			return failed.error
		case ctx.Err() != nil:
			return nil
		case err != nil:
			if why := m.whyLost(ctx, err); why != "" {
				m.lose(why)
				return nil
			}
		}
		m.pause(ctx, err)
	}
}

// round asks once, for what it is or to stop, and collects. over tells that it has
// ended and all is recorded.
func (m *member) round(ctx context.Context) (over bool, err error) {
	m.mu.Lock()
	stop := m.stop
	m.mu.Unlock()
	if err := m.probe(ctx); err != nil {
		return false, err
	}
	if stop == nil {
		err = m.poll(ctx)
	} else {
		err = m.ask(ctx, answerTimeout, func(ctx context.Context) (sender.Status, error) { return m.client.Stop(ctx, *stop) })
	}
	if err != nil {
		return false, err
	}
	m.mu.Lock()
	if m.stop == stop {
		m.stop = nil
	}
	status := m.status
	m.mu.Unlock()
	for _, s := range status.Segments {
		if err := m.fetch(ctx, s); err != nil {
			return false, err
		}
	}
	return status.State == sender.Ended && status.End != nil && m.kept >= status.Sealed, nil
}

// fetch records one segment, if it is the next one. One that was damaged on its way is
// fetched once more.
func (m *member) fetch(ctx context.Context, s sender.Segment) error {
	if s.Number != m.kept+1 { // kept changes here alone
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, segmentTimeout)
	defer cancel()
	segment, err := m.client.Segment(ctx, s)
	if err != nil {
		return err
	}
	if m.again != s.Number && crc32.Checksum(segment.Data, castagnoli) != segment.CRC32C {
		m.again = s.Number
		return fmt.Errorf("segment %d of sender %d was damaged on its way", s.Number, m.Index)
	}
	if err := m.fleet.record(segment); err != nil {
		return writeError{m.named("record the samples of", err)}
	}
	m.mu.Lock()
	m.kept, m.heard = s.Number, m.fleet.cfg.Now()
	m.mu.Unlock()
	return nil
}

// end lets a sender go of which everything is here. That it does not hear of it costs
// it some seconds.
func (m *member) end(ctx context.Context) {
	_ = m.poll(ctx)
	m.mu.Lock()
	m.ended = true
	problem := m.status.End.Problem
	m.mu.Unlock()
	switch problem {
	case "":
	case sender.PodEnded:
		m.lose(m.whyEnded(ctx))
	default:
		m.lose("it ended by itself: " + problem)
	}
}

// whyEnded tells of a pod that was ended what the cluster says of that.
func (m *member) whyEnded(ctx context.Context) string {
	if pod, err := m.pod(ctx); err == nil && string(pod.UID) == m.UID {
		m.ailing, _ = ailment(pod)
	}
	if m.ailing == "" {
		return sender.PodEnded
	}
	return sender.PodEnded + ": " + strings.TrimPrefix(m.ailing, "its pod was ")
}

// pod is what the cluster says of its pod.
func (m *member) pod(ctx context.Context) (*corev1.Pod, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	cfg := m.fleet.cfg
	return cfg.Observe.CoreV1().Pods(cfg.Namespace).Get(ctx, m.Pod, metav1.GetOptions{})
}

// pause waits until the next question is due.
func (m *member) pause(ctx context.Context, failed error) {
	m.mu.Lock()
	pause := pollEvery
	if s := m.status.State; failed == nil && (m.stop != nil || s == sender.Stopping || s == sender.Ended) {
		pause = pollEveryAtEnd
	}
	m.mu.Unlock()
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-m.wake:
	case <-ctx.Done():
	}
}

// order has it told to stop, by the one who follows it.
func (m *member) order(stop sender.Stop) {
	m.mu.Lock()
	m.stop = &stop
	m.mu.Unlock()
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// lose takes a sender for lost: nothing more comes from it.
func (m *member) lose(why string) {
	m.mu.Lock()
	m.lost = strings.Join(strings.Fields(why), " ")
	why = m.lost
	m.mu.Unlock()
	cfg := m.fleet.cfg
	cfg.Action(recording.Action{
		At: cfg.Now(), Kind: recording.SenderLost, Disruption: recording.NoDisruption,
		Object: "pod/" + m.Pod, Detail: why, Sender: m.Index,
	})
	cfg.Lost(m.Index, why)
}

// whyLost asks what became of a sender that does not answer; empty where it may answer
// yet. Whatever its pod says, a sender that has not heard of its conductor for
// sender.Silence has ended by itself.
func (m *member) whyLost(ctx context.Context, err error) string {
	if isFinal(err) && !errors.Is(err, errForbidden) {
		return err.Error()
	}
	cfg := m.fleet.cfg
	pod, asked := m.pod(ctx)
	switch {
	case apierrors.IsNotFound(asked), asked == nil && string(pod.UID) != m.UID:
		if m.ailing != "" {
			return m.ailing
		}
		return "its pod is gone"
	case asked == nil:
		ailing, over := ailment(pod)
		if over {
			return ailing
		}
		m.ailing = ailing
	}
	m.mu.Lock()
	silent := cfg.Now().Sub(m.heard)
	m.mu.Unlock()
	if silent <= sender.Silence {
		return ""
	}
	text := fmt.Sprintf("it did not answer for %s", silent.Round(time.Second))
	if m.ailing != "" {
		text += "; " + m.ailing
	}
	return text + ": " + err.Error()
}

// ailment tells what ends a pod, in the cluster's words, and whether it has ended.
func ailment(pod *corev1.Pod) (text string, over bool) {
	if pod.DeletionTimestamp != nil {
		text = "its pod was deleted"
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.DisruptionTarget && c.Status == corev1.ConditionTrue {
			text = fmt.Sprintf("its pod was ended by %s: %s", c.Reason, c.Message)
		}
	}
	if pod.Status.Reason != "" {
		text = fmt.Sprintf("its pod was ended: %s: %s", pod.Status.Reason, pod.Status.Message)
	}
	over = pod.Status.Phase == corev1.PodFailed || pod.Status.Phase == corev1.PodSucceeded
	for i := range pod.Status.ContainerStatuses {
		ended := pod.Status.ContainerStatuses[i].State.Terminated
		if ended == nil {
			continue
		}
		over = true
		exit := fmt.Sprintf("its container ended with exit code %d (%s)", ended.ExitCode, ended.Reason)
		if words := lastLine(ended.Message); words != "" {
			exit += ": " + words
		}
		if text != "" {
			exit = text + "; " + exit
		}
		text = exit
	}
	if over && text == "" {
		text = fmt.Sprintf("its pod is %s", pod.Status.Phase)
	}
	return text, over
}
