#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What the virtual machine shows. Each scenario writes a log and one line of the results:
# its name, how it ended, and how long it took or why it could not be tried.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
share=/run/share
place=/var/tmp/built
results=$share/results
: > "$results"

mount -t securityfs none /sys/kernel/security 2>/dev/null
busybox ip link set lo up
# A network device to hide, and the links that a device manager would make.
busybox ip link set dummy0 up
ln -s /proc/self/fd /dev/fd
# Newer kernels switch off what a control has to show.
[ ! -e /proc/sys/dev/tty/legacy_tiocsti ] || echo 1 > /proc/sys/dev/tty/legacy_tiocsti

# As systemd has it, so that the controls of echo requests have what the filter takes away.
echo '0 2147483647' > /proc/sys/net/ipv4/ping_group_range

# Tests keep their files beside their program, and an overlay cannot lie on an overlay.
mkdir -p $place
mount -t tmpfs -o size=1500m memory $place
mkdir -p $place/release
cp -r $share/deps $share/examples $place/release/
chmod -R a+rx $place
chmod 1777 $place/release

seconds() {
    read -r up _ < /proc/uptime
    echo "${up%.*}"
}

# scenario NAME COMMAND...: runs it and notes how it ended.
scenario() {
    name=$1
    shift
    from=$(seconds)
    word=failed
    "$@" > "$share/$name.log" 2>&1 && word=passed
    echo "$name $word $(($(seconds) - from))" >> "$results"
    sync
}

# absent NAME REASON: this kernel lacks what the scenario is about.
absent() {
    echo "$1 absent $2" >> "$results"
}

as_root() {
    chown -R 0:0 $place/release
    env HOME=/root "$@"
}

# built_by ID: what was built belongs to who runs it, as it does where a user builds.
built_by() {
    mkdir -p $place/user
    chown -R "$1:$1" $place/user $place/release
}

as_user() {
    built_by 1000
    env HOME=$place/user setpriv --reuid=1000 --regid=1000 --clear-groups "$@"
}

# since MAJOR MINOR: whether this kernel is at least that one.
since() {
    release=$(uname -r)
    major=${release%%.*}
    minor=${release#*.}
    minor=${minor%%[!0-9]*}
    [ "$major" -gt "$1" ] || { [ "$major" -eq "$1" ] && [ "$minor" -ge "$2" ]; }
}

# stands EXPECTED COMMAND...: the machine as it is stands on this step with these losses, or
# on nothing for this reason, and every attack is held.
stands() {
    expected="stands here: $1"
    shift
    said=$("$@" $tests --exact steps::what_stands_here_holds --nocapture 2>&1)
    ended=$?
    echo "$said"
    echo "expected: $expected"
    [ $ended -eq 0 ] || return 1
    case $expected in
    'stands here: nothing'*) echo "$said" | grep -qF "$expected" ;;
    *)
        held=$(echo "$said" | sed -n 's/^attacks held: \([0-9]*\)$/\1/p')
        echo "$said" | grep -qxF "$expected" && [ "${held:-0}" -ge 260 ]
        ;;
    esac
}

# Every odd kind of socket that this kernel has is reached in its control. As root, for one of
# them, and in a group, because before Linux 6.14 root is refused without. The names are the table's.
odd_sockets() {
    said=$(delegated root $tests --exact matrix::every_technique_gets_through_in_its_control \
        --nocapture 2>&1)
    ended=$?
    echo "$said"
    [ $ended -eq 0 ] || return 1
    expected=0
    while IFS=: read -r module name; do
        # One that this kernel was built without is no door; what was loaded must be reached.
        if [ ! -d "/sys/module/$module" ]; then
            echo "not in this kernel: $name"
            continue
        fi
        expected=$((expected + 1))
        if echo "$said" | grep -qxF "control skipped: not on this machine: $name"; then
            echo "it has $module, and the control was skipped: $name"
            ended=1
        fi
    done << 'NAMES'
algif_hash:kernel cryptography
sctp:SCTP
dccp_ipv4:DCCP
af_key:key management
bluetooth:Bluetooth
can_raw:CAN
tipc:TIPC
rds:RDS
smc:SMC
qrtr:QRTR
pppoe:PPP
NAMES
    for name in 'echo requests' 'echo requests, IPv6'; do
        echo "$said" | grep -qxF "control skipped: not on this machine: $name" && ended=1
    done
    [ $expected -ge 8 ] && [ $ended -eq 0 ]
}

