// SPDX-License-Identifier: Apache-2.0
//! The system call filter: which of the kernel's doors exist for a command.
//!
//! A list of what is denied, but of what is allowed for socket families, and
//! nothing newer than this table was written for: a system call that we do not
//! know does not exist. Why each is denied is in `docs/sandbox.md`. Sources:
//! seccomp(2) and the kernel's `Documentation/userspace-api/seccomp_filter.rst`.
//!
//! Invariant: another architecture's calls and the x32 ones never reach a rule.

use crate::program::{Program, Rule};
use crate::shared;

/// Which sockets a filter lets a process make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Families {
    /// INET on whatever network there is, routing questions, and named local sockets.
    InetAndLocal,
    /// The same without named local sockets; unnamed pairs stay.
    InetAndPairs,
    /// Local sockets, and no questions about a network that is the host's.
    LocalOnly,
    /// Unnamed pairs, and nothing else.
    PairsOnly,
    /// Local sockets only.
    Local,
}

/// What a [`Families`] stands for.
#[derive(Clone, Copy, Debug)]
struct Allowed {
    inet: bool,
    routing: bool,
    named: bool,
}

impl Families {
    const fn allowed(self) -> Allowed {
        let (inet, routing, named) = match self {
            Self::InetAndLocal => (true, true, true),
            Self::InetAndPairs => (true, true, false),
            Self::Local => (false, true, true),
            Self::LocalOnly => (false, false, true),
            Self::PairsOnly => (false, false, false),
        };
        Allowed { inet, routing, named }
    }
}

/// Whether a process may become another program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Programs {
    /// It may.
    Allowed,
    /// It stays what it is.
    Denied,
}

/// What a command shares with the host for want of a namespace; the filter makes up for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shared {
    /// Process ids.
    Processes,
    /// System V objects and message queues.
    Ipc,
    /// Mounts: the host's files, by the host's names.
    Files,
}

/// The filter of a command, or of a process of Moat that confines itself wholly.
#[must_use]
pub fn confined(families: Families, programs: Programs) -> Program {
    sharing(families, programs, &[])
}

/// As [`confined`], for a process that shares some of what is usually its own.
///
/// With [`Shared::Files`] the filter must be installed with a supervisor.
#[must_use]
pub fn sharing(families: Families, programs: Programs, shared: &[Shared]) -> Program {
    let mut program = Program::new();
    for (call, errno) in absent() {
        program.deny(call, errno);
    }
    for call in forbidden() {
        program.deny(call, libc::EPERM);
    }
    if programs == Programs::Denied {
        program.deny(libc::SYS_execve, libc::EPERM);
        program.deny(libc::SYS_execveat, libc::EPERM);
    }
    namespaces(&mut program);
    requests(&mut program, shared);
    personality(&mut program);
    limits(&mut program, shared);
    shared::make_up(&mut program, shared);
    nodes(&mut program);
    reservation(&mut program);
    sockets(&mut program, families);
    program
}

/// The filter of every process of Moat but the broker.
#[must_use]
pub fn without_inet() -> Program {
    let mut program = Program::new();
    for call in [libc::SYS_io_uring_setup, libc::SYS_io_uring_enter, libc::SYS_io_uring_register] {
        program.deny(call, libc::ENOSYS);
    }
    sockets(&mut program, Families::Local);
    program
}

/// Calls that seem not to exist, so that libraries take their other way.
fn absent() -> Vec<(i64, i32)> {
    vec![
        // Its flags are behind a pointer that a filter cannot read; C libraries fall back to clone.
        (libc::SYS_clone3, libc::ENOSYS),
        // Its requests come out of a number that the whole machine shares (`fs.aio-max-nr`), and
        // one command could take all of them from every other program.
        (libc::SYS_io_setup, libc::ENOSYS),
        (libc::SYS_io_uring_setup, libc::ENOSYS),
        (libc::SYS_io_uring_enter, libc::ENOSYS),
        (libc::SYS_io_uring_register, libc::ENOSYS),
    ]
}

