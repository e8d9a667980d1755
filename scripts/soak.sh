#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Runs many commands of every ending and counts what they leave behind:
# soak.sh DIRECTORY-OF-THE-BUILD COMMANDS
#
# The tests must have been built: they build the two programs.
set -eu

build=$(cd "$1" && pwd)
scratch=$(mktemp -d "$build/soak.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
"$build/examples/sandbox_soak" "$build/examples/sandbox_helper" "$scratch" "$2"
