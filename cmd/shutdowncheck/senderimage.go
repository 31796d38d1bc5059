package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// senderImage gives this tool's image as the cluster finds it: that of the pod which the
// program runs in, or one that is made of the program and loaded to a cluster of kind.
func (r *runCommand) senderImage(ctx context.Context, cluster *cluster) (string, error) {
	if namespace, name, inside := strings.Cut(self(), "/"); inside {
		pod, err := cluster.observe.CoreV1().Pods(namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return "", fmt.Errorf("read this program's own pod for its image, which the senders take unless another is named: %w", err)
		}
		if containers := pod.Spec.Containers; len(containers) == 1 {
			return containers[0].Image, nil
		}
		return "", wantSenderImage("this program's pod has several containers")
	}
	name, why, err := loadedImage(ctx, cluster, contextName(r.connection), r.streams.err)
	if err != nil {
		return "", fmt.Errorf("load this program's image to the cluster's nodes: %w", err)
	}
	if why != "" {
		return "", wantSenderImage(why)
	}
	return name, nil
}

func wantSenderImage(why string) error {
	return &check.FieldError{Field: "inside.image", Problem: "missing, and " + why + "; want an image of shutdowncheck, where the cluster finds it"}
}

// ownDomain is the cluster's DNS domain where this program runs in a pod; empty outside.
func ownDomain() string {
	if self() == "" {
		return ""
	}
	return clusterDomain()
}

// clusterDomain is the cluster's DNS domain, as the resolver of a pod knows it; empty where
// it does not.
func clusterDomain() string {
	file, err := os.Open("/etc/resolv.conf")
	if err != nil {
		return ""
	}
	defer file.Close()
	return searchedDomain(bufio.NewScanner(file))
}

// searchedDomain is what follows "svc." in the list of domains to search, which the
// kubelet writes (pkg/kubelet/network/dns).
func searchedDomain(lines *bufio.Scanner) string {
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 || fields[0] != "search" {
			continue
		}
		for _, domain := range fields[1:] {
			if rest, ok := strings.CutPrefix(domain, "svc."); ok {
				return strings.TrimSuffix(rest, ".")
			}
		}
	}
	return ""
}