/// Calls that no build or test needs and that widen rights, look into other
/// processes, or open large parts of the kernel.
fn forbidden() -> Vec<i64> {
    let mut calls = vec![
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_process_madvise,
        libc::SYS_pidfd_getfd,
        libc::SYS_kcmp,
        libc::SYS_add_key,
        libc::SYS_request_key,
        libc::SYS_keyctl,
        libc::SYS_bpf,
        libc::SYS_perf_event_open,
        libc::SYS_userfaultfd,
        libc::SYS_mount,
        libc::SYS_umount2,
        libc::SYS_pivot_root,
        libc::SYS_chroot,
        libc::SYS_open_tree,
        libc::SYS_move_mount,
        libc::SYS_fsopen,
        libc::SYS_fsconfig,
        libc::SYS_fsmount,
        libc::SYS_fspick,
        libc::SYS_mount_setattr,
        libc::SYS_setns,
        libc::SYS_unshare,
        libc::SYS_swapon,
        libc::SYS_swapoff,
        libc::SYS_reboot,
        libc::SYS_kexec_load,
        libc::SYS_init_module,
        libc::SYS_finit_module,
        libc::SYS_delete_module,
        libc::SYS_acct,
        libc::SYS_quotactl,
        libc::SYS_quotactl_fd,
        libc::SYS_syslog,
        libc::SYS_vhangup,
        libc::SYS_settimeofday,
        libc::SYS_clock_settime,
        libc::SYS_clock_adjtime,
        libc::SYS_adjtimex,
        libc::SYS_sethostname,
        libc::SYS_setdomainname,
        libc::SYS_name_to_handle_at,
        libc::SYS_open_by_handle_at,
        libc::SYS_lookup_dcookie,
        libc::SYS_move_pages,
        libc::SYS_migrate_pages,
        libc::SYS_fanotify_init,
        libc::SYS_fanotify_mark,
        STATMOUNT,
        LISTMOUNT,
        OPEN_TREE_ATTR,
    ];
    calls.extend(of_this_architecture());
    calls
}

#[cfg(target_arch = "x86_64")]
fn of_this_architecture() -> Vec<i64> {
    vec![
        libc::SYS_kexec_file_load,
        libc::SYS_iopl,
        libc::SYS_ioperm,
        libc::SYS_modify_ldt,
        libc::SYS_uselib,
        libc::SYS_ustat,
        libc::SYS_sysfs,
        libc::SYS__sysctl,
    ]
}

#[cfg(target_arch = "aarch64")]
fn of_this_architecture() -> Vec<i64> {
    vec![libc::SYS_kexec_file_load]
}

/// A new process may not have new namespaces. The bit of time namespaces belongs to the
/// signal that tells the parent of its end here, so `clone` does not know them (clone(2)).
fn namespaces(program: &mut Program) {
    let new = libc::CLONE_NEWUSER
        | libc::CLONE_NEWNS
        | libc::CLONE_NEWPID
        | libc::CLONE_NEWNET
        | libc::CLONE_NEWIPC
        | libc::CLONE_NEWUTS
        | libc::CLONE_NEWCGROUP;
    program.when(libc::SYS_clone, |rule| {
        rule.load_argument(0);
        rule.if_any_bit(new.cast_unsigned(), |rule| rule.refuse(libc::EPERM));
        rule.allow();
    });
}

/// Nothing is typed into a terminal. Only the low half of the request counts for
/// the kernel, and only that half is compared.
fn requests(program: &mut Program, shared: &[Shared]) {
    program.when(libc::SYS_ioctl, |rule| {
        rule.load_argument(1);
        for request in [TIOCSTI, TIOCLINUX, TIOCSETD] {
            rule.if_equal(request, |rule| rule.refuse(libc::EPERM));
        }
        if shared.contains(&Shared::Files) {
            shared::file_systems(rule);
        }
        rule.allow();
    });
}

/// Only the native personality, with or without address randomisation (debuggers ask for it).
fn personality(program: &mut Program) {
    program.when(libc::SYS_personality, |rule| {
        rule.load_argument(0);
        for persona in [0, ADDR_NO_RANDOMIZE, PER_QUERY] {
            rule.if_equal(persona, Rule::allow);
        }
        rule.refuse(libc::EPERM);
    });
}

/// The limit on core dumps stays as it was set, see `inside::exec`. The call seems to
/// succeed, because scripts that switch core dumps off should go on. Limits of other
/// processes are theirs.
fn limits(program: &mut Program, shared: &[Shared]) {
    program.when(libc::SYS_setrlimit, |rule| {
        rule.load_argument(0);
        rule.if_equal(RLIMIT_CORE, Rule::pretend);
        rule.allow();
    });
    program.when(libc::SYS_prlimit64, |rule| {
        if shared.contains(&Shared::Processes) {
            rule.load_argument(0);
            rule.if_any_bit(u32::MAX, |rule| rule.refuse(libc::EPERM));
        }
        rule.load_argument(1);
        rule.if_equal(RLIMIT_CORE, |rule| {
            // A null pointer only asks.
            rule.load_argument(2);
            rule.if_any_bit(u32::MAX, Rule::pretend);
            rule.load_argument_high(2);
            rule.if_any_bit(u32::MAX, Rule::pretend);
            rule.allow();
        });
        rule.allow();
    });
}

