// SPDX-License-Identifier: Apache-2.0
//! Techniques on processes.

use libc::{EACCES, EAGAIN, EFBIG, EINVAL, EMFILE, ENOENT, ENOMEM, EPERM, EROFS, ESRCH};
use moat_sandbox::Layer;

use super::Control::{Nowhere, Root, Without};
use super::Target::{Pid, Proc, Text};
use super::{Row, row};

const SECCOMP: &[Layer] = &[Layer::Seccomp];
const NUMBERS: &[Layer] = &[Layer::ProcessNamespace];
/// What stands between a command and the processes of the same user on the host.
const OTHERS: &[Layer] =
    &[Layer::ProcessNamespace, Layer::Landlock, Layer::UserNamespace, Layer::Capabilities];
const REAPER: &[Layer] = &[Layer::ClosedMemory, Layer::Landlock];
const REAPER_OPEN: &[Layer] = &[Layer::ClosedMemory, Layer::Landlock, Layer::SealedProc];

/// Processes, their rights and their limits.
pub(super) const ROWS: &[Row] = &[
    row(
        "read the environment of a process of the host",
        "read",
        Proc("environ"),
        ENOENT,
        "n",
        Root(OTHERS),
    ),
    row(
        "read the words of a process of the host",
        "read",
        Proc("cmdline"),
        ENOENT,
        "n",
        Without(NUMBERS),
    ),
    row(
        "reach the root of a process of the host",
        "list",
        Proc("root"),
        ENOENT,
        "nl",
        Root(OTHERS),
    ),
    row(
        "list the descriptors of a process of the host",
        "list",
        Proc("fd"),
        ENOENT,
        "n",
        Root(OTHERS),
    ),
    row(
        "write to the memory of a process of the host",
        "write",
        Proc("mem"),
        ENOENT,
        "nl",
        Root(OTHERS),
    ),
    row(
        "find the program of a process of the host",
        "link-of",
        Proc("exe"),
        ENOENT,
        "nl",
        Root(OTHERS),
    ),
    row("read the map of a process of the host", "read", Proc("maps"), ENOENT, "n", Root(OTHERS)),
    row("see what others run", "see-processes", Text(""), ESRCH, "n", Without(NUMBERS)),
    row("signal a process of the host", "signal", Pid, ESRCH, "nl", Root(OTHERS))
        .walls(&[(NUMBERS, EPERM)]),
    row(
        "get a handle of a process of the host",
        "handle-of-process",
        Pid,
        ESRCH,
        "n",
        Without(NUMBERS),
    ),
    row(
        "signal a process of the host by its handle",
        "signal-by-handle",
        Pid,
        ESRCH,
        "nl",
        Root(OTHERS),
    )
    .walls(&[(NUMBERS, EPERM)]),
    row(
        "ask for the limits of a process of the host",
        "limit-of-another",
        Pid,
        ESRCH,
        "n",
        Without(NUMBERS),
    ),
    row(
        "set the priority of a process of the host",
        "priority-of-another",
        Pid,
        ESRCH,
        "n",
        Root(&[Layer::ProcessNamespace, Layer::UserNamespace, Layer::Capabilities]),
    ),
    row(
        "read the environment of the reaper",
        "read",
        Text("/proc/1/environ"),
        EACCES,
        "ls",
        Without(REAPER),
    ),
    row(
        "reach the root of the reaper",
        "list",
        Text("/proc/1/root"),
        EACCES,
        "ls",
        Without(REAPER),
    ),
    row(
        "follow a descriptor of the reaper",
        "link-of",
        Text("/proc/1/fd/0"),
        EACCES,
        "ls",
        Without(REAPER),
    ),
    row(
        "find the program of the reaper",
        "link-of",
        Text("/proc/1/exe"),
        EACCES,
        "ls",
        Without(REAPER),
    ),
    row(
        "write to the memory of the reaper",
        "write",
        Text("/proc/1/mem"),
        EROFS,
        "nls",
        Without(REAPER_OPEN),
    ),
    row("trace a process", "trace", Text(""), EPERM, "s", Without(SECCOMP)),
    row("read the memory of a process", "read-memory", Text(""), EPERM, "s", Without(SECCOMP)),
    row(
        "take a descriptor of a process",
        "steal-descriptor",
        Text(""),
        EPERM,
        "s",
        Without(SECCOMP),
    ),
    row(
        "belong to the session of the launcher",
        "other-session",
        Text(""),
        EPERM,
        "",
        Without(&[Layer::Session]),
    ),
    row("take capabilities", "capability", Text(""), EPERM, "n", Without(&[Layer::Capabilities])),
    row(
        "become root",
        "become-root",
        Text(""),
        EINVAL,
        "n",
        Root(&[Layer::UserNamespace, Layer::Capabilities]),
    ),
    row(
        "change groups",
        "groups",
        Text(""),
        EPERM,
        "n",
        Root(&[Layer::UserNamespace, Layer::Capabilities]),
    ),
    row(
        "run before everything else",
        "real-time",
        Text(""),
        EPERM,
        "n",
        Root(&[Layer::UserNamespace, Layer::Capabilities]),
    ),
    row(
        "take a higher priority",
        "higher-priority",
        Text(""),
        EACCES,
        "n",
        Root(&[Layer::UserNamespace, Layer::Capabilities]),
    ),
    row(
        "be the last to be killed for memory",
        "later-victim",
        Text(""),
        EROFS,
        "nl",
        Without(&[Layer::SealedProc, Layer::Landlock]),
    )
    .walls(&[(&[Layer::SealedProc], EACCES)]),
    row(
        "be described as less confined",
        "status",
        Text(""),
        EPERM,
        "",
        Without(&[Layer::NoNewPrivileges, Layer::Landlock, Layer::Seccomp]),
    ),
    row(
        "read a variable of the user's",
        "variable",
        Text("MOAT_CANARY"),
        ENOENT,
        "nls",
        Nowhere("`running` shows it"),
    ),
    row(
        "be a process too many",
        "processes",
        Text("400"),
        EAGAIN,
        "",
        Without(&[Layer::Processes]),
    ),
    row(
        "open files without end",
        "open-files",
        Text("9000"),
        EMFILE,
        "",
        Without(&[Layer::Limit(4)]),
    )
    .lacking(&[EMFILE]),
    row(
        "write a file without end",
        "long-file",
        Text("9000000000"),
        EFBIG,
        "",
        Without(&[Layer::Limit(3)]),
    ),
    row(
        "take memory without end",
        "data",
        Text("9000000000"),
        ENOMEM,
        "",
        Without(&[Layer::Limit(2)]),
    ),
    row("leave signals waiting", "signals", Text("1100"), EAGAIN, "", Without(&[Layer::Limit(5)]))
        .lacking(&[EAGAIN]),
    row(
        "fill message queues",
        "queues",
        Text(""),
        EACCES,
        "l",
        Without(&[Layer::Limit(6), Layer::Landlock]),
    )
    .walls(&[(&[Layer::Landlock], EMFILE)]),
    row("watch without end", "watches", Text("100"), EMFILE, "", Without(&[Layer::Watches]))
        .lacking(&[EMFILE]),
    row("compute without end", "lift-limit", Text("0"), EPERM, "", Without(&[Layer::Limit(1)]))
        .lacking(&[EPERM]),
    row(
        "have the host start its handler for core dumps",
        "core-limit",
        Text(""),
        EPERM,
        "s",
        Without(SECCOMP),
    ),
    row("the same by the old call", "core-limit-old", Text(""), EPERM, "s", Without(SECCOMP)),
    row(
        "the same with a limit far up",
        "core-limit-at",
        Text("4294967296"),
        EPERM,
        "s",
        Without(SECCOMP),
    ),
    row(
        "the same with a limit far down",
        "core-limit-at",
        Text("1048576"),
        EPERM,
        "s",
        Without(SECCOMP),
    ),
    row(
        "have core dumps at all",
        "core-limit-at-all",
        Text(""),
        EPERM,
        "",
        Without(&[Layer::Limit(0)]),
    ),
];
