// SPDX-License-Identifier: Apache-2.0
//! Attacks on what Landlock does not look at: modes, times, owners, attributes, watches,
//! and the settings of other processes.

use std::ffi::CString;
use std::io;
use std::os::fd::AsRawFd as _;

use super::{AT_CWD, call, number};

/// Runs the attack `name`.
pub(super) fn attack(name: &str, target: &str) -> io::Result<()> {
    let path = CString::new(target)?;
    let at = path.as_ptr() as usize;
    match name {
        "mode" => call(libc::SYS_fchmodat, [AT_CWD, at, 0o700]),
        "mode-new-call" => call(FCHMODAT2, [AT_CWD, at, 0o700]),
        "mode-through-link" => {
            std::os::unix::fs::symlink(target, "leads-out")?;
            call(libc::SYS_fchmodat, [AT_CWD, c"leads-out".as_ptr() as usize, 0o700])
        }
        "mode-by-descriptor" => {
            let file = std::fs::File::open(target)?;
            call(libc::SYS_fchmod, [descriptor(&file), 0o755, 0])
        }
        "mode-from-directory" => {
            // SAFETY: the name outlives the call.
            let directory = unsafe { libc::open(c"/".as_ptr(), libc::O_PATH) };
            let inner = CString::new(target.trim_start_matches('/'))?;
            let directory = usize::try_from(directory).unwrap_or(0);
            call(libc::SYS_fchmodat, [directory, inner.as_ptr() as usize, 0o700])
        }
        "times" => call(libc::SYS_utimensat, [AT_CWD, at, 0]),
        "owner" => {
            // SAFETY: a plain question.
            let own = unsafe { libc::getuid() } as usize;
            owner(at, own)
        }
        "own-attribute" => {
            let name = c"user.moat-attack".as_ptr();
            // SAFETY: all pointers outlive the call.
            let set = unsafe { libc::setxattr(path.as_ptr(), name, name.cast(), 1, 0) };
            if set < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
        }
        "watch-names" => {
            // SAFETY: the path outlives the calls.
            let watch = unsafe {
                let fd = libc::inotify_init1(0);
                if fd < 0 {
                    fd
                } else {
                    libc::inotify_add_watch(fd, path.as_ptr(), libc::IN_CREATE)
                }
            };
            if watch < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
        }
        // The same limit as before: only whether it may be set.
        "limit-of-process" => {
            let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
            let pid = i32::try_from(number(target)?).map_err(io::Error::other)?;
            // SAFETY: the structure outlives the calls.
            let set = unsafe {
                let kind = libc::RLIMIT_CORE;
                if libc::prlimit(pid, kind, std::ptr::null(), &raw mut limit) < 0 {
                    -1
                } else {
                    libc::prlimit(pid, kind, &raw const limit, std::ptr::null_mut())
                }
            };
            if set < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
        }
        "priority-of-process" => call(libc::SYS_setpriority, [0, number(target)?, 0]),
        "everybody" => call(libc::SYS_kill, [usize::MAX, 0, 0]),
        "own-mode" => {
            std::fs::write("own", "x")?;
            call(libc::SYS_fchmodat, [AT_CWD, c"own".as_ptr() as usize, 0o711])?;
            let file = std::fs::File::open("own")?;
            call(libc::SYS_fchmod, [descriptor(&file), 0o755, 0])?;
            call(libc::SYS_utimensat, [AT_CWD, c"own".as_ptr() as usize, 0])
        }
        "set-id" => {
            std::fs::write("own", "x")?;
            call(libc::SYS_fchmodat, [AT_CWD, c"own".as_ptr() as usize, 0o4755])
        }
        _ => Err(io::ErrorKind::Unsupported.into()),
    }
}

fn owner(path: usize, own: usize) -> io::Result<()> {
    // SAFETY: the path outlives the call.
    let result = unsafe { libc::syscall(libc::SYS_fchownat, AT_CWD, path, own, usize::MAX, 0) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn descriptor(file: &std::fs::File) -> usize {
    usize::try_from(file.as_raw_fd()).unwrap_or(0)
}

const FCHMODAT2: i64 = 452;
