# shellcheck shell=bash
# Sourced: says on stderr what a script is doing and how long it has been at it.
# Needs paths.sh.

say() {
  printf '%s\n' "$*" >&2
}

die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# duration SECONDS
duration() {
  if (($1 < 60)); then
    printf '%ds' "$1"
  else
    printf '%dm%02ds' $(($1 / 60)) $(($1 % 60))
  fi
}

# log_to NAME: noisy output of later steps goes to a fresh file of that name.
log_to() {
  mkdir -p "$cache/log"
  step_log=$cache/log/$1.log
  : >"$step_log"
}

step_pid=

# step WHAT COMMAND...: runs a command or function out of sight and ends the
# script if it fails. Never call it as a condition: the shell would then ignore
# failures inside the function that it runs.
step() {
  local what=$1 began=$SECONDS next=30 code=0 before
  shift
  before=$(wc -c <"$step_log")
  printf '=== %s\n' "$what" >>"$step_log"
  say "$what"
  # A process group of its own, so that an interrupt can end all of it.
  set -m
  "$@" >>"$step_log" 2>&1 </dev/null &
  step_pid=$!
  set +m
  while kill -0 "$step_pid" 2>/dev/null; do
    if ((SECONDS - began >= next)); then
      say "  still at it after $(duration $((SECONDS - began))): $what"
      next=$((next + 30))
    fi
    sleep 0.2
  done
  wait "$step_pid" || code=$?
  step_pid=
  if ((code != 0)); then
    say "  failed after $(duration $((SECONDS - began))); the end of $step_log:"
    tail -c "+$((before + 1))" "$step_log" | tail -n 20 | sed 's/^/  | /' >&2
    exit "$code"
  fi
  say "  done in $(duration $((SECONDS - began)))"
}

interrupted() {
  if [[ -n $step_pid ]]; then
    kill -- "-$step_pid" 2>/dev/null || true
  fi
  exit "$1"
}
trap 'interrupted 129' HUP
trap 'interrupted 130' INT
trap 'interrupted 143' TERM

# hold_lock: one script at a time changes the engine and the cluster. Scripts
# that are called by the holder share its lock.
hold_lock() {
  [[ -z ${SHUTDOWNCHECK_LOCK_HELD:-} ]] || return 0
  local began=$SECONDS
  mkdir -p "$cache"
  exec 9>"$cache/cluster.lock"
  if ! flock -n 9; then
    say "another script is changing the engine or the cluster; waiting for it"
    until flock -w 30 9; do
      say "  still waiting after $(duration $((SECONDS - began)))"
    done
  fi
  export SHUTDOWNCHECK_LOCK_HELD=1
}
