#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
#
# The first program of the virtual machine: loads the modules, makes a root of the
# host's files (read-only) under memory, and hands over to the scenarios.
bb=/bin/busybox
$bb mkdir -p /proc /sys /dev /host /memory /new
$bb mount -t proc proc /proc
$bb mount -t sysfs sys /sys
$bb mount -t devtmpfs dev /dev
while read -r module; do $bb insmod "/modules/$module"; done < /modules/order
options=trans=virtio,version=9p2000.L,msize=262144,cache=loose
$bb mount -t 9p -o "$options,ro" host /host || $bb poweroff -f
$bb mount -t tmpfs -o size=1g memory /memory
$bb mkdir -p /memory/upper /memory/work
$bb mount -t overlay -o lowerdir=/host,upperdir=/memory/upper,workdir=/memory/work root /new || $bb poweroff -f
for place in dev proc sys; do $bb mount --move /$place /new/$place; done
for place in run tmp; do $bb mount -t tmpfs memory /new/$place; done
$bb chmod 1777 /new/tmp
$bb mkdir -p /new/dev/pts /new/dev/shm /new/run/share
$bb mount -t devpts devpts /new/dev/pts
$bb mount -t tmpfs memory /new/dev/shm
$bb mount -t 9p -o "$options" share /new/run/share || $bb poweroff -f
exec $bb switch_root /new /bin/sh /run/share/main.sh
