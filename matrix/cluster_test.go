package matrix

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/discovery/fake"
	kubernetes "k8s.io/client-go/kubernetes/fake"
)

func TestDescribe(t *testing.T) {
	for config, want := range map[string]string{
		"kind: KubeProxyConfiguration\nmode: nftables\n": "nftables",
		"kind: KubeProxyConfiguration\nmode: \"\"\n":     "iptables",
	} {
		client := kubernetes.NewClientset(&corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "kube-proxy"},
			Data:       map[string]string{"config.conf": config},
		})
		client.Discovery().(*fake.FakeDiscovery).FakedServerVersion = &version.Info{GitVersion: "v1.35.4"}
		got, err := Describe(t.Context(), client)
		if err != nil || got != (Cluster{Kubernetes: "v1.35.4", KubeProxy: want}) {
			t.Errorf("%q: have %+v, %v", config, got, err)
		}
	}
}
