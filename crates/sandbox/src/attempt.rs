// SPDX-License-Identifier: Apache-2.0
//! System calls of an attacker, with real arguments: each succeeds where nothing is in its way.
//!
//! `moat-probe` makes them inside of a sandbox and outside, for `moat doctor`. They are here
//! because memory safety is argued in one crate. Each is made in a process of its own, whose
//! end closes what it opened, and gives the kernel's error.
//!
//! Invariant: where one gets through it changes nothing but the process that makes it, and
//! what it takes of the machine is given back at its end.
#![expect(unsafe_code, reason = "raw system calls")]

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};
use rustix::io::retry_on_intr;
use rustix::pipe::PipeFlags;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};

use crate::kernel::{self, Side, check};
use crate::limits::{ANSWER_WAIT_MAX, ATTEMPT_BYTES_MAX};
use crate::poll;

/// Does something in a duplicate of this process, which must have one thread, and gives the
/// bytes that came of it; the duplicate is killed when they do not come within `wait`.
///
/// # Errors
/// The system's, or `TimedOut`. One that ends without a word gives no bytes.
pub fn apart(wait: Duration, act: impl FnOnce() -> Vec<u8>) -> io::Result<Vec<u8>> {
    telling(wait, |_told| act()).map(|(told, _code)| told)
}

/// Runs a program to its end and gives its output.
///
/// # Errors
/// The system's, also the one by which the program could not be started.
pub fn output_of(
    program: &CStr,
    arguments: &[CString],
    environment: &[CString],
) -> io::Result<Vec<u8>> {
    let ran = telling(ANSWER_WAIT_MAX, |told| {
        let placed = kernel::place(told, 1).and_then(|()| kernel::place(told, 2));
        let error = placed.err().unwrap_or_else(|| {
            kernel::reset_signals();
            kernel::execute(program, arguments, environment)
        });
        kernel::quit(error.raw_os_error().unwrap_or(libc::EIO))
    });
    match ran? {
        (told, code) if told.is_empty() && code != 0 => Err(io::Error::from_raw_os_error(code)),
        (told, _code) => Ok(told),
    }
}

/// Hears what a duplicate of this process tells, and how it ended.
fn telling(wait: Duration, act: impl FnOnce(&OwnedFd) -> Vec<u8>) -> io::Result<(Vec<u8>, i32)> {
    let (ready, told) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
    match kernel::clone(0)? {
        Side::Child => {
            drop(ready);
            let bound = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
            if bound.is_ok() {
                tell(&told, &act(&told));
            }
            kernel::quit(0)
        }
        Side::Parent { child, .. } => {
            drop(told);
            let answer = hear(&ready, wait);
            if answer.is_err() {
                // It may have ended by itself.
                let _ended = rustix::process::pidfd_send_signal(&child, Signal::KILL);
            }
            let id = WaitId::PidFd(child.as_fd());
            let ended = rustix::process::waitid(id, WaitIdOptions::EXITED)?;
            Ok((answer?, ended.and_then(|ended| ended.exit_status()).unwrap_or(0)))
        }
    }
}

/// Writes all of it; who should hear it is gone when this fails.
fn tell(pipe: &OwnedFd, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let Ok(written) = retry_on_intr(|| rustix::io::write(pipe, bytes)) else { return };
        bytes = bytes.get(written..).unwrap_or_default();
    }
}

