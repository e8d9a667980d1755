// SPDX-License-Identifier: Apache-2.0
//! Every system call and socket that the filter denies, one by one.
//!
//! A call got through when the kernel looked at its arguments, which are nonsense.

use libc::{EACCES, EAFNOSUPPORT, ENOSYS, EOPNOTSUPP, EPERM, EPROTONOSUPPORT, ESOCKTNOSUPPORT};
use moat_sandbox::Layer;

use super::{Control, Row, Target, row};

/// Where a call must get through.
enum Place {
    /// Without the filter.
    Here,
    /// Without the filter, in the host's network.
    Network,
    /// There, as the machine's root.
    Root,
}
use Place::{Here, Network, Root};

const fn control(place: &Place) -> Control {
    match place {
        Here => Control::Without(&[Layer::Seccomp]),
        Network => Control::Without(&[Layer::Seccomp, Layer::NetworkNamespace]),
        Root => Control::Root(&[
            Layer::Seccomp,
            Layer::Landlock,
            Layer::UserNamespace,
            Layer::Capabilities,
        ]),
    }
}

const fn call(name: &'static str, held: i32, alone: &'static str, place: Place) -> Row {
    let row = row(name, "system-call", Target::Text(name), held, alone, control(&place));
    row.lacking(&[ENOSYS])
}

const fn socket(
    name: &'static str,
    numbers: &'static str,
    held: i32,
    alone: &'static str,
    place: Place,
) -> Row {
    let row = row(name, "socket", Target::Text(numbers), held, alone, control(&place));
    row.lacking(&[EAFNOSUPPORT, EPROTONOSUPPORT, ESOCKTNOSUPPORT, EACCES])
}

/// Calls, then sockets: family, type and protocol.
pub(super) const ROWS: &[Row] = &[
    call("clone3", ENOSYS, "s", Here),
    call("ptrace", EPERM, "s", Here),
    call("process_vm_readv", EPERM, "s", Here),
    call("process_vm_writev", EPERM, "s", Here),
    call("process_madvise", EPERM, "s", Here),
    call("pidfd_getfd", EPERM, "s", Here),
    call("kcmp", EPERM, "s", Here),
    call("add_key", EPERM, "s", Here),
    call("request_key", EPERM, "s", Here),
    call("bpf", EPERM, "s", Root),
    call("perf_event_open", EPERM, "s", Here),
    call("mount", EPERM, "s", Here),
    call("umount2", EPERM, "s", Here),
    call("pivot_root", EPERM, "ns", Root),
    call("chroot", EPERM, "s", Here),
    call("open_tree", EPERM, "s", Here),
    call("move_mount", EPERM, "ns", Root),
    call("fsopen", EPERM, "ns", Root),
    call("fsconfig", EPERM, "s", Here),
    call("fsmount", EPERM, "ns", Root),
    call("fspick", EPERM, "ns", Root),
    call("mount_setattr", EPERM, "s", Here),
    call("open_tree_attr", EPERM, "s", Here),
    call("statmount", EPERM, "s", Here),
    call("listmount", EPERM, "s", Here),
    call("setns", EPERM, "s", Here),
    call("acct", EPERM, "ns", Root),
    call("fallocate", EOPNOTSUPP, "s", Here),
    call("io_setup", ENOSYS, "s", Here),
    call("io_uring_enter", ENOSYS, "s", Here),
    call("io_uring_register", ENOSYS, "s", Here),
    #[cfg(target_arch = "x86_64")]
    call("uselib", EPERM, "s", Here),
    call("unshare", EPERM, "s", Here),
    call("swapon", EPERM, "s", Here),
    call("swapoff", EPERM, "ns", Root),
    call("reboot", EPERM, "ns", Root),
    call("kexec_load", EPERM, "nls", Root),
    call("init_module", EPERM, "nls", Root),
    call("finit_module", EPERM, "nls", Root),
    call("delete_module", EPERM, "nls", Root),
    call("quotactl", EPERM, "s", Here),
    call("quotactl_fd", EPERM, "s", Here),
    call("syslog", EPERM, "ns", Root),
    call("settimeofday", EPERM, "ns", Root),
    call("clock_settime", EPERM, "s", Here),
    call("clock_adjtime", EPERM, "s", Here),
    call("adjtimex", EPERM, "s", Here),
    call("sethostname", EPERM, "ns", Root),
    call("setdomainname", EPERM, "ns", Root),
    call("name_to_handle_at", EPERM, "s", Here),
    call("open_by_handle_at", EPERM, "s", Root),
    call("move_pages", EPERM, "s", Here),
    call("migrate_pages", EPERM, "s", Here),
    call("fanotify_init", EPERM, "s", Here),
    call("fanotify_mark", EPERM, "s", Here),
    call("personality", EPERM, "s", Here),
    #[cfg(target_arch = "x86_64")]
    call("kexec_file_load", EPERM, "nls", Root),
    #[cfg(target_arch = "x86_64")]
    call("iopl", EPERM, "s", Here),
    #[cfg(target_arch = "x86_64")]
    call("ioperm", EPERM, "s", Here),
    #[cfg(target_arch = "x86_64")]
    call("modify_ldt", EPERM, "s", Here),
    #[cfg(target_arch = "x86_64")]
    call("ustat", EPERM, "s", Here),
    #[cfg(target_arch = "x86_64")]
    call("sysfs", EPERM, "s", Here),
    socket("kernel cryptography", "38 5 0", EAFNOSUPPORT, "s", Here),
    socket("audit", "16 3 9", EAFNOSUPPORT, "s", Here),
    socket("device events", "16 3 15", EAFNOSUPPORT, "s", Here),
    socket("socket diagnosis", "16 3 4", EAFNOSUPPORT, "s", Here),
    socket("packet filter", "16 3 12", EAFNOSUPPORT, "s", Here),
    socket("generic netlink", "16 3 16", EAFNOSUPPORT, "s", Here),
    socket("transformations", "16 3 6", EAFNOSUPPORT, "s", Here),
    socket("connector", "16 3 11", EAFNOSUPPORT, "s", Here),
    socket("multipath TCP", "2 1 262", EPROTONOSUPPORT, "s", Here),
    socket("multipath TCP, IPv6", "10 1 262", EPROTONOSUPPORT, "s", Here),
    socket("SCTP", "2 1 132", EPROTONOSUPPORT, "s", Here),
    socket("DCCP", "2 6 33", EPERM, "s", Here),
    socket("raw ICMP", "2 3 1", EPERM, "ns", Root),
    socket("raw IPv6", "10 3 58", EPERM, "ns", Root),
    socket("key management", "15 3 2", EAFNOSUPPORT, "ns", Root),
    socket("express data path", "44 3 0", EAFNOSUPPORT, "ns", Root),
    socket("Bluetooth", "31 3 1", EAFNOSUPPORT, "ns", Network),
    socket("CAN", "29 3 1", EAFNOSUPPORT, "s", Here),
    socket("TIPC", "30 5 0", EAFNOSUPPORT, "s", Here),
    socket("RDS", "21 5 0", EAFNOSUPPORT, "s", Here),
    socket("SMC", "43 1 0", EAFNOSUPPORT, "s", Here),
    socket("QRTR", "42 2 0", EAFNOSUPPORT, "s", Here),
    socket("PPP", "24 1 0", EAFNOSUPPORT, "s", Here),
    socket("echo requests", "2 2 1", EPROTONOSUPPORT, "ns", Network),
    socket("echo requests, IPv6", "10 2 58", EPROTONOSUPPORT, "ns", Network),
    socket("UDP in part", "2 2 136", EPROTONOSUPPORT, "s", Here),
];
