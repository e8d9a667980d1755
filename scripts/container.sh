#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Moat in a container of a real runtime: container.sh PATH-TO-MOAT
#
# Runs `runc` over this machine's own files, with everything written into memory, in three
# ways: root and an ordinary user under the filter and the capabilities that container
# engines give by default, and root with runc's own three capabilities and no filter. In
# each, a session runs a command that looks for a file beside the workspace and changes one
# inside, and the change is kept and taken back. The control is the same command
# without Moat, which finds the file.
#
# Only root can mount what this needs; for anybody else it says so and does nothing.
set -eu

moat=$(realpath "$1")
scripts=$(cd "$(dirname "$0")" && pwd)

if [ "$(id -u)" -ne 0 ]; then
    echo 'container: skipped: only root can lay the file system of a container'
    exit 0
fi

place=$(mktemp -d)
finish() {
    umount "$place/bundle/rootfs" 2>/dev/null || :
    umount "$place/memory" 2>/dev/null || :
    rm -rf "$place"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
mkdir -p "$place/memory" "$place/bundle/rootfs"
mount -t tmpfs -o mode=755 moat "$place/memory"
mkdir "$place/memory/upper" "$place/memory/work"
cp "$scripts/container/inside.sh" "$place/memory/upper/moat-inside"
chmod 755 "$place/memory/upper/moat-inside"
mount -t overlay -o "lowerdir=/,upperdir=$place/memory/upper,workdir=$place/memory/work" \
    moat "$place/bundle/rootfs"

# contained KIND USER: runs the scenario, and fails when it does not say that it passed.
contained() {
    printf '\n== %s\n' "$1, user $2"
    rm -f "$place/bundle/config.json"
    runc spec --bundle "$place/bundle"
    python3 "$scripts/container/spec.py" "$place/bundle/config.json" "$1" "$2" /moat-inside "$moat"
    runc --root "$place/runc" run --bundle "$place/bundle" "moat-$$-$2-$1" </dev/null \
        >"$place/said" 2>&1 || :
    sed -n '/^container:/p' "$place/said"
    if ! grep -q '^container: passed$' "$place/said"; then
        echo 'container: error: it did not pass; this is what it said:' >&2
        cat "$place/said" >&2
        exit 1
    fi
}

contained engine 0
contained engine 1000
contained plain 0
