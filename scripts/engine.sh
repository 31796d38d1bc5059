# shellcheck shell=bash
# Sourced: which container engine is in use, and whether it is ours.
# Needs paths.sh.

# A shell that evaluated cluster-env has our socket in DOCKER_HOST. That is no
# choice of the user's: forget it, or an engine of ours would look like theirs.
if [[ ${DOCKER_HOST:-} == "unix://$engine_socket" ]]; then
  unset DOCKER_HOST
fi

# kind would follow this to podman or nerdctl while the scripts talk to docker.
export KIND_EXPERIMENTAL_PROVIDER=docker

# engine_id: the id of the engine that answers with the present settings; fails
# if none does. An old docker client prints nothing and succeeds without one.
engine_id() {
  local id
  id=$(timeout 20 docker info -f '{{.ID}}' 2>/dev/null) && [[ -n $id ]] && printf '%s\n' "$id"
}

# own_dockerd: the process id of our dockerd; fails if it does not run. A pid
# file outlives its process, and the number may be somebody else's by now.
own_dockerd() {
  local pid
  pid=$(cat "$dockerd_pidfile" 2>/dev/null) && [[ $pid =~ ^[0-9]+$ ]] &&
    tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | grep -qxF -- "--pidfile=$dockerd_pidfile" &&
    printf '%s\n' "$pid"
}

# use_own_engine points docker and kind at our engine, whatever the user's
# settings say.
use_own_engine() {
  export DOCKER_HOST=unix://$engine_socket DOCKER_CONTEXT='' DOCKER_TLS_VERIFY=''
}

# use_engine points docker and kind at our engine if it runs and leaves the
# user's settings alone if not.
use_engine() {
  if own_dockerd >/dev/null; then
    use_own_engine
  fi
}
