// SPDX-License-Identifier: Apache-2.0
//! Techniques on the machine and its network.

use libc::{
    EACCES, EAFNOSUPPORT, ECONNREFUSED, ENETUNREACH, ENODEV, ENOENT, ENOSPC, ENOSYS, ENXIO, EPERM,
    EROFS,
};
use moat_sandbox::Layer;

use super::Control::{Nowhere, Root, Without};
use super::Target::{Abstract, Name, Queue, Segment, Tcp, Text, Udp};
use super::{Row, row};

const SECCOMP: &[Layer] = &[Layer::Seccomp];
const NETWORK: &[Layer] = &[Layer::NetworkNamespace];
const NESTING: &[Layer] = &[Layer::Seccomp, Layer::NestingBound];
const SEALED: &[Layer] = &[Layer::SealedProc, Layer::Landlock];

/// The network, the kernel's interfaces and the machine's settings.
pub(super) const ROWS: &[Row] = &[
    row("connect to a port of the host", "tcp", Tcp, ECONNREFUSED, "n", Without(NETWORK)),
    row("send data with the first packet", "fast-open", Tcp, ECONNREFUSED, "n", Without(NETWORK)),
    row("send a datagram to the host", "udp", Udp, ECONNREFUSED, "n", Without(NETWORK)),
    row(
        "connect to a socket without a file",
        "abstract-socket",
        Abstract,
        ECONNREFUSED,
        "nl",
        Without(&[Layer::NetworkNamespace, Layer::Landlock]),
    )
    .walls(&[(NETWORK, EPERM)]),
    row(
        "see the machine's network devices",
        "interfaces",
        Text(""),
        ENODEV,
        "n",
        Without(&[Layer::NetworkNamespace]),
    ),
    row(
        "send to a network that nobody knows",
        "udp-anywhere",
        Text("192.0.2.1:9"),
        ENETUNREACH,
        "n",
        Nowhere("it would send something from the machine that runs the test"),
    ),
    row(
        "change a network device",
        "interface-down",
        Text(""),
        EPERM,
        "n",
        Without(&[Layer::Capabilities]),
    ),
    row("speak to the hypervisor", "vsock", Text(""), EAFNOSUPPORT, "s", Without(SECCOMP)),
    row(
        "send whole packets",
        "packet",
        Text(""),
        EAFNOSUPPORT,
        "ns",
        Without(&[Layer::Seccomp, Layer::Capabilities]),
    )
    .walls(&[(SECCOMP, EPERM)]),
    row("submit calls around the filter", "io-uring", Text(""), ENOSYS, "s", Without(SECCOMP)),
    row("make calls of 32-bit programs", "old-calls", Text(""), ENOSYS, "s", Without(SECCOMP))
        .lacking(&[ENOSYS]),
    row("join a keyring", "keyring", Text(""), EPERM, "s", Without(SECCOMP)),
    row(
        "read the names of the user's keys",
        "read",
        Text("/proc/keys"),
        EACCES,
        "n",
        Without(&[Layer::CoveredProc]),
    )
    .lacking(&[ENOENT]),
    row(
        "read who has keys",
        "read",
        Text("/proc/key-users"),
        EACCES,
        "n",
        Without(&[Layer::CoveredProc]),
    )
    .lacking(&[ENOENT]),
    row(
        "read where the kernel keeps what",
        "read",
        Text("/proc/vmallocinfo"),
        EACCES,
        "n",
        Root(&[Layer::CoveredProc]),
    )
    .lacking(&[ENOENT]),
    row(
        "read the timers of all processes",
        "read",
        Text("/proc/timer_list"),
        EACCES,
        "n",
        Root(&[Layer::CoveredProc]),
    )
    .lacking(&[ENOENT]),
    row("stop the kernel at a page", "userfaultfd", Text(""), EPERM, "s", Without(SECCOMP)),
    row("type into a terminal", "terminal-input", Text(""), EPERM, "s", Without(SECCOMP))
        .lacking(&[libc::EIO]),
    row(
        "type into a terminal with high bits set",
        "terminal-input-high-bits",
        Text(""),
        EPERM,
        "s",
        Without(SECCOMP),
    )
    .lacking(&[libc::EIO]),
    row(
        "change a terminal's line discipline",
        "line-discipline",
        Text(""),
        EPERM,
        "s",
        Without(SECCOMP),
    ),
    row("ask the console", "console-request", Text(""), EPERM, "s", Without(SECCOMP)),
    row("make a user namespace", "user-namespace", Text(""), EPERM, "ns", Without(NESTING))
        .walls(&[(SECCOMP, ENOSPC)]),
    row(
        "start a process in a user namespace",
        "clone-namespace",
        Text(""),
        EPERM,
        "ns",
        Without(NESTING),
    )
    .walls(&[(SECCOMP, ENOSPC)]),
    row("name a file by its handle", "empty-handle", Text(""), EPERM, "s", Without(SECCOMP)),
    row(
        "reach System V memory",
        "shared-memory",
        Segment,
        ENOENT,
        "n",
        Without(&[Layer::IpcNamespace]),
    ),
    row(
        "reach a message queue",
        "message-queue",
        Queue,
        ENOENT,
        "nl",
        Root(&[Layer::IpcNamespace, Layer::Landlock, Layer::UserNamespace]),
    ),
    row(
        "learn the machine's name",
        "name-of-machine",
        Name,
        ENXIO,
        "n",
        Without(&[Layer::HostName]),
    ),
    row(
        "rename the machine",
        "rename-machine",
        Name,
        EPERM,
        "ns",
        Root(&[Layer::Seccomp, Layer::HostName, Layer::UserNamespace, Layer::Capabilities]),
    ),
    row(
        "learn its control group",
        "control-group",
        Text(""),
        ENXIO,
        "n",
        Without(&[Layer::ControlGroups]),
    )
    .lacking(&[ENXIO]),
    row(
        "choose the handler of core dumps",
        "write-only",
        Text("/proc/sys/kernel/core_pattern"),
        EROFS,
        "nl",
        Root(SEALED),
    )
    .walls(&[(&[Layer::SealedProc], EACCES)]),
    row(
        "press the magic key",
        "write-only",
        Text("/proc/sysrq-trigger"),
        EROFS,
        "nls",
        Root(SEALED),
    )
    .walls(&[(&[Layer::SealedProc], EACCES)])
    .lacking(&[ENOENT]),
    row(
        "choose the loader of modules",
        "write-only",
        Text("/proc/sys/kernel/modprobe"),
        EROFS,
        "nls",
        Root(SEALED),
    )
    .lacking(&[ENOENT]),
    row(
        "choose the program for hot-plugged devices",
        "write-only",
        Text("/proc/sys/kernel/hotplug"),
        EROFS,
        "nls",
        Root(SEALED),
    )
    .lacking(&[ENOENT]),
    row(
        "have programs of a kind run by another",
        "write-only",
        Text("/proc/sys/fs/binfmt_misc/register"),
        ENOENT,
        "nls",
        Root(&[Layer::View, Layer::ProcessNamespace, Layer::Landlock, Layer::UserNamespace]),
    )
    .lacking(&[ENOENT]),
    row(
        "make the machine stop at an error",
        "write-only",
        Text("/proc/sys/kernel/panic"),
        EROFS,
        "nl",
        Root(SEALED),
    ),
    row(
        "read the machine's memory",
        "read",
        Text("/proc/kcore"),
        EPERM,
        "nls",
        Root(&[Layer::UserNamespace, Layer::Capabilities]),
    )
    .lacking(&[ENOENT]),
    row(
        "allow namespaces again",
        "write-only",
        Text("/proc/sys/user/max_user_namespaces"),
        EACCES,
        "nls",
        Without(&[Layer::SealedProc, Layer::Landlock, Layer::Capabilities]),
    ),
    row(
        "map another user",
        "write-only",
        Text("/proc/self/uid_map"),
        EROFS,
        "nl",
        Without(&[Layer::SealedProc, Layer::Landlock]),
    ),
    row(
        "allow echo requests for oneself",
        "write-only",
        Text("/proc/sys/net/ipv4/ping_group_range"),
        EROFS,
        "nl",
        Without(&[Layer::SealedProc, Layer::Landlock, Layer::Capabilities]),
    ),
    row(
        "start a process with mounts of its own",
        "clone-with",
        Text("131072"),
        EPERM,
        "ns",
        Without(&[Layer::Seccomp, Layer::Capabilities]),
    )
    .walls(&[(SECCOMP, EPERM)]),
    row(
        "start a process with control groups of its own",
        "clone-with",
        Text("33554432"),
        EPERM,
        "ns",
        Without(&[Layer::Seccomp, Layer::Capabilities]),
    )
    .walls(&[(SECCOMP, EPERM)]),
    row(
        "start a process with names of its own",
        "clone-with",
        Text("67108864"),
        EPERM,
        "ns",
        Without(&[Layer::Seccomp, Layer::Capabilities]),
    )
    .walls(&[(SECCOMP, EPERM)]),
    row(
        "start a process with ipc objects of its own",
        "clone-with",
        Text("134217728"),
        EPERM,
        "ns",
        Without(&[Layer::Seccomp, Layer::Capabilities]),
    )
    .walls(&[(SECCOMP, EPERM)]),
    row(
        "start a process with process numbers of its own",
        "clone-with",
        Text("536870912"),
        EPERM,
        "ns",
        Without(&[Layer::Seccomp, Layer::Capabilities]),
    )
    .walls(&[(SECCOMP, EPERM)]),
    row(
        "start a process with networks of its own",
        "clone-with",
        Text("1073741824"),
        EPERM,
        "ns",
        Without(&[Layer::Seccomp, Layer::Capabilities]),
    )
    .walls(&[(SECCOMP, EPERM)]),
    row(
        "make a pair of another family",
        "pair",
        Text("2 1 0"),
        EAFNOSUPPORT,
        "s",
        Without(SECCOMP),
    ),
];
