#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Shows Moat at work: demo.sh PATH-TO-MOAT [serve]
#
# Copies the demo program to a fresh directory, lets the agent repair it, and
# shows the evidence. The checkout itself is never changed. With `serve`, and a
# person at the terminal, it ends by opening the IDE with the repair waiting for
# review; otherwise it keeps the repair and runs the tests again.
set -eu

moat=$1
case $moat in /*) ;; *) moat=$PWD/$moat ;; esac
source=$(cd "$(dirname "$0")/.." && pwd)/demo
base=${XDG_CACHE_HOME:-$HOME/.cache}/moat
check='python3 -m unittest'
task='Bo owes Ada 41.05 and is told to pay 41.5.'

title() {
    if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-}" != dumb ]; then printf '\n\033[1m== %s\033[0m\n' "$*"; else printf '\n== %s\n' "$*"; fi
}

title 'The embedded model'
"$moat" model pull

mkdir -p "$base"
work=$(mktemp -d "$base/demo-XXXXXX")
cp -R "$source/." "$work"
cd "$work"

title "The demo program, copied to $work"
sed -n '3,$p' README.md
title "Its tests before, run plainly: $check"
echo 'One of them must fail: that is the bug.'
if $check; then
    echo 'demo: error: the tests of the demo program pass already' >&2
    exit 1
fi

title "moat exec --check '$check' '$task'"
echo 'The agent works on a copy in a sandbox. Its commands have no network, and your files stay as they are.'
status=0
"$moat" exec --check "$check" "$task" || status=$?
if [ "$status" -ne 0 ]; then
    printf '\nThe agent did not repair it this time (exit code %s). Nothing in %s was changed.\n' "$status" "$work"
    exit "$status"
fi

# The newest session stands first in the list.
id=$("$moat" session list | sed -n '1s/ .*//p')

title "The change, waiting for review: moat session show $id"
"$moat" session show "$id"

title 'The boundary that the agent ran in: moat doctor --summary'
# It ends with 1 where this machine gives less than everything, and says so itself.
"$moat" doctor --summary || [ $? -eq 1 ]

if [ "${2:-}" = serve ] && [ -t 0 ] && [ -t 1 ]; then
    title "The repair waits for your review: moat serve $work"
    cat <<EOF
In the page: open the thread on the right, review the change, keep it (or one part of it),
run \`$check\` in the terminal (Ctrl+\`), commit. Without a browser on this machine, forward the
port that the link names. Ctrl-C here ends it.

EOF
    # The page's source control has something to show.
    git init --quiet && git add --all &&
        git -c user.name=Demo -c user.email=demo@localhost commit --quiet --message 'The demo program'
    exec "$moat" serve "$work"
fi

title "Keeping it: moat session keep $id"
"$moat" session keep "$id"

title "Its tests after, run plainly: $check"
$check

title 'What to do next'
cat <<EOF
The repaired program is in  $work

Take the change back:       $moat session undo $id
See what happened:          $moat session show $id
Open it in the browser:     $moat serve $work
Repair your own code:       cd YOUR-PROJECT
                            $moat exec --check 'YOUR TEST COMMAND' 'WHAT IS WRONG'
                            $moat session keep    (or: session undo)
Without any network:        make run-offline
EOF
