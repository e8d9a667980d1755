// SPDX-License-Identifier: Apache-2.0
//! System calls that have no safe wrapper elsewhere.
//!
//! Invariant: this module, `attempt`, `landlock` and `seccomp` hold the crate's unsafe
//! code; none of it keeps a pointer beyond the call.
#![expect(unsafe_code, reason = "raw system calls")]

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

/// Which side of a [`clone`] this is.
#[derive(Debug)]
pub(crate) enum Side {
    /// The new process.
    Child,
    /// The caller.
    Parent {
        /// The child's process id in the caller's namespace.
        pid: i32,
        /// The child.
        child: OwnedFd,
    },
}

/// Duplicates this process, with new namespaces as `flags` say (clone(2)).
///
/// Only single-threaded processes call this, so the child may go on as usual.
pub(crate) fn clone(flags: i32) -> io::Result<Side> {
    let mut pidfd: RawFd = -1;
    let flags = i64::from(flags) | i64::from(libc::CLONE_PIDFD) | i64::from(libc::SIGCHLD);
    // SAFETY: without CLONE_VM and with a null stack this is fork; the kernel writes
    // the descriptor through the third argument, which outlives the call.
    let pid =
        unsafe { libc::syscall(libc::SYS_clone, flags, 0_usize, &raw mut pidfd, 0_usize, 0_usize) };
    side(pid, || pidfd)
}

/// As [`clone`], with the child in a control group from its beginning (clone3(2), Linux 5.7).
pub(crate) fn clone_into(flags: i32, group: BorrowedFd<'_>) -> io::Result<Side> {
    let mut pidfd: RawFd = -1;
    // SAFETY: an all-zero structure is a valid value: nothing is asked for.
    let mut arguments: libc::clone_args = unsafe { std::mem::zeroed() };
    arguments.flags = u64::from(flags.cast_unsigned() | libc::CLONE_PIDFD.cast_unsigned());
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.pidfd = (&raw mut pidfd).expose_provenance() as u64;
    arguments.exit_signal = u64::from(libc::SIGCHLD.cast_unsigned());
    arguments.cgroup = u64::from(group.as_raw_fd().cast_unsigned());
    let length = size_of::<libc::clone_args>();
    // SAFETY: without CLONE_VM and with a null stack this is fork; the kernel reads the
    // structure and writes the descriptor, both of which outlive the call.
    let pid = unsafe { libc::syscall(libc::SYS_clone3, &raw mut arguments, length) };
    side(pid, || pidfd)
}

/// Reads what clone(2) and clone3(2) return.
fn side(pid: i64, pidfd: impl FnOnce() -> RawFd) -> io::Result<Side> {
    match i32::try_from(pid) {
        Ok(0) => Ok(Side::Child),
        Ok(pid) if pid > 0 => {
            // SAFETY: the kernel has just opened this descriptor for us alone.
            let child = unsafe { OwnedFd::from_raw_fd(pidfd()) };
            Ok(Side::Parent { pid, child })
        }
        _ => Err(io::Error::last_os_error()),
    }
}

/// Moves this process into new namespaces (unshare(2)).
pub(crate) fn unshare(flags: i32) -> io::Result<()> {
    // SAFETY: a plain number; no flag of a namespace touches this process's memory.
    check(unsafe { libc::unshare(flags) }.into())
}

/// Leaves all supplementary groups (setgroups(2)); only an administrator may.
pub(crate) fn drop_groups() -> io::Result<()> {
    // SAFETY: an empty list has no pointer that is followed.
    check(unsafe { libc::syscall(libc::SYS_setgroups, 0, std::ptr::null::<libc::gid_t>()) })
}

/// Changes the attributes of a mount, or of a whole tree of mounts (mount_setattr(2)).
pub(crate) fn mount_setattr(
    mount: BorrowedFd<'_>,
    depth: Depth,
    set: u64,
    propagation: u64,
) -> io::Result<()> {
    mount_attributes(mount, depth, &MountAttributes { set, clear: 0, propagation, userns_fd: 0 })
}

/// Clears attributes of one mount (mount_setattr(2)).
pub(crate) fn mount_clearattr(mount: BorrowedFd<'_>, clear: u64) -> io::Result<()> {
    let attributes = MountAttributes { set: 0, clear, propagation: 0, userns_fd: 0 };
    mount_attributes(mount, Depth::One, &attributes)
}

