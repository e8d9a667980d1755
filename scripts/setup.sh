#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Installs what a step needs and the machine lacks: setup.sh build|run|test|all|vm
#
# It says what is missing and why before it installs anything, uses the
# distribution's own packages, and does nothing (in well under a second) when
# nothing is missing. It never changes a configuration.
set -eu

step=${1:-build}
packages=
crates=

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: error: %s\n' "$1" >&2; printf 'setup:   hint: %s\n' "$2" >&2; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

# need PACKAGE REASON: notes a missing package of the distribution.
need() {
    case " $packages " in *" $1 "*) return ;; esac
    say "missing $1: $2"
    packages="$packages $1"
}

# need_crate CRATE VERSION REASON: notes a missing cargo command.
need_crate() {
    say "missing $1: $3"
    crates="$crates $1@$2"
}

# Looks for a module's file instead of loading it, which takes a second for pip.
has_python_module() {
    has python3 && python3 -c '
import importlib.util, sys
sys.exit(importlib.util.find_spec(sys.argv[1]) is None)' "$1"
}

# libclang has no command; bindgen looks for the shared library.
has_libclang() {
    for file in "${LIBCLANG_PATH:-/nowhere}"/libclang*.so* \
        /usr/lib/llvm-*/lib/libclang*.so* \
        /usr/lib/*-linux-gnu/libclang*.so* \
        /usr/lib64/libclang*.so* /usr/lib64/llvm*/lib*/libclang*.so*; do
        [ -e "$file" ] && return 0
    done
    return 1
}

# has_certificates: whether the authorities of this system stand where its libraries look.
has_certificates() {
    for file in "${SSL_CERT_FILE:-/nowhere}" /etc/ssl/certs/ca-certificates.crt /etc/ssl/cert.pem \
        /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem; do
        [ -e "$file" ] && return 0
    done
    return 1
}

# The page of the IDE is built with Node.js 20.19 or later, which is what Vite asks for.
# has_new_node PROGRAM
has_new_node() {
    has "$1" && "$1" -e '
const [major, minor] = process.versions.node.split(".").map(Number);
process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)' 2>/dev/null
}

check_build() {
    has cargo || fail "there is no cargo" \
        "install a Rust toolchain with rustup, then run this again; rust-toolchain.toml picks the version"
    has git || need git "the agent's tests and the checks read the repository with it"
    has cmake || need cmake "llama.cpp is built with it"
    has make || need make "llama.cpp is built with it"
    has c++ || has g++ || need g++ "llama.cpp is written in C++"
    has clang || need clang "the bindings to llama.cpp are made from its headers"
    has_libclang || need libclang-dev "the bindings to llama.cpp are made from its headers"
    has pkg-config || need pkg-config "build scripts look for libraries with it"
    has node || need nodejs "the page of the IDE is built with it"
    has npm || need npm "the parts of the page come through it"
}

check_run() {
    check_build
    has python3 || need python3 "the demo program and the pip source of model files use it"
    has_python_module pip || need python3-pip "pip is the last source of model files"
    has_certificates || need ca-certificates "the sources of model files are told from others by them"
}

check_test() {
    check_run
    has_python_module venv && has_python_module ensurepip ||
        need python3-venv "a Python project in a virtual environment is tested in the sandbox"
    has chromium || need chromium "the page is tested in it"
    has clangd || need clangd "it is one of the language servers that the tests talk with"
    has java || need default-jdk-headless "a Maven project is tested in the sandbox"
    has mvn || need maven "a Maven project is tested in the sandbox"
    repository=/usr/share/maven-repo
    plugins=$repository/org/apache/maven/plugins
    [ -d $plugins/maven-surefire-plugin ] ||
        need libsurefire-java "a Maven project is tested in the sandbox, without a network"
    [ -d $plugins/maven-compiler-plugin ] ||
        need libmaven-compiler-plugin-java "a Maven project is tested in the sandbox, without a network"
    [ -d $plugins/maven-resources-plugin ] ||
        need libmaven-resources-plugin-java "a Maven project is tested in the sandbox, without a network"
    [ -d $repository/junit/junit ] ||
        need junit4 "a Maven project is tested in the sandbox, without a network"
    has rg || need ripgrep "the speed of a scan is compared with it"
    has time || need time "the memory of a scan is measured with it"
    has strace || need strace "tests count the programs and sockets that Moat opens"
    has curl || need curl "tests and proofs send requests with it, as a careless client does"
    has unshare && has setpriv && has nsenter ||
        need util-linux "tests stand in namespaces of their own and become another user with it"
    has mount || need mount "tests fill up and overlay file systems of their own"
    has cargo-nextest || need_crate cargo-nextest 0.9.143 "it runs the tests"
    has cargo-deny || need_crate cargo-deny 0.20.2 "it checks licences, bans and sources of dependencies"
}

