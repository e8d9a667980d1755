// SPDX-License-Identifier: Apache-2.0
//! Techniques that reach for a socket, a process or a file of a certain program of the host,
//! and those on what Landlock does not look at: modes, times, owners, attributes, watches.

use libc::{EACCES, ECONNREFUSED, ENETUNREACH, ENOENT, ENOSYS, EPERM, ESRCH};
use moat_sandbox::Layer;

use super::Control::{Nowhere, Root, Without};
use super::Target::{
    Canary, Given, Group, Home, Outside, Pid, Program, Release, Resolver, Running, Segment, State,
    Tcp, Tcp6, Temporary, Text, Udp6,
};
use super::{Row, Target, row};

const VIEW: &[Layer] = &[Layer::View];
const VIEW_AND_RULES: &[Layer] = &[Layer::View, Layer::Landlock];
const NETWORK: &[Layer] = &[Layer::NetworkNamespace];
const NUMBERS: &[Layer] = &[Layer::ProcessNamespace];
const IPC: &[Layer] = &[Layer::IpcNamespace];
const MACHINE: &[Layer] =
    &[Layer::View, Layer::Landlock, Layer::UserNamespace, Layer::Capabilities];
/// What stands between a command and the memory of a process of the same user on the host.
const OTHERS: &[Layer] = &[
    Layer::ProcessNamespace,
    Layer::Landlock,
    Layer::UserNamespace,
    Layer::Capabilities,
    Layer::Seccomp,
];

/// A socket of a program of the host, by its path.
const fn socket(name: &'static str, target: Target) -> Row {
    row(name, "local-socket", target, ENOENT, "n", Without(VIEW))
}

/// A change that only the view and the filter stand against: Landlock does not look at it.
const fn unseen(name: &'static str, attack: &'static str, target: Target) -> Row {
    row(name, attack, target, ENOENT, "n", Without(VIEW))
}

/// A file that may not be written: the view hides it, and Landlock holds where it does not.
const fn written(name: &'static str, attack: &'static str, target: Target) -> Row {
    row(name, attack, target, ENOENT, "nl", Without(VIEW_AND_RULES)).walls(&[(VIEW, EACCES)])
}

/// Sockets, processes, objects, Moat's own files, and changes that are not about contents.
pub(super) const ROWS: &[Row] = &[
    socket("connect to a container runtime", Running("docker.sock")),
    socket("connect to the runtime below it", Running("containerd/containerd.sock")),
    socket("connect to a container runtime without a daemon", Running("podman/podman.sock")),
    socket("connect to the bus of the session", Running("bus")),
    socket("connect to the bus of the system", Running("dbus/system_bus_socket")),
    socket("connect to a compositor", Running("wayland-0")),
    socket("connect to a display", Temporary(".X11-unix/X0")),
    socket("connect to an agent of keys", Temporary("agent.1")),
    row(
        "be given a descriptor by a friendly process",
        "take-descriptor",
        Home("friend.sock"),
        ENOENT,
        "n",
        Without(VIEW),
    ),
    row("reach a System V semaphore", "semaphore", Segment, ENOENT, "n", Without(IPC)),
    row("reach a System V queue", "system-v-queue", Segment, ENOENT, "n", Without(IPC)),
    row("connect to a port of the host, IPv6", "tcp", Tcp6, ECONNREFUSED, "n", Without(NETWORK))
        .lacking(NO_IPV6),
    row("send a datagram to the host, IPv6", "udp", Udp6, ECONNREFUSED, "n", Without(NETWORK))
        .lacking(NO_IPV6),
    row(
        "send data with the first packet, asked for by a socket",
        "fast-open-connect",
        Tcp,
        ECONNREFUSED,
        "n",
        Without(NETWORK),
    ),
    row("ask a name server of the host", "udp", Resolver, ECONNREFUSED, "n", Root(NETWORK)),
    row(
        "ask a name server that nobody knows",
        "udp-anywhere",
        Text("192.0.2.1:53"),
        ENETUNREACH,
        "n",
        Nowhere("it would send something from the machine that runs the test"),
    ),
    row(
        "make calls of programs with short pointers",
        "x32-call",
        Text(""),
        ENOSYS,
        "s",
        Without(&[Layer::Seccomp]),
    )
    .lacking(&[ENOSYS]),
    row("trace a process of the host", "trace-process", Pid, EPERM, "nls", Root(OTHERS))
        .walls(&[(&[Layer::Seccomp], ESRCH)]),
    row(
        "read the memory of a process of the host",
        "read-memory-of",
        Canary,
        EPERM,
        "nls",
        Root(OTHERS),
    )
    .walls(&[(&[Layer::Seccomp], ESRCH)]),
    row(
        "take a descriptor of a process of the host",
        "steal-descriptor-of",
        Given,
        ESRCH,
        "nls",
        Root(OTHERS),
    )
    .walls(&[(NUMBERS, EPERM)]),
    row(
        "set a limit of a process of the host",
        "limit-of-process",
        Pid,
        ESRCH,
        "n",
        Without(NUMBERS),
    ),
    row(
        "choose what runs when a control group ends",
        "write-only",
        Release,
        ENOENT,
        "nl",
        Root(MACHINE),
    )
    .lacking(&[ENOENT]),
    row("move to another control group", "write-only", Group, ENOENT, "nl", Root(MACHINE))
        .lacking(&[ENOENT]),
    written("write to a key through a link in the workspace", "write", Home("project/link")),
    written("make a file elsewhere through a link", "create", Home("project/dangling")),
    row("read the record of a session", "read", State("record"), ENOENT, "n", Without(VIEW)),
    written("write to the record of a session", "write", State("record")),
    row("read Moat's log", "read", State("log"), ENOENT, "n", Without(VIEW)),
    written("write to Moat's log", "write", State("log")),
    row(
        "read Moat's settings",
        "read",
        Home(".config/moat/config.toml"),
        ENOENT,
        "n",
        Without(VIEW),
    ),
    written("write to Moat's settings", "write", Home(".config/moat/config.toml")),
    written("remove Moat's log", "remove", State("spare")),
    unseen("change a file's mode", "mode", Home(".ssh/id_ed25519")),
    unseen("change a file's mode by the new call", "mode-new-call", Home(".ssh/id_ed25519"))
        .lacking(&[ENOSYS]),
    unseen("change a file's mode through a link", "mode-through-link", Home(".ssh/id_ed25519")),
    unseen(
        "change a file's mode below a directory",
        "mode-from-directory",
        Home(".ssh/id_ed25519"),
    ),
    unseen("change a mode by a descriptor for reading", "mode-by-descriptor", Program),
    unseen("change a file's times", "times", Home(".ssh/id_ed25519")),
    unseen("change a file's owner", "owner", Home(".ssh/id_ed25519")),
    unseen("set an attribute of a file", "own-attribute", Outside("secret")),
    unseen("learn names by watching a directory", "watch-names", Home(".ssh")),
];

/// What a machine without IPv6 says.
const NO_IPV6: &[i32] = &[libc::EADDRNOTAVAIL, libc::EAFNOSUPPORT];
