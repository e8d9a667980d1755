#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What is done inside of the container: inside.sh PATH-TO-MOAT
set -eu

moat=$1
HOME=$(mktemp -d)
export HOME XDG_STATE_HOME="$HOME/state" XDG_RUNTIME_DIR="$HOME/run" NO_COLOR=1
mkdir -m 700 "$XDG_RUNTIME_DIR"
mkdir "$HOME/project"
echo 'a secret' >"$HOME/beside"
cd "$HOME/project"
echo one >file
look="cat $HOME/beside; echo two >file"

fail() {
    printf 'container: error: %s\n' "$1"
    exit 1
}

[ "$(sh -c "cat $HOME/beside")" = 'a secret' ] || fail 'the control does not find the file'
"$moat" doctor --summary >doctor 2>&1 || :
sed -n 's/^step */container: /p' doctor
rm doctor

# Somebody answers the question that is asked wherever the sandbox is not whole.
mkfifo answers
script -qefc "$moat session run --new -- sh -c '$look'" shown <answers >/dev/null 2>&1 &
running=$!
exec 3>answers
until grep -q 'type `yes`' shown 2>/dev/null || ! kill -0 $running 2>/dev/null; do sleep 0.1; done
echo yes >&3
wait $running || fail "the command failed: $(cat shown)"
exec 3>&-
"$moat" session show >recorded
grep -q 'boundary PARTIAL' recorded || fail 'the session does not say that the sandbox is not whole'
! grep -q 'a secret' shown || fail 'a command read a file beside the workspace'
rm -f answers recorded shown

[ "$(cat file)" = one ] || fail 'a command changed a file before it was kept'
"$moat" session keep >/dev/null
[ "$(cat file)" = two ] || fail 'the change was not kept'
"$moat" session undo >/dev/null
[ "$(cat file)" = one ] || fail 'the keep was not taken back'
echo 'container: passed'
