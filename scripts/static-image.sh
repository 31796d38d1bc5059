# shellcheck shell=bash
# Sourced: makes images of one static Go program and nothing else, so that they
# need no registry. Needs paths.sh, progress.sh and engine.sh, and the engine to
# be chosen.

build_static() {
  cd "$repo"
  mkdir -p "${1%/*}"
  # No version control stamp: a commit elsewhere must not change the image.
  CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '-s -w' -o "$1" "$2"
}

# import_static BINARY IMAGE KEY CHANGE...
import_static() {
  local binary=$1 image=$2 key=$3 name=${1##*/} changes=() change
  shift 3
  for change in "ENTRYPOINT [\"/$name\"]" 'USER 65532' "LABEL shutdowncheck.key=$key" "$@"; do
    changes+=(--change "$change")
  done
  tar -C "${binary%/*}" --owner=0 --group=0 --mode=755 --mtime=@0 -c "$name" |
    docker import "${changes[@]}" - "$image"
}

# static_image IMAGE PACKAGE CHANGE...: the image runs the program that PACKAGE
# builds. Does nothing if the image already holds that very program.
static_image() {
  local image=$1 package=$2 name=${2##*/} binary want have
  shift 2
  binary=$cache/$name/$name
  step "building $name" build_static "$binary" "$package"
  want=$({ cat "$binary" && declare -f import_static && printf '%s\n' "$@"; } | key)
  have=$(docker image inspect -f '{{index .Config.Labels "shutdowncheck.key"}}' "$image" 2>/dev/null || true)
  if [[ $have == "$want" ]]; then
    say "$image is up to date"
  else
    step "making the image $image" import_static "$binary" "$image" "$want" "$@"
  fi
}