fn mount_attributes(
    mount: BorrowedFd<'_>,
    depth: Depth,
    attributes: &MountAttributes,
) -> io::Result<()> {
    let flags = libc::AT_EMPTY_PATH
        | match depth {
            Depth::One => 0,
            Depth::Tree => libc::AT_RECURSIVE,
        };
    // SAFETY: the path is a static string and the structure outlives the call.
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            mount.as_raw_fd(),
            c"".as_ptr(),
            flags,
            std::ptr::from_ref(attributes),
            size_of::<MountAttributes>(),
        )
    };
    check(result)
}

/// How far a mount change reaches.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Depth {
    /// This mount.
    One,
    /// This mount and all below it.
    Tree,
}

/// The kernel's `struct mount_attr`.
#[repr(C)]
struct MountAttributes {
    set: u64,
    clear: u64,
    propagation: u64,
    userns_fd: u64,
}

/// Closes every descriptor from `first` on.
pub(crate) fn close_from(first: u32) -> io::Result<()> {
    // SAFETY: the caller uses no descriptor from `first` on after this.
    let result = unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, 0) };
    check(result)
}

/// Lets every descriptor from `first` on end with the next program.
pub(crate) fn close_on_exec_from(first: u32) -> io::Result<()> {
    // SAFETY: plain numbers; nothing is closed before a program starts.
    let result =
        unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, CLOSE_RANGE_CLOEXEC) };
    check(result)
}

/// Closes one descriptor whose owner is never dropped, because this process ends without unwinding.
pub(crate) fn close(fd: BorrowedFd<'_>) {
    // SAFETY: the caller says that nothing uses the descriptor after this.
    unsafe {
        libc::close(fd.as_raw_fd());
    }
}

/// Makes `fd` the descriptor `number`, kept open over `exec`.
pub(crate) fn place(fd: impl AsFd, number: RawFd) -> io::Result<()> {
    let fd = fd.as_fd().as_raw_fd();
    // SAFETY: plain numbers; a descriptor that was at `number` is closed on purpose.
    let result = unsafe {
        if fd == number { libc::fcntl(fd, libc::F_SETFD, 0) } else { libc::dup2(fd, number) }
    };
    check(result.into())
}

/// Makes `fd` the descriptor `number`, and its owner.
pub(crate) fn place_owned(fd: impl AsFd, number: RawFd) -> io::Result<OwnedFd> {
    place(fd, number)?;
    // SAFETY: the descriptor is open, and who owned the number before never closes it:
    // only a duplicate of the launcher calls this, which ends without unwinding.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// The standard input as a descriptor, which the launcher's owner put there.
pub(crate) fn standard_input() -> BorrowedFd<'static> {
    // SAFETY: descriptor 0 stays open for the whole life of a launcher or holder.
    unsafe { BorrowedFd::borrow_raw(0) }
}

/// Becomes the program `path`. Returns only when that fails.
pub(crate) fn execute(path: &CStr, arguments: &[CString], environment: &[CString]) -> io::Error {
    let arguments = pointers(arguments);
    let environment = pointers(environment);
    // SAFETY: both arrays are null-terminated and their strings outlive the call.
    unsafe {
        libc::execve(path.as_ptr(), arguments.as_ptr(), environment.as_ptr());
    }
    io::Error::last_os_error()
}

fn pointers(strings: &[CString]) -> Vec<*const libc::c_char> {
    strings.iter().map(|string| string.as_ptr()).chain([std::ptr::null()]).collect()
}

/// A process that ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ended {
    pub(crate) pid: i32,
    pub(crate) status: i32,
    pub(crate) cpu_us: u64,
    pub(crate) resident_bytes_max: u64,
}

/// Keeps the news of an ended child for [`child_ended`]; programs start without this
/// because [`reset_signals`] takes it back.
pub(crate) fn hold_child_signal() -> io::Result<()> {
    let set = child_signal();
    // SAFETY: the set is initialised and outlives the call.
    check(
        unsafe { libc::sigprocmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut()) }.into(),
    )
}

/// Waits until a child has ended since the last time, but no longer than `wait`.
pub(crate) fn child_ended(wait: Duration) {
    let set = child_signal();
    let wait = libc::timespec {
        tv_sec: i64::try_from(wait.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(wait.subsec_nanos()),
    };
    // SAFETY: both arguments outlive the call. Its result does not matter: the caller looks.
    unsafe {
        libc::sigtimedwait(&raw const set, std::ptr::null_mut(), &raw const wait);
    }
}

fn child_signal() -> libc::sigset_t {
    // SAFETY: the set is initialised before its use.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        libc::sigaddset(&raw mut set, libc::SIGCHLD);
        set
    }
}

