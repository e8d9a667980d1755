// SPDX-License-Identifier: Apache-2.0
//! System calls that the filter denies, with arguments that do no harm where it is off.
//!
//! Most arguments are nonsense that the kernel refuses as such: an answer about the
//! arguments shows that the call was let in.

use std::io;

/// Makes the call of this name; it got through when the kernel looked at its arguments.
pub(super) fn system_call(name: &str) -> io::Result<()> {
    let Some((_, number, arguments)) = CALLS.iter().find(|(known, ..)| *known == name) else {
        return Err(io::ErrorKind::Unsupported.into());
    };
    let [first, second, third, fourth, fifth] = *arguments;
    // SAFETY: pointers among the arguments are null, which the kernel refuses or ignores.
    let result = unsafe { libc::syscall(*number, first, second, third, fourth, fifth) };
    looked_at(result)
}

/// Makes a socket; `target` is its family, type and protocol.
pub(super) fn socket(target: &str) -> io::Result<()> {
    let numbers: Vec<i32> = target.split(' ').filter_map(|word| word.parse().ok()).collect();
    let [family, kind, protocol] = *numbers else {
        return Err(io::ErrorKind::Unsupported.into());
    };
    // SAFETY: plain numbers.
    let fd = unsafe { libc::socket(family, kind, protocol) };
    if fd < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Starts a process in a namespace of its own, of the kind that `flag` says.
pub(super) fn clone_namespace(flag: i32) -> io::Result<()> {
    let flags = flag | libc::SIGCHLD;
    // SAFETY: without a stack of its own the child goes on with a copy of this one, like fork.
    let child =
        unsafe { libc::syscall(libc::SYS_clone, flags, 0_usize, 0_usize, 0_usize, 0_usize) };
    if child == 0 {
        // SAFETY: ends the child.
        unsafe { libc::_exit(0) };
    }
    if child < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Asks a terminal of this process's own with a request that reaches further than it.
pub(super) fn terminal_request(request: u64) -> io::Result<()> {
    let (mut master, mut slave) = (-1, -1);
    // SAFETY: the out-pointers outlive the call; null pointers ask for defaults.
    let opened = unsafe {
        libc::openpty(
            &raw mut master,
            &raw mut slave,
            std::ptr::null_mut(),
            std::ptr::null(),
            std::ptr::null(),
        )
    };
    if opened < 0 {
        return Err(io::Error::last_os_error());
    }
    let discipline = 0_i32;
    // SAFETY: the number outlives the call.
    looked_at(i64::from(unsafe { libc::ioctl(slave, request, &raw const discipline) }))
}

/// Opens a message queue of the host.
pub(super) fn message_queue(name: &str) -> io::Result<()> {
    let name = std::ffi::CString::new(name).map_err(io::Error::other)?;
    // SAFETY: the name outlives the call.
    let queue = unsafe { libc::mq_open(name.as_ptr(), libc::O_RDONLY) };
    if queue < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Has core dumps handed to the handler that the host runs for them, which 0 does.
pub(super) fn core_limit() -> io::Result<()> {
    let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    let mut now = libc::rlimit { rlim_cur: 7, rlim_max: 7 };
    // SAFETY: both structures outlive the calls.
    unsafe {
        libc::setrlimit(libc::RLIMIT_CORE, &raw const none);
        libc::prlimit(0, libc::RLIMIT_CORE, &raw const none, std::ptr::null_mut());
        libc::getrlimit(libc::RLIMIT_CORE, &raw mut now);
    }
    if now.rlim_cur == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(libc::EPERM)) }
}

/// The same through the call of its own that C libraries do not use any more.
pub(super) fn core_limit_old() -> io::Result<()> {
    let none = [0_u64; 2];
    // SAFETY: the structure outlives the call.
    unsafe { libc::syscall(libc::SYS_setrlimit, libc::RLIMIT_CORE, none.as_ptr()) };
    core_limit_is_none()
}

/// The same with the new limit at an address that is zero in one of its halves.
pub(super) fn core_limit_at(address: &str) -> io::Result<()> {
    let address: usize = address.parse().map_err(io::Error::other)?;
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED_NOREPLACE;
    let place = std::ptr::without_provenance_mut::<libc::c_void>(address);
    // SAFETY: a new mapping where none is, which starts with zeroes and is long enough.
    unsafe {
        if libc::mmap(place, 4096, protection, flags, -1, 0) == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        libc::syscall(libc::SYS_prlimit64, 0, libc::RLIMIT_CORE, address, 0);
    }
    core_limit_is_none()
}

fn core_limit_is_none() -> io::Result<()> {
    let mut now = libc::rlimit { rlim_cur: 7, rlim_max: 7 };
    // SAFETY: the structure outlives the call.
    unsafe { libc::getrlimit(libc::RLIMIT_CORE, &raw mut now) };
    if now.rlim_cur == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(libc::EPERM)) }
}