/// FIFOs and sockets may be made, devices not.
fn nodes(program: &mut Program) {
    let device = |rule: &mut Rule| {
        rule.mask(libc::S_IFMT);
        for kind in [libc::S_IFCHR, libc::S_IFBLK] {
            rule.if_equal(kind, |rule| rule.refuse(libc::EPERM));
        }
        rule.allow();
    };
    #[cfg(target_arch = "x86_64")]
    program.when(libc::SYS_mknod, |rule| {
        rule.load_argument(1);
        device(rule);
    });
    program.when(libc::SYS_mknodat, |rule| {
        rule.load_argument(2);
        device(rule);
    });
}

/// Room is taken by writing, not reserved: a reservation fills a disk or the memory in
/// one call, before any watch can look. C libraries write instead when it is refused
/// like this. Giving room back is allowed.
fn reservation(program: &mut Program) {
    program.when(libc::SYS_fallocate, |rule| {
        rule.load_argument(1);
        rule.if_any_bit(GIVES_BACK, Rule::allow);
        rule.refuse(libc::EOPNOTSUPP);
    });
}

fn sockets(program: &mut Program, families: Families) {
    program.when(libc::SYS_socket, |rule| {
        rule.load_argument(0);
        let allowed = families.allowed();
        if allowed.named {
            rule.if_equal(AF_UNIX, Rule::allow);
        }
        if allowed.routing {
            rule.if_equal(AF_NETLINK, |rule| {
                rule.load_argument(2);
                rule.if_equal(NETLINK_ROUTE, Rule::allow);
                rule.refuse(libc::EAFNOSUPPORT);
            });
        }
        if allowed.inet {
            for family in [AF_INET, AF_INET6] {
                rule.if_equal(family, inet);
            }
        }
        rule.refuse(libc::EAFNOSUPPORT);
    });
    program.when(libc::SYS_socketpair, |rule| {
        rule.load_argument(0);
        rule.if_equal(AF_UNIX, |rule| {
            if !families.allowed().named {
                // A datagram socket of a pair can be sent, or connected, to a name.
                rule.load_argument(1);
                rule.mask(SOCKET_TYPE_MASK);
                rule.if_equal(SOCK_DGRAM, |rule| rule.refuse(libc::EPROTONOSUPPORT));
                // The kernel takes this type for a datagram socket as well.
                rule.if_equal(SOCK_RAW, |rule| rule.refuse(libc::EPROTONOSUPPORT));
            }
            rule.allow();
        });
        rule.refuse(libc::EAFNOSUPPORT);
    });
}

/// Streams and datagrams of TCP and UDP: no SCTP, DCCP, MPTCP, no echo requests, and nothing raw.
fn inet(rule: &mut Rule) {
    rule.load_argument(1);
    rule.mask(SOCKET_TYPE_MASK);
    for kind in [SOCK_STREAM, SOCK_DGRAM] {
        rule.if_equal(kind, |rule| {
            rule.load_argument(2);
            for protocol in [PROTOCOL_USUAL, PROTOCOL_TCP, PROTOCOL_UDP] {
                rule.if_equal(protocol, Rule::allow);
            }
            rule.refuse(libc::EPROTONOSUPPORT);
        });
    }
    rule.refuse(libc::EPERM);
}

// Calls that libc does not name yet; their numbers are the same on every architecture.
const STATMOUNT: i64 = 457;
const LISTMOUNT: i64 = 458;
const OPEN_TREE_ATTR: i64 = 467;

/// `FALLOC_FL_PUNCH_HOLE` and `FALLOC_FL_COLLAPSE_RANGE`: the kernel takes neither
/// together with a flag that reserves.
const GIVES_BACK: u32 = 0x02 | 0x08;
const TIOCSTI: u32 = 0x5412;
const TIOCLINUX: u32 = 0x541c;
const TIOCSETD: u32 = 0x5423;
const RLIMIT_CORE: u32 = libc::RLIMIT_CORE;
const ADDR_NO_RANDOMIZE: u32 = 0x0004_0000;
const PER_QUERY: u32 = 0xffff_ffff;
const AF_UNIX: u32 = 1;
const AF_INET: u32 = 2;
const AF_INET6: u32 = 10;
const AF_NETLINK: u32 = 16;
const NETLINK_ROUTE: u32 = 0;
const SOCK_STREAM: u32 = 1;
const SOCK_DGRAM: u32 = 2;
const SOCK_RAW: u32 = 3;
const SOCKET_TYPE_MASK: u32 = 0xf;
const PROTOCOL_USUAL: u32 = 0;
const PROTOCOL_TCP: u32 = 6;
const PROTOCOL_UDP: u32 = 17;
