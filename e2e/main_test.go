//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// What all tests share.
var (
	client kubernetes.Interface
	// tool is the binary that the image of the in-cluster Job holds, too.
	tool string
	// shared is the folder that the nodes know as /out.
	shared string
)

func TestMain(m *testing.M) {
	end, err := prepare()
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		os.Exit(1)
	}
	code := m.Run()
	end()
	os.Exit(code)
}

// prepare makes the cluster and the images ready. The function it returns ends
// what prepare began.
func prepare() (end func(), err error) {
	if err := connect(); err != nil {
		return nil, err
	}
	cache, err := path("cache")
	if err != nil {
		return nil, err
	}
	if shared, err = path("out"); err != nil {
		return nil, err
	}
	lock, err := lock(filepath.Join(cache, "e2e.lock"))
	if err != nil {
		return nil, err
	}
	for _, script := range [][]string{
		{"image-victim"},
		{"image-flask"},
		{"image-shutdowncheck"},
		{"load-image", "shutdowncheck-victim:dev", "shutdowncheck-flask:dev", "shutdowncheck:dev"},
	} {
		cmd := exec.Command("../scripts/"+script[0], script[1:]...)
		cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
		if err := cmd.Run(); err != nil {
			return nil, fmt.Errorf("scripts/%s: %w", strings.Join(script, " "), err)
		}
	}
	// A copy, so that a build during the tests changes nothing for them.
	folder, err := os.MkdirTemp("", "shutdowncheck-e2e-")
	if err != nil {
		return nil, err
	}
	tool = filepath.Join(folder, "shutdowncheck")
	binary, err := os.ReadFile(filepath.Join(cache, "shutdowncheck", "shutdowncheck"))
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(tool, binary, 0o755); err != nil {
		return nil, err
	}
	if err := removeLeftovers(); err != nil {
		return nil, err
	}
	return func() {
		_ = os.RemoveAll(folder)
		_ = lock.Close()
	}, nil
}

func connect() error {
	kubeconfig := os.Getenv("KUBECONFIG")
	if kubeconfig == "" {
		return errors.New(`KUBECONFIG is not set; bring the cluster up with scripts/cluster-up, then: eval "$(scripts/cluster-env)"`)
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return fmt.Errorf("KUBECONFIG=%s: %w", kubeconfig, err)
	}
	config.QPS, config.Burst = 50, 100
	if client, err = kubernetes.NewForConfig(config); err != nil {
		return fmt.Errorf("KUBECONFIG=%s: %w", kubeconfig, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if _, err := client.Discovery().RESTClient().Get().AbsPath("/version").DoRaw(ctx); err != nil {
		return fmt.Errorf("no cluster answers (is it up? scripts/cluster-up): %w", err)
	}
	return nil
}

// path gives a place that the scripts have a name for.
func path(name string) (string, error) {
	value, err := exec.Command("bash", "-c", `. ../scripts/paths.sh && printf %s "${!1}"`, "bash", name).Output()
	if err != nil {
		return "", fmt.Errorf("scripts/paths.sh: %w", err)
	}
	return string(value), nil
}

// lock keeps a second run of the tests waiting: both would want the same ports.
func lock(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		fmt.Fprintln(os.Stderr, "e2e: waiting for another run of these tests to end")
		if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
			return nil, err
		}
	}
	return file, nil
}