/// Reads to the end.
fn hear(pipe: &OwnedFd, wait: Duration) -> io::Result<Vec<u8>> {
    let mut heard = Vec::new();
    let mut chunk = [0_u8; 4096];
    loop {
        let mut fds = [PollFd::from_borrowed_fd(pipe.as_fd(), PollFlags::IN)];
        if poll::wait(&mut fds, Some(wait))? == 0 {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let read = retry_on_intr(|| rustix::io::read(pipe.as_fd(), &mut chunk))?;
        heard.extend_from_slice(chunk.get(..read).unwrap_or_default());
        if heard.len() > ATTEMPT_BYTES_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        if read == 0 {
            return Ok(heard);
        }
    }
}

/// Sets up a ring by which calls are made around a filter.
pub fn io_uring() -> io::Result<()> {
    let mut parameters = [0_u64; 15];
    // SAFETY: the structure has the kernel's size, and outlives the call.
    check(unsafe { libc::syscall(libc::SYS_io_uring_setup, 1, parameters.as_mut_ptr()) })
}

/// Puts a key into a keyring of this process's own, which ends with it.
pub fn add_key() -> io::Result<()> {
    // SAFETY: the strings and the byte are static.
    check(unsafe {
        libc::syscall(
            libc::SYS_add_key,
            c"user".as_ptr(),
            c"moat-doctor".as_ptr(),
            c"x".as_ptr(),
            1_usize,
            PROCESS_KEYRING,
        )
    })
}

/// Makes a table for programs in the kernel. Where that needs a right that this user lacks,
/// being told so about another request shows that the interface answers.
pub fn bpf() -> io::Result<()> {
    // An array of one entry, with keys and values of four bytes; nothing else is asked for.
    let mut table = [0_u32; 32];
    let [kind, key, value, entries, ..] = &mut table;
    (*kind, *key, *value, *entries) = (2, 4, 4, 1);
    // SAFETY: the structure outlives the call.
    let made =
        check(unsafe { libc::syscall(libc::SYS_bpf, 0, table.as_ptr(), size_of::<[u32; 32]>()) });
    let Err(refused) = made else { return Ok(()) };
    let mut place = [0_u64; 16];
    if let Some(path) = place.first_mut() {
        *path = c"/nowhere".as_ptr().expose_provenance() as u64;
    }
    // SAFETY: the structure and the static string in it outlive the call.
    let found =
        check(unsafe { libc::syscall(libc::SYS_bpf, 7, place.as_ptr(), size_of::<[u64; 16]>()) });
    match found {
        Err(error) if error.raw_os_error() == Some(libc::ENOENT) => Ok(()),
        Ok(()) | Err(_) => Err(refused),
    }
}

/// Opens a counter of what this process does outside of the kernel.
pub fn perf_event() -> io::Result<()> {
    // A software event, the structure's first published size, the task's clock; the kernel
    // and the hypervisor left out.
    let attributes: [u64; 8] = [1 | 64 << 32, 1, 0, 0, 0, 1 << 5 | 1 << 6, 0, 0];
    // SAFETY: the structure outlives the call.
    check(unsafe {
        libc::syscall(libc::SYS_perf_event_open, attributes.as_ptr(), 0, -1_i64, -1_i64, 0)
    })
}

/// Asks to be the one who answers for missing pages of this process.
pub fn userfaultfd() -> io::Result<()> {
    const USER_MODE_ONLY: usize = 1;
    // SAFETY: a plain number.
    check(unsafe { libc::syscall(libc::SYS_userfaultfd, USER_MODE_ONLY) })
}

/// Reads the last byte of the kernel's log.
pub fn kernel_log() -> io::Result<()> {
    let mut byte = [0_u8; 1];
    // SAFETY: the buffer outlives the call.
    check(unsafe { libc::syscall(libc::SYS_syslog, 3, byte.as_mut_ptr(), 1) })
}

/// Moves this process into a user namespace of its own.
pub fn user_namespace() -> io::Result<()> {
    kernel::unshare(libc::CLONE_NEWUSER)
}

/// Mounts a file system in memory, in namespaces of this process's own: of a new user, or of
/// this one where that is enough.
pub fn mount() -> io::Result<()> {
    kernel::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNS)
        .or_else(|_refused| kernel::unshare(libc::CLONE_NEWNS))?;
    let (none, private) = (std::ptr::null(), libc::MS_REC | libc::MS_PRIVATE);
    // From here on no mount reaches another namespace.
    // SAFETY: a static string, and null where nothing is asked for.
    check(unsafe { libc::mount(none, c"/".as_ptr(), none, private, none.cast()) }.into())?;
    let (name, kind) = (c"none".as_ptr(), c"tmpfs".as_ptr());
    // SAFETY: static strings, and no options.
    check(unsafe { libc::mount(name, c"/tmp".as_ptr(), kind, 0, none.cast()) }.into())
}

/// Traces a process: a child of this one.
pub fn trace() -> io::Result<()> {
    match kernel::clone(0)? {
        Side::Child => forever(),
        Side::Parent { pid, child } => {
            // SAFETY: plain numbers.
            let traced = check(unsafe { libc::syscall(libc::SYS_ptrace, SEIZE, pid, 0, 0) });
            let _ended = rustix::process::pidfd_send_signal(&child, Signal::KILL);
            traced
        }
    }
}

/// Becomes nothing but a process that can be ended.
fn forever() -> ! {
    let _tied = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
    loop {
        // SAFETY: waits for a signal.
        unsafe {
            libc::pause();
        }
    }
}

