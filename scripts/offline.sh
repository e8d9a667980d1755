#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Shows Moat at work where nothing is reachable: offline.sh PATH-TO-MOAT
#
# Runs demo.sh in a network namespace of its own, in which no device is up. The
# weights must be here already. A runtime directory of its own keeps the broker
# and the model server of the outside out of reach, so that all processes of
# the demonstration start inside.
set -eu

moat=$1
case $moat in /*) ;; *) moat=$PWD/$moat ;; esac
scripts=$(cd "$(dirname "$0")" && pwd)

if ! "$moat" model path >/dev/null 2>&1; then
    echo 'offline: error: the weights of the default model are not here' >&2
    echo 'offline:   hint: `make run` gets them, while there is a network' >&2
    exit 1
fi

run=$(mktemp -d)
trap 'rm -rf "$run"' EXIT
XDG_RUNTIME_DIR=$run
export XDG_RUNTIME_DIR

# A user other than root may make a network namespace only in a user namespace.
if [ "$(id -u)" -eq 0 ]; then as=; else as=--map-current-user; fi

# shellcheck disable=SC2016,SC2086 # expanded inside; $as is one word or none
unshare --net $as sh -c '
    printf "\n== The network of this demonstration\n"
    if [ "$(wc -l </proc/self/net/dev)" -ne 3 ] || [ "$(wc -l </proc/self/net/route)" -gt 1 ]; then
        echo "offline: error: there is more than a loopback device here" >&2
        exit 1
    fi
    if python3 -c "import socket; socket.create_connection((\"192.0.2.1\", 443), 3)" 2>/dev/null; then
        echo "offline: error: an address outside answers" >&2
        exit 1
    fi
    echo "one device, the loopback, and it is down; no routes; an address outside is unreachable"
    exec "$0" "$1"
' "$scripts/demo.sh" "$moat"
