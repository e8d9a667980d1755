// SPDX-License-Identifier: Apache-2.0
//! The rules that make up for a namespace that is not there.
//!
//! Landlock does not look at permission bits, owners, times, attributes, watches and
//! the requests of file systems (the kernel's `Documentation/userspace-api/landlock.rst`,
//! "Current limitations"). Where the host's files are there by their own names, those
//! calls are handed to a supervisor, which makes them only on files of the session, or
//! they are denied.
//!
//! Invariant: a rule here only takes away; none allows what the common filter denies.

use crate::program::{Program, Rule};
use crate::table::Shared;

/// Adds the rules for what is shared, but for `ioctl` and `prlimit64`, which have rules already.
pub(super) fn make_up(program: &mut Program, shared: &[Shared]) {
    for one in shared {
        match one {
            Shared::Processes => processes(program),
            Shared::Ipc => ipc(program),
            Shared::Files => files(program),
        }
    }
}

/// Only itself is scheduled anew: a number but 0 may be another process of the user.
fn processes(program: &mut Program) {
    for call in [
        libc::SYS_sched_setaffinity,
        libc::SYS_sched_setscheduler,
        libc::SYS_sched_setparam,
        libc::SYS_sched_setattr,
    ] {
        program.when(call, |rule| {
            rule.load_argument(0);
            rule.if_any_bit(u32::MAX, |rule| rule.refuse(libc::EPERM));
            rule.allow();
        });
    }
    for (call, one_process) in
        [(libc::SYS_setpriority, PRIORITY_PROCESS), (libc::SYS_ioprio_set, IO_PRIORITY_PROCESS)]
    {
        program.when(call, |rule| {
            rule.load_argument(0);
            rule.if_equal(one_process, |rule| {
                rule.load_argument(1);
                rule.if_any_bit(u32::MAX, |rule| rule.refuse(libc::EPERM));
                rule.allow();
            });
            rule.refuse(libc::EPERM);
        });
    }
    program.deny(libc::SYS_process_mrelease, libc::EPERM);
}

fn ipc(program: &mut Program) {
    for call in [
        libc::SYS_shmget,
        libc::SYS_shmat,
        libc::SYS_shmctl,
        libc::SYS_shmdt,
        libc::SYS_semget,
        libc::SYS_semop,
        libc::SYS_semtimedop,
        libc::SYS_semctl,
        libc::SYS_msgget,
        libc::SYS_msgsnd,
        libc::SYS_msgrcv,
        libc::SYS_msgctl,
        libc::SYS_mq_open,
        libc::SYS_mq_unlink,
        libc::SYS_mq_timedsend,
        libc::SYS_mq_timedreceive,
        libc::SYS_mq_notify,
        libc::SYS_mq_getsetattr,
    ] {
        program.deny(call, libc::EPERM);
    }
}

fn files(program: &mut Program) {
    for call in supervised() {
        program.when(call, Rule::hand_over);
    }
    for call in [libc::SYS_fchown, libc::SYS_fchownat, FILE_SETATTR] {
        program.deny(call, libc::EPERM);
    }
    for call in [
        libc::SYS_setxattr,
        libc::SYS_lsetxattr,
        libc::SYS_fsetxattr,
        libc::SYS_removexattr,
        libc::SYS_lremovexattr,
        libc::SYS_fremovexattr,
        SETXATTRAT,
        REMOVEXATTRAT,
    ] {
        program.deny(call, libc::ENOTSUP);
    }
    // A watch on a directory tells the names in it. Programs take to looking again and again.
    program.deny(libc::SYS_inotify_init1, libc::ENOSYS);
    program.deny(libc::SYS_inotify_add_watch, libc::ENOSYS);
    #[cfg(target_arch = "x86_64")]
    {
        program.deny(libc::SYS_chown, libc::EPERM);
        program.deny(libc::SYS_lchown, libc::EPERM);
        program.deny(libc::SYS_inotify_init, libc::ENOSYS);
    }
}

/// The calls that the supervisor makes.
pub(super) fn supervised() -> Vec<i64> {
    let mut calls = vec![libc::SYS_fchmod, libc::SYS_fchmodat, FCHMODAT2, libc::SYS_utimensat];
    #[cfg(target_arch = "x86_64")]
    calls.extend([libc::SYS_chmod, libc::SYS_utime, libc::SYS_utimes, libc::SYS_futimesat]);
    calls
}

/// The requests of file systems change files that are open for reading only: flags,
/// immutability, subvolumes. Those that only look, and clones, stay.
pub(super) fn file_systems(rule: &mut Rule) {
    for family in REQUEST_FAMILIES {
        rule.load_argument(1);
        rule.mask(REQUEST_FAMILY_MASK);
        rule.if_equal(family, |rule| {
            rule.load_argument(1);
            for request in REQUESTS_ALLOWED {
                rule.if_equal(request, Rule::allow);
            }
            rule.refuse(libc::EPERM);
        });
    }
}

/// `fchmodat2(2)`, which libc does not name yet; the number is the same on every architecture.
pub const FCHMODAT2: i64 = 452;
const SETXATTRAT: i64 = 463;
const REMOVEXATTRAT: i64 = 466;
const FILE_SETATTR: i64 = 469;

const PRIORITY_PROCESS: u32 = 0;
const IO_PRIORITY_PROCESS: u32 = 1;

/// btrfs and clones, the common ones and ext4's, xfs's and the common extended ones,
/// f2fs, bcachefs, ceph.
const REQUEST_FAMILIES: [u32; 6] = [0x9400, 0x6600, 0x5800, 0xf500, 0xbc00, 0x9700];
const REQUEST_FAMILY_MASK: u32 = 0xff00;
/// Three kinds of clones, reading flags, reading extended flags, the map of extents.
const REQUESTS_ALLOWED: [u32; 6] =
    [0x4004_9409, 0x4020_940d, 0xc018_9436, 0x8008_6601, 0x801c_581f, 0xc020_660b];