# Before Linux 6.14 the highest process id is the machine's, and root cannot be bounded by it.
root_is_told() {
    before=$(cat /proc/sys/kernel/pid_max)
    stands 'full; lost: resources are bounded' as_root || return 1
    echo "$said" | grep -q "number of processes of the machine's root is not bounded" || return 1
    echo "$said" | grep -q '^refused where all is asked for: .*resources are bounded' || return 1
    [ "$(cat /proc/sys/kernel/pid_max)" = "$before" ]
}

# without SETTING COMMAND...: runs it while a setting of the kernel is 0.
without() {
    setting=$1
    shift
    before=$(cat "$setting")
    echo 0 > "$setting"
    "$@"
    ended_so=$?
    echo "$before" > "$setting"
    return $ended_so
}

# The hierarchy of groups as systemd mounts it.
mount -t tmpfs -o mode=755 memory /sys/fs/cgroup 2>/dev/null
mount -t cgroup2 -o nsdelegate,memory_recursiveprot none /sys/fs/cgroup
echo '+memory +pids' > /sys/fs/cgroup/cgroup.subtree_control

# give USER: makes a group that belongs to a user.
give() {
    id=0
    [ "$1" = root ] || id=1000
    group=/sys/fs/cgroup/given
    mkdir $group
    chown $id:$id $group $group/cgroup.procs $group/cgroup.subtree_control $group/cgroup.threads
}

# delegated USER COMMAND...: runs a command alone in a group of the user's.
delegated() {
    give "$1"
    shift
    built_by $id
    # shellcheck disable=SC2016 # for the inner shell
    sh -c 'echo $$ > "$0/cgroup.procs" && exec "$@"' $group \
        env HOME=$place/user setpriv --reuid=$id --regid=$id --clear-groups "$@"
    ended_so=$?
    # A sandbox's group that is left would keep this one from going.
    rmdir $group/moat-own && rmdir $group && return $ended_so
}

# in_group USER TEST...: these and the tests of the group, each in a new process, alone there.
in_group() {
    user=$1
    shift
    for test in $($tests --list | sed -n 's/^\(group::.*\): test$/\1/p') "$@"; do
        said=$(delegated "$user" $tests --exact "$test" --nocapture 2>&1)
        ended=$?
        echo "$said"
        [ $ended -eq 0 ] || return 1
        echo "$said" | grep -q skipped && return 1
        echo "$said" | grep -q '^test result: ok. 1 passed' || return 1
    done
}

group_of_root() {
    in_group root attack::a_fork_bomb_is_bounded_and_bounds_only_itself || return 1
    stands 'full; lost: nothing' delegated root
}

group_of_user() {
    in_group user || return 1
    stands 'full; lost: nothing' delegated user
}

# A group that holds another program is left as it is.
group_of_others() {
    give user
    sleep 1000 &
    other=$!
    echo $other > $group/cgroup.procs
    # shellcheck disable=SC2016 # for the inner shell
    stands 'full; lost: nothing' sh -c 'echo $$ > "$0/cgroup.procs" && exec "$@"' $group \
        env HOME=$place/user setpriv --reuid=1000 --regid=1000 --clear-groups || return 1
    [ -z "$(cat $group/cgroup.subtree_control)" ] || return 1
    [ "$(cat $group/cgroup.procs)" = $other ] || return 1
    kill $other
    wait $other
    # Were anything made below it, it could not be removed.
    rmdir $group
}

policy=$share/policy
# load PROFILE: compiles it on its own library, which may be newer than this machine's.
load() {
    $policy/ld-linux-x86-64.so.2 --library-path $policy $policy/apparmor_parser \
        --base $policy/apparmor.d --skip-cache --replace "$1"
}

# confined COMMAND...: as the user, in a session under a profile; what has a profile of its own
# by its name gets that one.
session=$place/release/session
confined() {
    # shellcheck disable=SC2016 # for the inner shell
    as_user $session -c 'exec "$@"' session "$@"
}

