#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Compares, keeps and takes back a session of many changed files, and sees that none is forgotten:
# many.sh DIRECTORY-OF-THE-BUILD FILES
#
# The tests must have been built: they build the program.
set -eu

build=$(cd "$1" && pwd)
scratch=$(mktemp -d "$build/many.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
"$build/examples/many_changes" "$scratch/session" "$2"