/// Waits for any child.
pub(crate) fn wait_any() -> io::Result<Ended> {
    wait(0)?.ok_or_else(|| io::ErrorKind::WouldBlock.into())
}

/// Collects a child that has ended, if there is one.
pub(crate) fn collect_any() -> io::Result<Option<Ended>> {
    wait(libc::WNOHANG)
}

fn wait(options: i32) -> io::Result<Option<Ended>> {
    let mut status = 0;
    // SAFETY: an all-zero rusage is a valid value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    loop {
        // SAFETY: both out-pointers outlive the call.
        let pid = unsafe { libc::wait4(-1, &raw mut status, options, &raw mut usage) };
        if pid == 0 {
            return Ok(None);
        }
        if pid > 0 {
            return Ok(Some(Ended {
                pid,
                status,
                cpu_us: microseconds(usage.ru_utime) + microseconds(usage.ru_stime),
                resident_bytes_max: u64::try_from(usage.ru_maxrss).unwrap_or(0) * 1024,
            }));
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

/// Kills every process that this one may signal, but itself, at one moment (kill(2)).
///
/// Only for a process whose Landlock domain scopes signals, and who has seen that it does.
pub(crate) fn kill_everybody_in_scope() -> io::Result<()> {
    // SAFETY: plain numbers.
    check(unsafe { libc::kill(-1, libc::SIGKILL) }.into())
}

/// Kills every other process of this pid namespace, whose process 1 the caller is.
pub(crate) fn kill_all_others() -> io::Result<()> {
    // SAFETY: plain numbers.
    check(unsafe { libc::kill(-1, libc::SIGKILL) }.into())
}

/// The processor time that this process has used.
pub(crate) fn own_cpu() -> Duration {
    // SAFETY: an all-zero rusage is a valid value, and it outlives the call.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &raw mut usage);
        usage
    };
    Duration::from_micros(microseconds(usage.ru_utime) + microseconds(usage.ru_stime))
}

fn microseconds(time: libc::timeval) -> u64 {
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000 + u64::try_from(time.tv_usec).unwrap_or(0)
}

/// What to do about ended children.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Children {
    /// The kernel forgets them by itself.
    Forgotten,
    /// They are waited for.
    Awaited,
}

/// Chooses what happens to ended children.
pub(crate) fn treat_children(children: Children) {
    let handler = match children {
        Children::Forgotten => libc::SIG_IGN,
        Children::Awaited => libc::SIG_DFL,
    };
    // SAFETY: no handler function is installed.
    unsafe {
        libc::signal(libc::SIGCHLD, handler);
    }
}

/// Sets every signal to its default and unblocks all, as a program expects at its start.
pub(crate) fn reset_signals() {
    // SAFETY: no handler functions are installed; the set is initialised before its use.
    unsafe {
        for signal in 1..=64 {
            libc::signal(signal, libc::SIG_DFL);
        }
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut());
    }
}

/// Ends this process at once, running nothing else of it.
pub(crate) fn quit(code: i32) -> ! {
    // SAFETY: ends the process.
    unsafe { libc::_exit(code) }
}

/// Brings the loopback device of this network namespace up.
pub(crate) fn loopback_up() -> io::Result<()> {
    // A local socket serves: the request is about the namespace, not the family.
    let socket = rustix::net::socket_with(
        rustix::net::AddressFamily::UNIX,
        rustix::net::SocketType::DGRAM,
        rustix::net::SocketFlags::CLOEXEC,
        None,
    )?;
    // SAFETY: an all-zero ifreq is a valid value.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(c"lo".to_bytes_with_nul()) {
        *to = from.cast_signed();
    }
    // SAFETY: the request outlives both calls, and the union holds flags after the first.
    let result = unsafe {
        if libc::ioctl(socket.as_raw_fd(), libc::SIOCGIFFLAGS, &raw mut request) < 0 {
            return Err(io::Error::last_os_error());
        }
        request.ifr_ifru.ifru_flags |= 1;
        libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, &raw mut request)
    };
    check(result.into())
}

const CLOSE_RANGE_CLOEXEC: u32 = 4;

/// Not in `libc` as the number that it is.
const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

/// Reads a number that a system call returns.
pub(crate) fn check(result: i64) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