/// Makes a System V segment that holds `text`; it is gone when this process has ended.
pub fn segment(text: &str) -> io::Result<i32> {
    // SAFETY: a plain question for a new segment.
    let id = unsafe { libc::shmget(libc::IPC_PRIVATE, SEGMENT_BYTES, libc::IPC_CREAT | 0o600) };
    check(id.into())?;
    // SAFETY: the kernel chooses a free place.
    let place = unsafe { libc::shmat(id, std::ptr::null(), 0) };
    let attached =
        if place.addr() == usize::MAX { Err(io::Error::last_os_error()) } else { Ok(()) };
    // SAFETY: plain numbers; the segment stays as long as it is attached.
    unsafe {
        libc::shmctl(id, libc::IPC_RMID, std::ptr::null_mut());
    }
    attached?;
    let length = text.len().min(SEGMENT_BYTES);
    // SAFETY: the segment is new, is longer than this, and nobody else writes to it.
    unsafe {
        std::ptr::copy_nonoverlapping(text.as_ptr(), place.cast::<u8>(), length);
    }
    Ok(id)
}

/// Reads the first `length` bytes of a System V segment of another process.
pub fn read_segment(id: i32, length: usize) -> io::Result<Vec<u8>> {
    // SAFETY: the kernel chooses a free place.
    let place = unsafe { libc::shmat(id, std::ptr::null(), libc::SHM_RDONLY) };
    if place.addr() == usize::MAX {
        return Err(io::Error::last_os_error());
    }
    let mut bytes = vec![0_u8; length.min(SEGMENT_BYTES)];
    // SAFETY: a segment has at least a page, which is mapped as long as this process lives.
    unsafe {
        std::ptr::copy_nonoverlapping(
            place.cast::<u8>().cast_const(),
            bytes.as_mut_ptr(),
            bytes.len(),
        );
    }
    Ok(bytes)
}

/// Has a signal wait for [`signal_waits`] in place of being taken.
pub fn hold_signal() -> io::Result<()> {
    let set = held();
    // SAFETY: the set is initialised and outlives the call.
    check(
        unsafe { libc::sigprocmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut()) }.into(),
    )
}

/// Whether somebody sent the signal of [`hold_signal`] since the last time.
#[must_use]
pub fn signal_waits() -> bool {
    let set = held();
    let none = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: all arguments outlive the call.
    unsafe { libc::sigtimedwait(&raw const set, std::ptr::null_mut(), &raw const none) > 0 }
}

/// The signal that does nothing to a process that does not hold it.
pub const HARMLESS_SIGNAL: Signal = Signal::URG;

fn held() -> libc::sigset_t {
    // SAFETY: the set is initialised before its use.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        libc::sigaddset(&raw mut set, HARMLESS_SIGNAL.as_raw());
        set
    }
}

/// Lets a write beyond the limit on files fail, in place of ending this process.
pub fn survive_long_files() {
    // SAFETY: no handler is installed.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
    }
}

/// Starts a duplicate of this process, which must have one thread, that does `act` and then
/// waits to be killed. There is no descriptor for it: there may be fewer of those than of
/// processes.
pub fn duplicate(act: impl FnOnce()) -> io::Result<Pid> {
    // SAFETY: by contract this process has one thread.
    let child = unsafe { libc::fork() };
    if child == 0 {
        act();
        forever()
    }
    Pid::from_raw(child).filter(|_pid| child > 0).ok_or_else(io::Error::last_os_error)
}

/// Takes private memory, and writes to each page of it.
pub fn take_memory(bytes: usize) -> io::Result<()> {
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    for _ in 0..bytes.div_ceil(PIECE_BYTES) {
        // SAFETY: a new mapping, which stays until this process ends.
        let place =
            unsafe { libc::mmap(std::ptr::null_mut(), PIECE_BYTES, protection, flags, -1, 0) };
        if place == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        for page in (0..PIECE_BYTES).step_by(PAGE_BYTES) {
            // SAFETY: within the mapping.
            unsafe {
                place.cast::<u8>().add(page).write_volatile(1);
            }
        }
    }
    Ok(())
}

const PROCESS_KEYRING: i64 = -2;
const SEIZE: i64 = 0x4206;
const SEGMENT_BYTES: usize = 4096;
const PIECE_BYTES: usize = 8 << 20;
const PAGE_BYTES: usize = 4096;
