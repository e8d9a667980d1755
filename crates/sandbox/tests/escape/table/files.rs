// SPDX-License-Identifier: Apache-2.0
//! Techniques on files.

use libc::{EACCES, EBADF, ECONNREFUSED, ENOENT, ENXIO, EPERM, EROFS};
use moat_sandbox::Layer;

use super::Control::{self, Nowhere, Root, Without};
use super::Target::{
    Directory, Home, HomeAnd, Key, Machine, Outside, Private, SharedFile, Terminal, Text,
};
use super::{OPEN, Row, row};

const VIEW: &[Layer] = &[Layer::View];
const VIEW_AND_RULES: &[Layer] = &[Layer::View, Layer::Landlock];
const MACHINE: &[Layer] =
    &[Layer::View, Layer::Landlock, Layer::UserNamespace, Layer::Capabilities];
const NEVER_KERNEL: Control = Nowhere("only a flaw of the kernel would let it through");
const NEVER_LIMIT: Control = Nowhere("it is not stopped, see docs/limits.md");

/// Files, directories, mounts and what can be reached through them.
pub(super) const ROWS: &[Row] = &[
    row("read a private key", "read", Home(".ssh/id_ed25519"), ENOENT, "n", Without(VIEW)),
    row("list the directory of keys", "list", Home(".ssh"), ENOENT, "n", Without(VIEW)),
    row(
        "read a key through a link in the workspace",
        "read",
        Home("project/link"),
        ENOENT,
        "n",
        Without(VIEW),
    ),
    row(
        "read a key from a program without a file",
        "from-memory",
        Home(".ssh/id_ed25519"),
        ENOENT,
        "n",
        Without(VIEW),
    ),
    row(
        "link a key into the workspace",
        "hard-link",
        Home(".ssh/id_ed25519"),
        ENOENT,
        "nl",
        Without(VIEW_AND_RULES),
    )
    .walls(&[(VIEW, libc::EXDEV)]),
    row(
        "read a key by way of the parent of the root",
        "read",
        Text("/../../../proc/self/root/../etc/shadow"),
        ENOENT,
        "n",
        Root(VIEW),
    ),
    row(
        "read a token beside a toolchain",
        "read",
        Home(".cargo/credentials.toml"),
        ENOENT,
        "n",
        Without(VIEW),
    ),
    row("read a package manager's token", "read", Home(".npmrc"), ENOENT, "n", Without(VIEW)),
    row("read passwords for hosts", "read", Home(".netrc"), ENOENT, "n", Without(VIEW)),
    row("read passwords of git", "read", Home(".git-credentials"), ENOENT, "n", Without(VIEW)),
    row("read a file elsewhere", "read", Outside("secret"), ENOENT, "n", Without(VIEW)),
    row("read the hashes of passwords", "read", Text("/etc/shadow"), ENOENT, "n", Root(VIEW)),
    row("read the machine's id", "read", Machine, ENOENT, "n", Without(VIEW)),
    row(
        "write what the user's shell runs",
        "write",
        Home(".bashrc"),
        ENOENT,
        "nl",
        Without(VIEW_AND_RULES),
    )
    .walls(&[(VIEW, EACCES)]),
    row(
        "write what starts with the desktop",
        "create",
        Home(".config/autostart"),
        ENOENT,
        "nl",
        Without(VIEW_AND_RULES),
    )
    .walls(&[(VIEW, EACCES)]),
    row(
        "write a file elsewhere",
        "write",
        Outside("secret"),
        ENOENT,
        "nl",
        Without(VIEW_AND_RULES),
    )
    .walls(&[(VIEW, EACCES)]),
    row("make a file elsewhere", "create", Outside("made"), ENOENT, "nl", Without(VIEW_AND_RULES))
        .walls(&[(VIEW, EACCES)]),
    row(
        "remove a file elsewhere",
        "remove",
        Outside("spare"),
        ENOENT,
        "nl",
        Without(VIEW_AND_RULES),
    )
    .walls(&[(VIEW, EACCES)]),
    row("read a file of the host in `/dev/shm`", "read", SharedFile, ENOENT, "n", Without(VIEW)),
    row(
        "list the control groups of the host",
        "list",
        Text("/sys/fs/cgroup"),
        ENOENT,
        "n",
        Without(VIEW),
    ),
    row(
        "list the machine's devices in `/sys`",
        "list",
        Text("/sys/class"),
        ENOENT,
        "n",
        Without(VIEW),
    ),
    row(
        "list the kernel's objects in `/sys`",
        "list",
        Text("/sys/kernel"),
        ENOENT,
        "n",
        Without(VIEW),
    ),
    row(
        "list what hangs on the machine's buses",
        "list",
        Text("/sys/bus"),
        ENOENT,
        "n",
        Without(VIEW),
    ),
    row("open the kernel's log", "write-only", Text("/dev/kmsg"), ENOENT, "n", Root(MACHINE)),
    row("open the machine's memory", "read", Text("/dev/mem"), ENOENT, "nls", Root(MACHINE))
        .lacking(&[ENOENT]),
    row(
        "open a network device of one's own",
        "write",
        Text("/dev/net/tun"),
        ENOENT,
        "n",
        Root(MACHINE),
    )
    .lacking(&[ENOENT, libc::ENODEV]),
    row(
        "open the door to file systems of one's own",
        "write",
        Text("/dev/fuse"),
        ENOENT,
        "n",
        Root(MACHINE),
    )
    .lacking(&[ENOENT]),
    row("open the door to virtual machines", "write", Text("/dev/kvm"), ENOENT, "n", Root(MACHINE))
        .lacking(&[ENOENT, libc::ENODEV]),
    row(
        "open the handle of page faults",
        "write-only",
        Text("/dev/userfaultfd"),
        ENOENT,
        "n",
        Root(MACHINE),
    )
    .lacking(&[ENOENT]),
    row("open a disk", "write-only", Text("/dev/vda"), ENOENT, "nls", Root(MACHINE))
        .lacking(&[ENOENT, EPERM]),
    row("open a terminal of the host", "write-only", Terminal, ENOENT, "n", Without(VIEW)),
    row(
        "write into a toolchain",
        "write",
        Home(".cargo/bin/tool"),
        EROFS,
        "nl",
        Without(VIEW_AND_RULES),
    )
    .walls(&[(VIEW, EACCES)]),
    row(
        "map a toolchain's file to write to it",
        "shared-mapping",
        Home(".cargo/bin/tool"),
        EROFS,
        "nl",
        Without(VIEW_AND_RULES),
    )
    .walls(&[(VIEW, EACCES)]),
    row(
        "plant a program among the toolchain's",
        "create",
        Home(".cargo/bin/planted"),
        EROFS,
        "nl",
        Without(VIEW_AND_RULES),
    )
    .walls(&[(VIEW, EACCES)]),
    row(
        "write to the system's programs",
        "write-only",
        Text("/usr/bin/env"),
        EROFS,
        "nl",
        Root(VIEW_AND_RULES),
    ),
    row("plant a library for every program", "may-write", Text("/usr/lib"), EROFS, "n", Root(VIEW)),
    row(
        "write to the root",
        "create",
        Text("/planted"),
        EROFS,
        "n",
        Without(&[Layer::SealedRoot, Layer::Landlock]),
    )
    .walls(&[(&[Layer::SealedRoot], EACCES)])
    .needs_view(),
    row("plant a device in `/dev`", "may-write", Text("/dev"), EROFS, "n", Root(VIEW)),
    row(
        "plant settings of the dynamic linker",
        "create",
        Text("/etc/ld.so.preload"),
        EROFS,
        "n",
        Without(&[Layer::SealedRoot, Layer::Landlock]),
    )
    .walls(&[(&[Layer::SealedRoot], EACCES)])
    .needs_view(),
    row(
        "change a private copy of a page of a shared file",
        "private-mapping",
        Text("/usr/bin/env"),
        ENXIO,
        "nls",
        NEVER_KERNEL,
    ),
    row(
        "make a whiteout by hand",
        "whiteout",
        Text("/tmp/whiteout"),
        EPERM,
        "",
        Without(&[Layer::Seccomp]),
    )
    .needs_view(),
    row(
        "make a whiteout in the workspace",
        "whiteout",
        Home("project/whiteout"),
        EPERM,
        "ns",
        Without(&[Layer::Seccomp, Layer::View]),
    )
    .walls(&[(&[Layer::Seccomp], EPERM)]),
    row(
        "make a disk's node",
        "block-device",
        Text("/tmp/disk"),
        EPERM,
        "n",
        Root(&[Layer::Seccomp, Layer::UserNamespace, Layer::Capabilities]),
    )
    .needs_view(),
    row(
        "make a device's node in the workspace",
        "device",
        Text(""),
        EPERM,
        "ns",
        Root(&[Layer::Seccomp, Layer::UserNamespace, Layer::Capabilities, Layer::View]),
    ),
    row(
        "mark a file of the workspace for the overlay",
        "attribute",
        HomeAnd("project/file", "trusted.overlay.redirect"),
        EPERM,
        "n",
        Root(&[Layer::UserNamespace, Layer::Capabilities, Layer::View]),
    ),
    row(
        "give a program capabilities",
        "attribute",
        HomeAnd("project/file", "security.capability"),
        EPERM,
        "n",
        Root(&[Layer::UserNamespace, Layer::Capabilities, Layer::View]),
    ),
    row(
        "hold up a lock of the host",
        "same-lock",
        Home("project/locked"),
        ENXIO,
        "n",
        Without(VIEW),
    ),
    row(
        "write into a pipe of the host",
        "pipe-reader",
        Home("project/pipe"),
        ENXIO,
        "n",
        Without(VIEW),
    ),
    row(
        "connect to an agent in the home",
        "local-socket",
        Home("agent.sock"),
        ENOENT,
        "n",
        Without(VIEW),
    ),
    row(
        "connect to a server in the workspace",
        "local-socket",
        Home("project/server.sock"),
        ECONNREFUSED,
        "n",
        Without(VIEW),
    ),
    row(
        "connect to a server in a toolchain",
        "local-socket",
        Home(".cargo/bin/agent.sock"),
        ECONNREFUSED,
        "n",
        Without(VIEW),
    ),
    row(
        "take a mount of the view away",
        "unmount",
        Text("/tmp"),
        EPERM,
        "nls",
        Without(&[Layer::Seccomp, Layer::Capabilities, Layer::Landlock]),
    )
    .walls(&[
        (&[Layer::Seccomp], EPERM),
        (&[Layer::Seccomp, Layer::Capabilities], EPERM),
        (&[Layer::Seccomp, Layer::Landlock], EPERM),
    ]),
    row(
        "make a read-only mount writable",
        "remount",
        Text("/usr"),
        EPERM,
        "nls",
        Without(&[Layer::Seccomp, Layer::Capabilities, Layer::Landlock]),
    )
    .walls(&[
        (&[Layer::Seccomp], EPERM),
        (&[Layer::Seccomp, Layer::Capabilities], EPERM),
        (&[Layer::Seccomp, Layer::Landlock], EPERM),
    ]),
    row(
        "mount over a directory",
        "mount",
        Text(""),
        EPERM,
        "nls",
        Without(&[Layer::Seccomp, Layer::NestingBound, Layer::Landlock]),
    ),
    row(
        "leave a changed root",
        "leave-root",
        Home(".ssh/id_ed25519"),
        EPERM,
        "ns",
        Without(&[Layer::Seccomp, Layer::Capabilities, Layer::View]),
    )
    .walls(&[(&[Layer::Seccomp], EPERM), (&[Layer::Seccomp, Layer::Capabilities], ENOENT)]),
    row(
        "make a whiteout in the old way",
        "old-whiteout",
        Home("project/old-whiteout"),
        EPERM,
        "ns",
        Without(&[Layer::Seccomp, Layer::View]),
    ),
    row(
        "make a disk's node in the old way",
        "old-block-device",
        Home("project/old-disk"),
        EPERM,
        "ns",
        Root(&[Layer::Seccomp, Layer::UserNamespace, Layer::Capabilities, Layer::View]),
    ),
    row(
        "plant a file in `/dev`",
        "create",
        Text("/dev/planted"),
        EROFS,
        "n",
        Nowhere("`redundancy` shows it"),
    )
    .needs_view(),
    row("find a mount without its flags", "mounts", Private, EROFS, "", Without(VIEW)),
    row(
        "use an inherited descriptor of a key",
        "inherited",
        Key,
        EBADF,
        "",
        Without(&[Layer::Descriptors]),
    ),
    row(
        "read below an inherited directory",
        "leaked-read",
        Directory,
        EBADF,
        "",
        Without(&[Layer::Descriptors, Layer::Landlock]),
    )
    .walls(&[(&[Layer::Descriptors], EACCES)]),
    row(
        "list an inherited directory",
        "leaked-list",
        Directory,
        EBADF,
        "",
        Without(&[Layer::Descriptors, Layer::Landlock]),
    )
    .walls(&[(&[Layer::Descriptors], EACCES)]),
    row(
        "leave an inherited directory",
        "leaked-up",
        Directory,
        EBADF,
        "",
        Without(&[Layer::Descriptors, Layer::Landlock]),
    )
    .walls(&[(&[Layer::Descriptors], EACCES)]),
    row(
        "write below an inherited directory",
        "leaked-write",
        Directory,
        EBADF,
        "l",
        Without(&[Layer::Descriptors, Layer::Landlock]),
    )
    .walls(&[(&[Layer::Descriptors], EACCES)]),
    row(
        "make a file in an inherited directory",
        "leaked-create",
        Directory,
        EBADF,
        "l",
        Without(&[Layer::Descriptors, Layer::Landlock]),
    )
    .walls(&[(&[Layer::Descriptors], EACCES)]),
    row(
        "empty a file in an inherited directory",
        "leaked-truncate",
        Directory,
        ENOENT,
        "l",
        Without(&[Layer::Descriptors, Layer::Landlock]),
    )
    .walls(&[(&[Layer::Descriptors], EACCES)]),
    row(
        "make a directory in an inherited directory",
        "leaked-directory",
        Directory,
        EBADF,
        "l",
        Without(&[Layer::Descriptors, Layer::Landlock]),
    )
    .walls(&[(&[Layer::Descriptors], EACCES)]),
    row(
        "remove a file in an inherited directory",
        "leaked-remove",
        Directory,
        EBADF,
        "l",
        Without(&[Layer::Descriptors, Layer::Landlock]),
    )
    .walls(&[(&[Layer::Descriptors], EACCES)]),
    row(
        "remove a directory in an inherited directory",
        "leaked-remove-directory",
        Directory,
        EBADF,
        "l",
        Without(&[Layer::Descriptors, Layer::Landlock]),
    )
    .walls(&[(&[Layer::Descriptors], EACCES)]),
    row(
        "make a link in an inherited directory",
        "leaked-link",
        Directory,
        EBADF,
        "l",
        Without(&[Layer::Descriptors, Layer::Landlock]),
    )
    .walls(&[(&[Layer::Descriptors], EACCES)]),
    row(
        "make a pipe in an inherited directory",
        "leaked-pipe",
        Directory,
        EBADF,
        "l",
        Without(&[Layer::Descriptors, Layer::Landlock]),
    )
    .walls(&[(&[Layer::Descriptors], EACCES)]),
    row(
        "make a whiteout in an inherited directory",
        "leaked-whiteout",
        Directory,
        EPERM,
        "ls",
        Without(&[Layer::Descriptors, Layer::Landlock, Layer::Seccomp]),
    )
    .walls(&[(&[Layer::Descriptors, Layer::Seccomp], EACCES)]),
    row(
        "make a device in an inherited directory",
        "leaked-device",
        Directory,
        EPERM,
        "nls",
        Root(&[
            Layer::Descriptors,
            Layer::Landlock,
            Layer::Seccomp,
            Layer::UserNamespace,
            Layer::Capabilities,
        ]),
    ),
    row(
        "listen in an inherited directory",
        "leaked-socket",
        Directory,
        ENOENT,
        "l",
        Without(&[Layer::Descriptors, Layer::Landlock]),
    )
    .walls(&[(&[Layer::Descriptors], EACCES)]),
    row(
        "move a file below an inherited directory",
        "leaked-move",
        Directory,
        EBADF,
        "l",
        Without(&[Layer::Descriptors, Layer::Landlock]),
    )
    .walls(&[(&[Layer::Descriptors], EACCES)]),
    row(
        "run a program of an inherited directory",
        "leaked-run",
        Directory,
        EBADF,
        "",
        Without(&[Layer::Descriptors, Layer::Landlock]),
    )
    .walls(&[(&[Layer::Descriptors], EACCES)]),
    row(
        "ask a device of an inherited directory",
        "leaked-request",
        Directory,
        ENOENT,
        "l",
        Root(&[Layer::Descriptors, Layer::Landlock]),
    )
    .walls(&[(&[Layer::Descriptors], EACCES)])
    .lacking(&[ENOENT]),
    row("watch which programs the user starts", "watch", Text("/usr/bin"), OPEN, "", NEVER_LIMIT),
];
