# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: The spacetest authors
# shellcheck shell=bash
# What tests/run and tests/quickstart share: sourced with $top set to the top of the checkout.

# Debian's own tools and Python, whatever else comes first where we were called.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
unset PYTHONPATH PYTHONHOME VIRTUAL_ENV MESON_TESTTHREADS LD_LIBRARY_PATH GI_TYPELIB_PATH GJS_PATH

build_packages=(
  gcc g++ libc6-dev pkg-config meson ninja-build
  libglib2.0-dev gobject-introspection libgirepository1.0-dev gir1.2-glib-2.0 valac
  gi-docgen python3 python3-gi gjs util-linux libnl-route-3-dev
)
test_packages=(
  git iproute2 mypy node-typescript python3-pip python3-pyroute2 python3-pytest python3-pytest-xdist python3-setuptools python3-wheel strace tshark
)
thorough_packages=(
  bubblewrap clang libclang-rt-14-dev valgrind gcovr
  curl dnsmasq-base iperf3 iputils-ping
)

say () {
  printf '%s\n' "$*"
}

die () {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

list_missing () {
  local package
  for package in "$@"; do
    dpkg-query -W -f '${db:Status-Abbrev}\n' "$package" 2>/dev/null | grep -q '^.i' || printf '%s\n' "$package"
  done
}

# Says what it is about to install, and asks for root only if there is something.
install_missing () {
  local missing as_root=()
  command -v dpkg-query >/dev/null || die "this needs Debian 12 (or what these packages hold: $*)"
  mapfile -t missing < <(list_missing "$@")
  [ ${#missing[@]} -gt 0 ] || return 0
  say "Missing, about to be installed with apt-get: ${missing[*]}"
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || die "not root, and no sudo; as root: apt-get install --no-install-recommends ${missing[*]}"
    as_root=(sudo)
    sudo -v
  fi
  step 'package lists' "${as_root[@]}" apt-get -o Acquire::Retries=3 update
  step 'installation' "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -o Acquire::Retries=3 -y --no-install-recommends install "${missing[@]}"
}

# step NAME COMMAND...: a name, a dot for every five seconds, the time it took. What it prints matters only if it fails.
step () {
  local name=$1 log status=0 dots start=$SECONDS
  shift
  log=$(mktemp)
  printf '%-14s ' "$name"
  (while sleep 5; do printf .; done) &
  dots=$!
  "$@" >"$log" 2>&1 </dev/null || status=$?
  kill $dots
  wait $dots 2>/dev/null || true
  if [ $status = 0 ]; then
    printf '%s s\n' $((SECONDS - start))
  else
    printf 'failed\n'
    { cat "$log"; printf '%s: %s failed (exit status %s): %s\n' "${0##*/}" "$name" "$status" "$*"; } >&2
  fi
  rm -f "$log"
  return $status
}

# A directory of our own to build in: in the checkout, or where its owner is somebody else, in our cache.
choose_build_home () {
  local key cache
  if [ -e "$top/build" ] && [ -O "$top/build" ] || [ ! -e "$top/build" ] && [ -w "$top" ]; then
    build_home=$top
    return
  fi
  key=spacetest-$(printf '%s' "$top" | cksum | cut -d' ' -f1)
  for cache in "${XDG_CACHE_HOME:-}" "${HOME:+$HOME/.cache}" "${TMPDIR:-/tmp}/cache-$(id -u)"; do
    [ -n "$cache" ] || continue
    build_home=$cache/$key
    mkdir -p "$build_home" 2>/dev/null && [ -O "$build_home" ] || continue
    say "Building in $build_home, since $top/build belongs to somebody else."
    return
  done
  die "found no directory to build in: set XDG_CACHE_HOME"
}

# A build directory that was moved or copied still builds the sources it was made for.
is_of_this_checkout () {
  grep -qF "\"source\": \"$top\"" "$1/meson-info/meson-info.json" 2>/dev/null
}

# prepare_build NAME [MESON OPTION...]: sets up and builds $build_home/NAME.
prepare_build () {
  local name=$1 dir=$build_home/$1
  shift
  if is_of_this_checkout "$dir"; then
    step "set-up" meson setup --reconfigure "$dir" "$top" "$@" || return # what was looked for may have been installed since
  else
    [ ! -e "$dir" ] || [ -d "$dir/meson-private" ] || die "$dir is in the way: it is not a build directory"
    rm -rf "$dir"
    step "set-up" meson setup "$dir" "$top" "$@" || return
  fi
  step "$name" ninja -C "$dir"
}
