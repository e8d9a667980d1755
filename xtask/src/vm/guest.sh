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

# Before Linux 6.14 the highest process id is the machine's, and root cannot be bounded by it.
own_numbers() {
    release=$(uname -r)
    major=${release%%.*}
    minor=${release#*.}
    minor=${minor%%[!0-9]*}
    [ "$major" -gt 6 ] || { [ "$major" -eq 6 ] && [ "$minor" -ge 14 ]; }
}

root_is_refused() {
    before=$(cat /proc/sys/kernel/pid_max)
    said=$(env HOME=/root $tests running::a_command_runs 2>&1) && return 1
    echo "$said"
    echo "$said" | grep -q 'Linux 6.14 is needed' || return 1
    [ "$(cat /proc/sys/kernel/pid_max)" = "$before" ]
}

tests=$place/release/deps/escape
cd /
if own_numbers; then
    scenario root env HOME=/root $tests --test-threads=2
else
    scenario root root_is_refused
fi
scenario user as_user $tests --test-threads=2 attack:: kernel:: service:: doctor:: running::

sync
echo o > /proc/sysrq-trigger
sleep 60