/// Makes a pair of sockets; `target` is as for [`socket`]. A family without pairs says so.
pub(super) fn pair(target: &str) -> io::Result<()> {
    let numbers: Vec<i32> = target.split(' ').filter_map(|word| word.parse().ok()).collect();
    let [family, kind, protocol] = *numbers else {
        return Err(io::ErrorKind::Unsupported.into());
    };
    let mut pair = [0_i32; 2];
    // SAFETY: the array outlives the call.
    let made = unsafe { libc::socketpair(family, kind, protocol, pair.as_mut_ptr()) };
    match io::Error::last_os_error() {
        error if made < 0 && error.raw_os_error() != Some(libc::EOPNOTSUPP) => Err(error),
        _ => Ok(()),
    }
}

/// Sends from an unnamed pair to a named socket.
pub(super) fn pair_to_name(path: &str) -> io::Result<()> {
    let mut pair = [0_i32; 2];
    let mut address = libc::sockaddr_un { sun_family: 1, sun_path: [0; 108] };
    for (to, from) in address.sun_path.iter_mut().zip(path.bytes()) {
        *to = from.cast_signed();
    }
    let length = u32::try_from(size_of::<libc::sockaddr_un>()).map_err(io::Error::other)?;
    // SAFETY: the pair, the text and the address outlive the calls.
    let sent = unsafe {
        if libc::socketpair(libc::AF_UNIX, libc::SOCK_DGRAM, 0, pair.as_mut_ptr()) < 0 {
            return Err(io::Error::last_os_error());
        }
        libc::sendto(pair[0], c"x".as_ptr().cast(), 1, 0, (&raw const address).cast(), length)
    };
    if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn looked_at(result: i64) -> io::Result<()> {
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        Some(libc::EPERM | libc::ENOSYS | libc::EOPNOTSUPP) if result < 0 => Err(error),
        Some(_) | None => Ok(()),
    }
}

/// A number that is no descriptor, no flag and no command.
const NONE: usize = usize::MAX;
const ODD: usize = 0x7fff_0000;