# confine RULES...: loads a profile for the session that allows these and what is no business here.
confine() {
    cp /bin/sh $session
    {
        echo 'abi <abi/4.0>,'
        echo "profile moat-session $session flags=(attach_disconnected) {"
        echo '  network, signal, ptrace, unix, dbus, mqueue, io_uring,'
        echo '  / rw, /** rwlkm, /** pix,'
        printf '  %s\n}\n' "$*"
    } > /run/session-profile
    load /run/session-profile
}

apparmor_refuses() {
    confine capability, mount, umount, remount, pivot_root, || return 1
    # The control: without the profile one can be made.
    as_user unshare --user true || return 1
    confined unshare --user true && return 1
    stands "$on_rules" confined
}

# A user namespace can be made, and all in it is refused.
apparmor_empties() {
    confine userns, || return 1
    confined unshare --user true || return 1
    confined unshare --user --map-root-user true && return 1
    stands "$on_rules" confined
}

apparmor_profile() {
    confine capability, mount, umount, remount, pivot_root, || return 1
    helper=$place/release/examples/sandbox_helper
    sed "s#^profile moat \".*\" flags#profile moat \"$helper\" flags#" $policy/moat \
        > /run/moat-profile
    grep -qF "\"$helper\"" /run/moat-profile || return 1
    load /run/moat-profile || return 1
    stands 'full; lost: nothing' confined
}

tests=$place/release/deps/escape
userns=/proc/sys/user/max_user_namespaces
debian=/proc/sys/kernel/unprivileged_userns_clone
reach='other processes are out of reach'
bounds='resources are bounded'
cd /
if since 6 14; then
    on_rules="rules only; lost: $reach, $bounds"
    root_shared='shared namespaces; lost: nothing'
elif since 6 12; then
    whole='attack:: hostile:: matrix:: table:: durable:: service:: doctor:: running:: ladder:: steps::'
    on_rules="rules only; lost: $reach, $bounds"
    root_shared="shared namespaces; lost: $bounds"
else
    # Landlock cannot scope signals yet: what needs that is refused, and is no test's business
    # here; the broker, which confines itself, is that too. And an overlay takes no marks at all.
    whole='attack:: durable:: service:: doctor:: running:: --skip durable::marks_for_the_overlay
        --skip service::a_process_that_confined_itself'
    on_rules='nothing; error: could not start the sandbox: it has no process-id namespace, and needs version 6 of Landlock'
    root_shared="shared namespaces; lost: $bounds"
fi

scenario user-step stands 'full; lost: nothing' as_user
if since 6 14; then
    scenario root as_root $tests --test-threads=2
    scenario user as_user $tests --test-threads=2
else
    scenario root root_is_told
    # shellcheck disable=SC2086 # a list of words
    scenario user as_user $tests --test-threads=2 $whole
fi
if since 6 12; then
    scenario odd-sockets odd_sockets
else
    absent odd-sockets "the table is not for kernels before Linux 6.12"
fi
scenario no-user-namespaces without $userns stands "$on_rules" as_user
scenario root-no-user-namespaces without $userns stands "$root_shared" as_root
if [ -e $debian ]; then
    scenario debian-setting without $debian stands "$on_rules" as_user
else
    absent debian-setting "it has no kernel.unprivileged_userns_clone"
fi
mediates=/sys/kernel/security/apparmor/features/namespaces/mask
if [ -e $policy/moat ] && grep -q userns_create $mediates 2>/dev/null; then
    scenario apparmor-refuses apparmor_refuses
    scenario apparmor-empties apparmor_empties
    scenario apparmor-profile apparmor_profile
else
    for name in refuses empties profile; do
        absent apparmor-$name "its AppArmor knows no user namespaces, or there is no compiler for it"
    done
fi
scenario group-root group_of_root
scenario group-user group_of_user
if since 6 12; then
    scenario group-rules without $userns in_group user
else
    absent group-rules "it has no rules-only step"
fi
scenario group-others group_of_others

sync
echo o > /proc/sysrq-trigger
sleep 60
