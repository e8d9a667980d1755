#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What the virtual machine shows. Each scenario writes a log and one line of the results.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
share=/run/share
place=/var/tmp/built
results=$share/results
: > "$results"

mount -t securityfs none /sys/kernel/security 2>/dev/null
busybox ip link set lo up
# Newer kernels switch off what a control has to show.
echo 1 > /proc/sys/dev/tty/legacy_tiocsti 2>/dev/null

# Tests keep their files beside their program, and an overlay cannot lie on an overlay.
mkdir -p $place
mount -t tmpfs -o size=1500m memory $place
mkdir -p $place/release
cp -r $share/deps $share/examples $place/release/
chmod -R a+rx $place
chmod 1777 $place/release

# scenario NAME COMMAND...: runs it and notes how it ended.
scenario() {
    name=$1
    shift
    if "$@" > "$share/$name.log" 2>&1; then
        echo "$name passed" >> "$results"
    else
        echo "$name failed" >> "$results"
    fi
    sync
}

as_user() {
    home=$place/user
    mkdir -p $home
    chown 1000:1000 $home
    env HOME=$home setpriv --reuid=1000 --regid=1000 --clear-groups "$@"
}

tests=$place/release/deps/escape
cd /
scenario root env HOME=/root $tests --test-threads=2
scenario user as_user $tests --test-threads=2 attack:: kernel:: service:: doctor:: running::

sync
echo o > /proc/sysrq-trigger
sleep 60