const CALLS: &[(&str, i64, [usize; 5])] = &[
    ("ptrace", libc::SYS_ptrace, [0x4206, 0, 0, 0, 0]),
    ("process_vm_readv", libc::SYS_process_vm_readv, [0, 0, 0, 0, 0]),
    ("process_vm_writev", libc::SYS_process_vm_writev, [0, 0, 0, 0, 0]),
    ("process_madvise", libc::SYS_process_madvise, [NONE, 0, 0, 0, 0]),
    ("pidfd_getfd", libc::SYS_pidfd_getfd, [NONE, 0, 0, 0, 0]),
    ("kcmp", libc::SYS_kcmp, [0, 0, 99, 0, 0]),
    ("add_key", libc::SYS_add_key, [0, 0, 0, 0, 0]),
    ("request_key", libc::SYS_request_key, [0, 0, 0, 0, 0]),
    ("bpf", libc::SYS_bpf, [ODD, 0, 0, 0, 0]),
    ("perf_event_open", libc::SYS_perf_event_open, [0, 0, 0, 0, NONE]),
    ("mount", libc::SYS_mount, [0, 0, 0, 0, 0]),
    ("umount2", libc::SYS_umount2, [0, ODD, 0, 0, 0]),
    ("pivot_root", libc::SYS_pivot_root, [0, 0, 0, 0, 0]),
    ("chroot", libc::SYS_chroot, [0, 0, 0, 0, 0]),
    ("open_tree", libc::SYS_open_tree, [NONE, 0, ODD, 0, 0]),
    ("move_mount", libc::SYS_move_mount, [NONE, 0, NONE, 0, ODD]),
    ("fsopen", libc::SYS_fsopen, [0, ODD, 0, 0, 0]),
    ("fsconfig", libc::SYS_fsconfig, [NONE, 0, 0, 0, 0]),
    ("fsmount", libc::SYS_fsmount, [NONE, ODD, 0, 0, 0]),
    ("fspick", libc::SYS_fspick, [NONE, 0, ODD, 0, 0]),
    ("mount_setattr", libc::SYS_mount_setattr, [NONE, 0, ODD, 0, 0]),
    ("open_tree_attr", 467, [NONE, 0, ODD, 0, 0]),
    ("statmount", 457, [0, 0, 0, ODD, 0]),
    ("listmount", 458, [0, 0, 0, ODD, 0]),
    ("setns", libc::SYS_setns, [NONE, 0, 0, 0, 0]),
    ("unshare", libc::SYS_unshare, [1, 0, 0, 0, 0]),
    // A descriptor that is none.
    ("fallocate", libc::SYS_fallocate, [NONE, 0, 0, 1, 0]),
    ("acct", libc::SYS_acct, [1, 0, 0, 0, 0]),
    ("io_setup", libc::SYS_io_setup, [1, 0, 0, 0, 0]),
    ("io_uring_enter", libc::SYS_io_uring_enter, [NONE, 0, 0, 0, 0]),
    ("io_uring_register", libc::SYS_io_uring_register, [NONE, 0, 0, 0, 0]),
    ("clone3", libc::SYS_clone3, [0, 0, 0, 0, 0]),
    ("swapon", libc::SYS_swapon, [0, ODD, 0, 0, 0]),
    ("swapoff", libc::SYS_swapoff, [0, 0, 0, 0, 0]),
    ("reboot", libc::SYS_reboot, [0, 0, 0, 0, 0]),
    ("kexec_load", libc::SYS_kexec_load, [0, NONE, 0, ODD, 0]),
    ("init_module", libc::SYS_init_module, [0, 0, 0, 0, 0]),
    ("finit_module", libc::SYS_finit_module, [NONE, 0, ODD, 0, 0]),
    ("delete_module", libc::SYS_delete_module, [0, 0, 0, 0, 0]),
    ("quotactl", libc::SYS_quotactl, [0xff, 0, 0, 0, 0]),
    ("quotactl_fd", libc::SYS_quotactl_fd, [NONE, 0xff, 0, 0, 0]),
    ("syslog", libc::SYS_syslog, [10, 0, 0, 0, 0]),
    ("settimeofday", libc::SYS_settimeofday, [0, 0, 0, 0, 0]),
    ("clock_settime", libc::SYS_clock_settime, [0, 0, 0, 0, 0]),
    ("clock_adjtime", libc::SYS_clock_adjtime, [0, 0, 0, 0, 0]),
    ("adjtimex", libc::SYS_adjtimex, [0, 0, 0, 0, 0]),
    ("sethostname", libc::SYS_sethostname, [0, NONE, 0, 0, 0]),
    ("setdomainname", libc::SYS_setdomainname, [0, NONE, 0, 0, 0]),
    ("name_to_handle_at", libc::SYS_name_to_handle_at, [NONE, 0, 0, 0, ODD]),
    ("open_by_handle_at", libc::SYS_open_by_handle_at, [NONE, 0, 0, 0, 0]),
    ("move_pages", libc::SYS_move_pages, [0, 0, 0, 0, 0]),
    ("migrate_pages", libc::SYS_migrate_pages, [0, 0, 0, 0, 0]),
    ("fanotify_init", libc::SYS_fanotify_init, [0x200, 0, 0, 0, 0]),
    ("fanotify_mark", libc::SYS_fanotify_mark, [NONE, ODD, 0, 0, 0]),
    ("personality", libc::SYS_personality, [8, 0, 0, 0, 0]),
    #[cfg(target_arch = "x86_64")]
    ("kexec_file_load", libc::SYS_kexec_file_load, [NONE, NONE, 0, 0, ODD]),
    #[cfg(target_arch = "x86_64")]
    ("iopl", libc::SYS_iopl, [9, 0, 0, 0, 0]),
    #[cfg(target_arch = "x86_64")]
    ("ioperm", libc::SYS_ioperm, [NONE, NONE, 1, 0, 0]),
    #[cfg(target_arch = "x86_64")]
    ("modify_ldt", libc::SYS_modify_ldt, [0, 0, 0, 0, 0]),
    #[cfg(target_arch = "x86_64")]
    ("uselib", libc::SYS_uselib, [0, 0, 0, 0, 0]),
    #[cfg(target_arch = "x86_64")]
    ("ustat", libc::SYS_ustat, [0, 0, 0, 0, 0]),
    #[cfg(target_arch = "x86_64")]
    ("sysfs", libc::SYS_sysfs, [3, 0, 0, 0, 0]),
];
