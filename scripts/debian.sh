# shellcheck shell=bash
# Sourced: what only Debian can do. Needs paths.sh and progress.sh.

is_debian() {
  grep -qx 'ID=debian' /etc/os-release 2>/dev/null
}

# missing_packages NAME...: those that are not installed, one a line.
missing_packages() {
  local name
  for name in "$@"; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null) == installed ]] || printf '%s\n' "$name"
  done
}

apt_install() {
  # A source that cannot be reached matters only if a package came from it,
  # and then the installation says so.
  apt-get -q update || true
  # Debian's newer releases hold the docker client in a package of its own.
  if [[ " $* " == *" docker.io "* && -n $(apt-cache madison docker-cli) ]]; then
    set -- "$@" docker-cli
  fi
  DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "$@"
}

# need_packages NAME...: installs what is missing.
need_packages() {
  local missing
  mapfile -t missing < <(missing_packages "$@")
  if ((${#missing[@]} > 0)); then
    step "installing from Debian: ${missing[*]}" apt_install "${missing[@]}"
  fi
}

# debian_mirror: the archive that this machine's apt takes the release from.
debian_mirror() {
  # shellcheck disable=SC2016 # apt-get expands these
  apt-get indextargets --format '$(ORIGIN) $(COMPONENT) $(CODENAME) $(REPO_URI)' 'Created-By: Packages' |
    awk '$1 == "Debian" && $2 == "main" && $3 !~ /-/ { print $4; exit }'
}
