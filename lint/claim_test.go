package lint

import (
	"fmt"
	"testing"
)

// Where all pods are tied to one node, none waits on another for the volume.
func TestClaimsOnOneNode(t *testing.T) {
	tied := func(fields string) []string {
		return []string{grace30, grace30 + "\n      volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]\n      " + fields, replicas3, "  replicas: 3\n  strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}\n"}
	}
	claim := func(mode string) string {
		return "---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data, namespace: shop}\nspec: {accessModes: [" + mode + "]}\n"
	}
	const once, onePod = "ReadWriteOnce", "ReadWriteOncePod"
	held := []string{"note claim-holds-rollout web"}
	nodes := func(term string) string {
		return "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [" + term + "]}}}"
	}
	const hostname = "{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [%s]}]}"
	peers := func(app, topology string) string {
		return "affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: " + topology + ", labelSelector: {matchLabels: {app: " + app + "}}}]}}"
	}
	try(t, []whose{
		{name: "nodeName", changes: tied("nodeName: n1"), more: claim(once)},
		{name: "nodeName, one pod", changes: tied("nodeName: n1"), more: claim(onePod), want: held},
		{name: "hostname", changes: tied("nodeSelector: {kubernetes.io/hostname: n1}"), more: claim(once)},
		{name: "another label", changes: tied("nodeSelector: {disk: ssd}"), more: claim(once), want: held},
		{name: "affinity to a node", changes: tied(nodes(fmt.Sprintf(hostname, "n1"))), more: claim(once)},
		{name: "affinity to a node's name", changes: tied(nodes("{matchFields: [{key: metadata.name, operator: In, values: [n1]}]}")), more: claim(once)},
		{name: "affinity to one of two nodes", changes: tied(nodes(fmt.Sprintf(hostname, "n1, n2"))), more: claim(once), want: held},
		{name: "affinity to either node", changes: tied(nodes(fmt.Sprintf(hostname, "n1") + ", " + fmt.Sprintf(hostname, "n2"))), more: claim(once), want: held},
		{name: "affinity to each other", changes: tied(peers("web", "kubernetes.io/hostname")), more: claim(once)},
		{name: "affinity to others", changes: tied(peers("db", "kubernetes.io/hostname")), more: claim(once), want: held},
		{name: "affinity within a zone", changes: tied(peers("web", "topology.kubernetes.io/zone")), more: claim(once), want: held},
		{name: "Recreate", changes: append(tied("nodeName: n1"), "{rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}", "{type: Recreate}"), more: claim(once), want: []string{"warning recreate web"}, says: []string{"on the one node"}, never: []string{"another node", "Use RollingUpdate"}},
		{name: "Recreate, modes not read", changes: append(tied("nodeName: n1"), "{rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}", "{type: Recreate}"), want: []string{"warning recreate web"}, says: []string{"ReadWriteOncePod"}, never: []string{"another node"}},
	})
}
