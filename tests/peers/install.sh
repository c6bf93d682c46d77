#!/bin/sh
# Installs the programs that the live tests talk to (and python3-venv where python lacks it), when root or sudo can.
# Without them the tests that need them are skipped, each with a line that says so.
set -u
python=${1:-python3}
packages=""
command -v tshark >/dev/null || packages="$packages tshark"
command -v sipp >/dev/null || packages="$packages sip-tester"
command -v baresip >/dev/null || packages="$packages baresip-core"
command -v kamailio >/dev/null || packages="$packages kamailio"
command -v osmo-mgw >/dev/null || packages="$packages osmo-mgw"
command -v chromium >/dev/null || packages="$packages chromium"
command -v gcc >/dev/null || packages="$packages gcc libc6-dev"
[ -e /usr/include/libpri.h ] || packages="$packages libpri-dev"
"$python" -c 'import ensurepip, venv' 2>/dev/null || packages="$packages python3-venv"
[ -z "$packages" ] && exit 0

if [ "$(id -u)" = 0 ]; then as_root=""
elif sudo -n true 2>/dev/null; then as_root="sudo"
else
    echo "not root and no sudo: tests that need$packages will be skipped" >&2
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086
{ $as_root apt-get -qq update && $as_root apt-get -qq install -y --no-install-recommends $packages; } >/dev/null 2>&1 \
    || echo "could not install$packages: tests that need them will be skipped" >&2
exit 0
