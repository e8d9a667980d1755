#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Runs every part of the long test, whatever became of the one before:
# all.sh MAKE PART...
#
# Each PART is a target of the Makefile. The end has one line for each: a part
# that did not run is never shown as passed. Ctrl-C ends the part that runs and
# leaves out the others.
set -eu

make=$1
shift
results=
# `make -n` comes here too, with `n` among make's flags: then nothing runs.
flags=${MAKEFLAGS:-}
passed='passed '
case ${flags%% *} in
-* | *=*) ;;
*n*) passed='named  ' ;;
esac
failed=0
interrupted=0
trap 'interrupted=1' INT TERM

for part in "$@"; do
    if [ "$interrupted" -ne 0 ]; then
        results="$results
not run  $part"
        continue
    fi
    printf '\n== %s\n' "$part"
    start=$(date +%s)
    # shellcheck disable=SC2086 # make may be given with options
    if $make "$part"; then verdict=$passed; else verdict='FAILED '; fi
    if [ "$verdict" = 'FAILED ' ]; then failed=1; fi
    results="$results
$verdict  $part ($(($(date +%s) - start)) s)"
done

printf '\n== What became of each part\n%s\n' "${results#?}"
if [ "$interrupted" -ne 0 ]; then exit 130; fi
exit "$failed"
