# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The swift-dmd authors
# shellcheck shell=bash
#
# Sourced by the scripts beside it, which run in the repository's folder.

# A private Python environment: it fetches libtorch and the weights of networks; nothing needs it afterwards.
# shellcheck disable=SC2034
readonly venv=.libtorch/venv
# shellcheck disable=SC2034
readonly lpips_weights=.weights/lpips-vgg16.safetensors efficientnet_weights=.weights/efficientnet-lite0.pth

say() { printf '%-11s %s\n' "$1" "$2"; }

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

may_act_as_root() { [[ $EUID == 0 ]] || { have sudo && sudo -n true 2>/dev/null; }; }

as_root() { if [[ $EUID == 0 ]]; then "$@"; else sudo -n "$@"; fi; }

apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@"
}

# install_packages NAMES: installs Debian packages if it may, refreshing the package lists only when it must.
install_packages() {
    if ! have apt-get || ! may_act_as_root; then return 1; fi
    printf 'Installing %s ...\n' "$*"
    apt_install "$@" >/dev/null 2>&1 || { as_root apt-get update -qq && apt_install "$@" >/dev/null; }
}

durations=""

# timed NAME COMMAND...: runs one part of a script and remembers how long it took.
timed() {
    local name=$1 start=$SECONDS
    shift
    printf '== %s\n' "$name"
    "$@" || fail "$name failed; the reason is above."
    durations+="$name $(in_minutes $((SECONDS - start))), "
}

in_minutes() { awk -v seconds="$1" 'BEGIN { printf "%.1f", seconds / 60 }'; }

report_durations() { printf 'Minutes: %sin all %s.\n' "$durations" "$(in_minutes $SECONDS)"; }
