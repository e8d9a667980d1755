// SPDX-License-Identifier: Apache-2.0
//! Attacks that reach for a certain process or object of the host, which the target names.

use std::fs;
use std::io::{self, Write as _};
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::os::fd::{AsFd as _, AsRawFd as _, FromRawFd as _, OwnedFd};
use std::os::unix::net::UnixStream;

use super::{call, number};

/// Runs the attack `name`; none when it is not one of these.
pub(super) fn attack(name: &str, target: &str) -> Option<io::Result<()>> {
    Some(match name {
        "semaphore" => number(target).and_then(|key| call(libc::SYS_semget, [key, 0, 0])),
        "system-v-queue" => number(target).and_then(|key| call(libc::SYS_msgget, [key, 0, 0])),
        "trace-process" => {
            number(target).and_then(|process| call(libc::SYS_ptrace, [PTRACE_SEIZE, process, 0]))
        }
        "read-memory-of" => two(target).and_then(|[process, at]| read_memory_of(process, at)),
        "steal-descriptor-of" => two(target).and_then(|[process, fd]| steal(process, fd)),
        "take-descriptor" => take_descriptor(target),
        "fast-open-connect" => fast_open_connect(target),
        "x32-call" => x32_call(),
        "words-of" => words_of(target),
        "work" => number(target).and_then(work),
        _ => return None,
    })
}

/// Two numbers with a space between them.
fn two(text: &str) -> io::Result<[usize; 2]> {
    let (first, second) = text.split_once(' ').unwrap_or((text, ""));
    Ok([number(first)?, number(second)?])
}

fn read_memory_of(process: usize, at: usize) -> io::Result<()> {
    let mut byte = [0_u8; 1];
    let here = libc::iovec { iov_base: byte.as_mut_ptr().cast(), iov_len: 1 };
    let there = libc::iovec { iov_base: std::ptr::without_provenance_mut(at), iov_len: 1 };
    let process = i32::try_from(process).map_err(io::Error::other)?;
    // SAFETY: both vectors outlive the call; the other address is not of this process.
    let read =
        unsafe { libc::process_vm_readv(process, &raw const here, 1, &raw const there, 1, 0) };
    if read == 1 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Takes a descriptor out of another process.
fn steal(process: usize, fd: usize) -> io::Result<()> {
    // SAFETY: plain numbers.
    let handle = unsafe { libc::syscall(libc::SYS_pidfd_open, process, 0) };
    if handle < 0 {
        return Err(io::Error::last_os_error());
    }
    call(libc::SYS_pidfd_getfd, [usize::try_from(handle).unwrap_or(0), fd, 0])
}

/// Is given a descriptor by a friendly process that listens at `path`, and reads from it.
fn take_descriptor(path: &str) -> io::Result<()> {
    use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags};
    let socket = UnixStream::connect(path)?;
    let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0; 1];
    let into = &mut [io::IoSliceMut::new(&mut byte)];
    rustix::net::recvmsg(socket.as_fd(), into, &mut control, RecvFlags::empty())?;
    let mut given = None;
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(mut files) = message {
            given = files.next();
        }
    }
    let given = given.ok_or(io::ErrorKind::UnexpectedEof)?;
    rustix::io::pread(&given, &mut [0_u8; 1], 0)?;
    Ok(())
}

/// Data in the first packet of a connection that only `send` makes.
fn fast_open_connect(target: &str) -> io::Result<()> {
    let Some(SocketAddr::V4(address)) = target.to_socket_addrs()?.next() else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let address = libc::sockaddr_in {
        sin_family: 2,
        sin_port: address.port().to_be(),
        sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes(address.ip().octets()) },
        sin_zero: [0; 8],
    };
    let on = 1_i32;
    // SAFETY: all buffers outlive the calls, and the descriptor is ours alone.
    unsafe {
        let fd = libc::socket(libc::AF_INET, libc::SOCK_STREAM, 0);
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        let fd = OwnedFd::from_raw_fd(fd);
        let (level, option) = (libc::IPPROTO_TCP, libc::TCP_FASTOPEN_CONNECT);
        let length = u32::try_from(size_of::<libc::sockaddr_in>()).map_err(io::Error::other)?;
        if libc::setsockopt(fd.as_raw_fd(), level, option, (&raw const on).cast(), 4) < 0
            || libc::connect(fd.as_raw_fd(), (&raw const address).cast(), length) < 0
            || libc::send(fd.as_raw_fd(), c"x".as_ptr().cast(), 1, libc::MSG_NOSIGNAL) < 0
        {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

/// Asks for the process id by the number that programs with short pointers use.
fn x32_call() -> io::Result<()> {
    #[cfg(target_arch = "x86_64")]
    return call(libc::SYS_getpid | X32, [0, 0, 0]);
    #[cfg(not(target_arch = "x86_64"))]
    Err(io::Error::from_raw_os_error(libc::ENOSYS))
}

/// Gets through when a file, which the first word names, holds the second word.
fn words_of(target: &str) -> io::Result<()> {
    let (path, word) = target.split_once(' ').unwrap_or((target, ""));
    let text = fs::read(path)?;
    if String::from_utf8_lossy(&text).contains(word) {
        return Ok(());
    }
    Err(io::Error::from_raw_os_error(libc::ENXIO))
}

/// So many rounds of what every program does: starts a process, writes a file, takes memory.
/// Says each round when it is done.
fn work(rounds: usize) -> io::Result<()> {
    let name = format!("work-{}", std::process::id());
    for _ in 0..rounds {
        // SAFETY: this program has one thread.
        let child = unsafe { libc::fork() };
        if child == 0 {
            // SAFETY: ends the child.
            unsafe { libc::_exit(0) };
        }
        if child < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: a null pointer is allowed; the child is ours.
        unsafe { libc::waitpid(child, std::ptr::null_mut(), 0) };
        let piece = vec![1_u8; 1 << 20];
        fs::write(&name, std::hint::black_box(&piece))?;
        fs::remove_file(&name)?;
        println!("round");
        io::stdout().flush()?;
    }
    Ok(())
}

const PTRACE_SEIZE: usize = 0x4206;
#[cfg(target_arch = "x86_64")]
const X32: i64 = 0x4000_0000;
