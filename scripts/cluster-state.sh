# shellcheck shell=bash
# Sourced: what is known about the cluster. Needs paths.sh, progress.sh and
# engine.sh, and the engine to be chosen.

# The engine on which the cluster's name is ours. On the user's engine a cluster
# of that name may be theirs; this file says that we made it there.
claim=$cache/cluster/engine
# The node containers as they were when the cluster was complete. Pod routes do
# not survive a restart of a node, so a restarted node is another node.
completed_nodes=$cache/cluster/nodes
# Key of the settings from which it was made.
# shellcheck disable=SC2034 # cluster-up uses it
made_from=$cache/cluster/made-from
# What kind was given to make it.
made_with=$cache/cluster/kind-config.yaml

node_containers() {
  docker ps -a --filter "label=io.x-k8s.kind.cluster=$cluster" --format '{{.Names}}' | sort
}

is_claimed() {
  own_dockerd >/dev/null || [[ -f $claim && $(cat "$claim") == "$(engine_id)" ]]
}

claim_cluster() {
  mkdir -p "$cache/cluster"
  engine_id >"$claim"
}

forget_cluster() {
  rm -rf "$cache/cluster" "$kubeconfig"
}

# kube_proxy_mode: that of the cluster which was made here last and not deleted;
# empty without one.
kube_proxy_mode() {
  [[ -f $made_with ]] || return 0
  awk '$1 == "kubeProxyMode:" { mode = $2 } END { print mode ? mode : "iptables" }' "$made_with"
}

# kubernetes_asked_for: the release line of Kubernetes that was named when that
# cluster was made; empty if none was.
kubernetes_asked_for() {
  [[ -f $made_with ]] || return 0
  sed -n 's/^# KUBERNETES_VERSION=//p' "$made_with"
}

# kubernetes_now: the release line of the cluster that is up.
kubernetes_now() {
  cluster_kubectl get nodes -o jsonpath='{.items[0].status.nodeInfo.kubeletVersion}' | sed 's/^v\([0-9]*\.[0-9]*\)\..*/\1/'
}

# nodes_now: one line for each node container, other after each restart.
nodes_now() {
  local names
  mapfile -t names < <(node_containers)
  ((${#names[@]} > 0)) || return 0
  docker inspect -f '{{.Name}} {{.Id}} {{.State.Status}} {{.State.StartedAt}}' "${names[@]}"
}

# is_healthy: every node as it was when the cluster was complete, and Ready, and
# name resolution at work.
is_healthy() {
  local nodes ready
  nodes=$(nodes_now)
  [[ -f $completed_nodes && $nodes == "$(cat "$completed_nodes")" ]] || return 1
  ready=$(cluster_kubectl get nodes -o jsonpath='{range .items[*]}{.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}' 2>/dev/null |
    grep -c '^True$') || return 1
  ((ready == $(wc -l <"$completed_nodes"))) || return 1
  [[ $(cluster_kubectl -n kube-system get deployment coredns -o jsonpath='{.status.conditions[?(@.type=="Available")].status}' 2>/dev/null) == True ]]
}

cluster_kubectl() {
  kubectl --kubeconfig "$kubeconfig" --request-timeout 10s "$@"
}

# delete_cluster KIND: only after is_claimed.
delete_cluster() {
  KUBECONFIG=$kubeconfig "$1" delete cluster --name "$cluster" --kubeconfig "$kubeconfig"
  forget_cluster
}
