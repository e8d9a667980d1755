#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Builds the page of the browser IDE: web.sh build
#
# Installs the packages of web/package-lock.json and builds web/dist, which the program carries
# inside. It does nothing where the sources have not changed since, so that it can come before
# every build, and works offline then.
set -eu
cd "$(dirname "$0")/../web"

say() { printf 'web: %s\n' "$*"; }
fail() { printf 'web: error: %s\n' "$1" >&2; printf 'web:   hint: %s\n' "$2" >&2; exit 1; }

[ "${1:-}" = build ] || fail "unknown step \`${1:-}\`" "write \`web.sh build\`"

# Where the system's Node.js is too old, `setup.sh` brought another.
for own in "$PWD"/.node/node_modules/node-linux-*/bin; do
    [ -x "$own/node" ] && PATH=$own:$PATH
done

# What the page is made of, in one digest.
digest() { cat "$@" | sha256sum | cut -d ' ' -f 1; }
packages=$(digest package.json package-lock.json packages/*/package.json)
sources=$(git ls-files -z --cached --others --exclude-standard . | sort -z | xargs -0 sha256sum 2>/dev/null | sha256sum | cut -d ' ' -f 1)

installed=node_modules/.moat-packages
built=dist/.moat-sources
if [ -f "$built" ] && [ "$(cat "$built")" = "$sources" ] && [ -f "$installed" ] &&
    [ "$(cat "$installed")" = "$packages" ]; then
    exit 0
fi
if [ ! -f "$installed" ] || [ "$(cat "$installed")" != "$packages" ]; then
    say "installing the packages of web/package-lock.json"
    npm ci --no-audit --no-fund --loglevel=error ||
        fail "npm could not install the packages" "see its messages above"
    printf '%s\n' "$packages" >"$installed"
fi
if [ ! -f "$built" ] || [ "$(cat "$built")" != "$sources" ]; then
    say "building the page"
    npm run --silent build || fail "the page could not be built" "see the messages above"
    printf '%s\n' "$sources" >"$built"
fi
