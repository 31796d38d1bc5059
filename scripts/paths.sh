# shellcheck shell=bash
# Sourced by every script: the names and places they share, without side effects
# other than PATH and the variables themselves.
# shellcheck disable=SC2034 # used by the scripts that source this

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${XDG_CACHE_HOME:-${HOME:?}/.cache}/shutdowncheck

cluster_config=$repo/kind-config.yaml
cluster=$(sed -n 's/^name: *//p' "$cluster_config")
kubeconfig=$cache/kubeconfig
out=$cache/out/cluster # on the nodes this is /out; see kind-config.yaml

# An engine of our own keeps everything it has below one folder, so that any
# process or mount that names this folder is known to be ours.
engine=$cache/engine
engine_socket=$engine/docker.sock
containerd_socket=$engine/run/containerd.sock
containerd_config=$engine/containerd.toml
dockerd_pidfile=$engine/dockerd.pid

# The programs we build come first; without root's sbin folders Debian users
# cannot see iptables, runc and debootstrap.
case ":$PATH:" in
*":$cache/bin:"*) ;;
*) PATH=$cache/bin:$PATH ;;
esac
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

# key prints a short name for what it reads: same input, same name.
key() {
  sha256sum | cut -c1-12
}