check_all() {
    check_test
    has runc || need runc "Moat is tried in containers of a real runtime"
    [ -e /usr/share/containers/seccomp.json ] ||
        need golang-github-containers-common "the filter that container engines give by default is in it"
}

check_vm() {
    check_test
    PATH=$PATH:/usr/sbin:/sbin
    has qemu-system-x86_64 || need qemu-system-x86 "another kernel is emulated with it"
    has busybox || need busybox-static "the emulated machine starts with it"
    has cpio || need cpio "the emulated machine's first file system is packed with it"
    has depmod || need kmod "the modules of a kernel are ordered with it"
    has xz || need xz-utils "the modules of a kernel are unpacked with it"
}

install_packages() {
    [ -n "$packages" ] || return 0
    has apt-get || fail "this machine has no apt-get, and these are missing:$packages" \
        "install them with the package manager of this system, then run this again"
    root=
    if [ "$(id -u)" -ne 0 ]; then
        has sudo || fail "these are missing:$packages" \
            "as root run: apt-get install$packages"
        root=sudo
    fi
    say "installing with apt-get${root:+ (through sudo)}:$packages"
    # shellcheck disable=SC2086 # the list is meant to be split
    if ! { $root env DEBIAN_FRONTEND=noninteractive apt-get update -q &&
        $root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $packages; }; then
        fail "apt-get could not install:$packages" "see its messages above"
    fi
}

install_crates() {
    [ -n "$crates" ] || return 0
    say "building with cargo, which takes minutes once:$crates"
    for crate in $crates; do
        cargo install --locked "$crate" ||
            fail "cargo could not install $crate" "see its messages above"
    done
}

# The distribution's Node.js may be too old: then one of npm's own packages is used, for the
# page alone.
install_node() {
    own=web/.node/node_modules/node-linux-$node_machine/bin/node
    has_new_node node || has_new_node "./$own" && return 0
    say "node is $(node --version 2>/dev/null || echo missing), and the page needs 20.19: bringing $node_version into web/.node"
    npm install --prefix web/.node --no-audit --no-fund --no-save --loglevel=error \
        "node-linux-$node_machine@$node_version" ||
        fail "npm could not bring Node.js" "install Node.js 20.19 or later, then run this again"
}

# Language servers that the tests talk with, of exactly these versions.
install_servers() {
    servers=crates/workspace/tests/servers
    wanted=$(cat "$servers/package.json" "$servers/package-lock.json")
    [ "$(cat "$servers/node_modules/.moat-packages" 2>/dev/null)" = "$wanted" ] && return 0
    say "bringing language servers into $servers, for the tests"
    npm ci --prefix "$servers" --no-audit --no-fund --loglevel=error ||
        fail "npm could not bring the language servers" "see its messages above"
    printf '%s\n' "$wanted" >"$servers/node_modules/.moat-packages"
}
node_version=22.23.5
case $(uname -m) in aarch64) node_machine=arm64 ;; *) node_machine=x64 ;; esac

case $step in
build) check_build ;;
run) check_run ;;
test) check_test ;;
all) check_all ;;
vm) check_vm ;;
*) fail "there is no step '$step'" "use build, run, test, all or vm" ;;
esac
install_packages
install_crates
install_node
case $step in test | all | vm) install_servers ;; esac
