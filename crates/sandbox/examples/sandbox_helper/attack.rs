// SPDX-License-Identifier: Apache-2.0
//! Attacks, one per name: the exit code says whether it got through, the output how.
//!
//! The same program runs inside the full sandbox, where it must be held, and in a
//! control, where it must get through.
#![expect(unsafe_code, reason = "attacks use raw system calls")]
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "an attacker keeps to no door"
)]

mod files;
mod kernel;
mod load;
mod many;
mod metadata;
mod process;
mod reach;
mod system;

use std::ffi::{CStr, CString, OsString};
use std::fs;
use std::io::{self, Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::{SocketAddr, UnixStream};
use std::process::ExitCode;

/// Runs the attack that the first argument names, on the target in the second.
pub(crate) fn main(arguments: &[OsString]) -> ExitCode {
    if arguments.first().is_some_and(|word| word == "many") {
        return many::main();
    }
    let answer = answer(arguments);
    println!("{answer}");
    if answer == "through" { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// `through`, or `held` and the error's number.
pub(crate) fn answer(arguments: &[OsString]) -> String {
    let words: Vec<String> =
        arguments.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let name = words.first().map_or("", String::as_str);
    let target = words.get(1).map_or("", String::as_str);
    match attack(name, target) {
        Ok(()) => "through".to_owned(),
        Err(error) => format!("held {}", error.raw_os_error().unwrap_or(0)),
    }
}

/// Reads a file; a container puts `/dev/null` over those that it hides, which is none of them.
fn read(target: &str) -> io::Result<()> {
    let mut file = fs::File::open(target)?;
    let metadata = file.metadata()?;
    if metadata.file_type().is_char_device() && metadata.rdev() == libc::makedev(1, 3) {
        return Err(io::Error::from_raw_os_error(libc::ENODATA));
    }
    file.read(&mut [0; 1]).map(drop)
}

fn attack(name: &str, target: &str) -> io::Result<()> {
    match name {
        "read" => read(target),
        "list" => fs::read_dir(target).map(drop),
        "write" => fs::OpenOptions::new().append(true).open(target).map(drop),
        "create" => fs::write(target, "attack"),
        "local-socket" => UnixStream::connect(target).map(drop),
        "abstract-socket" => {
            let address = SocketAddr::from_abstract_name(target)?;
            UnixStream::connect_addr(&address).map(drop)
        }
        "tcp" => TcpStream::connect(target).map(drop),
        "udp" => udp(target),
        "fast-open" => fast_open(target),
        "vsock" => socket(libc::AF_VSOCK, libc::SOCK_STREAM),
        "packet" => socket(libc::AF_PACKET, libc::SOCK_RAW),
        "signal" => call(libc::SYS_kill, [number(target)?, 0, 0]),
        "trace" => with_child(|child| call(libc::SYS_ptrace, [PTRACE_SEIZE, child, 0])),
        "read-memory" => with_child(read_memory),
        "steal-descriptor" => with_child(steal_descriptor),
        "inherited" => inherited(target),
        "io-uring" => {
            let mut parameters = [0_u8; 120];
            call(libc::SYS_io_uring_setup, [4, parameters.as_mut_ptr() as usize, 0])
        }
        "keyring" => call(libc::SYS_keyctl, [0, SESSION_KEYRING, 1]),
        "userfaultfd" => call(libc::SYS_userfaultfd, [1, 0, 0]),
        "user-namespace" => call(libc::SYS_unshare, [NEW_USER, 0, 0]),
        "mount" => mount(),
        "terminal-input" => terminal_input(0),
        "terminal-input-high-bits" => terminal_input(1 << 32),
        "old-calls" => old_calls(),
        "shared-memory" => call(libc::SYS_shmget, [number(target)?, 0, 0]),
        "device" => call(
            libc::SYS_mknodat,
            [AT_CWD, c"device".as_ptr() as usize, (libc::S_IFCHR | 0o600) as usize],
        ),
        "privilege" => privilege(),
        "processes" => processes(number(target)?),
        "from-memory" => from_memory(target),
        "hard-link" => fs::hard_link(target, "linked"),
        "system-call" => kernel::system_call(target),
        "socket" => kernel::socket(target),
        "clone-namespace" => kernel::clone_namespace(libc::CLONE_NEWUSER),
        "clone-with" => number(target)
            .and_then(|flag| kernel::clone_namespace(i32::try_from(flag).unwrap_or(0))),
        "core-limit-old" => kernel::core_limit_old(),
        "core-limit-at" => kernel::core_limit_at(target),
        "pair" => kernel::pair(target),
        "line-discipline" => kernel::terminal_request(TIOCSETD),
        "console-request" => kernel::terminal_request(TIOCLINUX),
        "core-limit" => kernel::core_limit(),
        "pair-to-name" => kernel::pair_to_name(target),
        "message-queue" => kernel::message_queue(target),
        _ => files::attack(name, target)
            .or_else(|| process::attack(name, target))
            .or_else(|| system::attack(name, target))
            .or_else(|| reach::attack(name, target))
            .or_else(|| load::load(name, target))
            .unwrap_or_else(|| metadata::attack(name, target)),
    }
}

fn number(text: &str) -> io::Result<usize> {
    text.parse().map_err(io::Error::other)
}

fn call(number: i64, [first, second, third]: [usize; 3]) -> io::Result<()> {
    // SAFETY: what pointers there are, outlive the call.
    let result = unsafe { libc::syscall(number, first, second, third, 0_usize, 0_usize) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn socket(family: i32, kind: i32) -> io::Result<()> {
    // SAFETY: plain numbers.
    let fd = unsafe { libc::socket(family, kind, 0) };
    if fd < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Gets through when the host's socket answers.
fn udp(target: &str) -> io::Result<()> {
    let own = if target.starts_with('[') { "[::1]:0" } else { "127.0.0.1:0" };
    let socket = UdpSocket::bind(own)?;
    socket.connect(target)?;
    socket.send(b"x")?;
    socket.recv(&mut [0; 1]).map(drop)
}

/// Data in the first packet, which reaches the network without `connect`.
fn fast_open(target: &str) -> io::Result<()> {
    let port = target.rsplit(':').next().unwrap_or_default();
    let port: u16 = port.parse().map_err(io::Error::other)?;
    let address = libc::sockaddr_in {
        sin_family: 2,
        sin_port: port.to_be(),
        sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes([127, 0, 0, 1]) },
        sin_zero: [0; 8],
    };
    // SAFETY: the buffer and the address outlive the calls.
    let sent = unsafe {
        let fd = libc::socket(libc::AF_INET, libc::SOCK_STREAM, 0);
        libc::sendto(
            fd,
            c"x".as_ptr().cast(),
            1,
            libc::MSG_FASTOPEN,
            (&raw const address).cast(),
            16,
        )
    };
    if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Runs `attack` on a child that waits.
fn with_child(attack: impl FnOnce(usize) -> io::Result<()>) -> io::Result<()> {
    // SAFETY: this program has one thread, and the child only waits to be killed.
    let child = unsafe { libc::fork() };
    if child == 0 {
        // SAFETY: waits for a signal.
        unsafe {
            libc::pause();
            libc::_exit(0);
        }
    }
    let result = attack(child.cast_unsigned() as usize);
    // SAFETY: plain numbers.
    unsafe { libc::kill(child, libc::SIGKILL) };
    result
}

fn read_memory(child: usize) -> io::Result<()> {
    let mut byte = [0_u8; 1];
    let here = libc::iovec { iov_base: byte.as_mut_ptr().cast(), iov_len: 1 };
    let there = libc::iovec { iov_base: c"x".as_ptr().cast_mut().cast(), iov_len: 1 };
    let child = i32::try_from(child).unwrap_or(0);
    // SAFETY: both vectors outlive the call, and the child has the same text at the same place.
    let read = unsafe { libc::process_vm_readv(child, &raw const here, 1, &raw const there, 1, 0) };
    if read == 1 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn steal_descriptor(child: usize) -> io::Result<()> {
    // SAFETY: plain numbers.
    let process = unsafe { libc::syscall(libc::SYS_pidfd_open, child, 0) };
    call(libc::SYS_pidfd_getfd, [usize::try_from(process).unwrap_or(0), 1, 0])
}

fn inherited(target: &str) -> io::Result<()> {
    let fd = i32::try_from(number(target)?).map_err(io::Error::other)?;
    let mut byte = [0_u8; 1];
    // SAFETY: the buffer outlives the call.
    let read = unsafe { libc::pread(fd, byte.as_mut_ptr().cast(), 1, 0) };
    if read == 1 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn mount() -> io::Result<()> {
    call(libc::SYS_unshare, [NEW_USER | NEW_MOUNTS, 0, 0])?;
    let (kind, place) = (c"tmpfs".as_ptr() as usize, c"/tmp".as_ptr() as usize);
    call(libc::SYS_mount, [kind, place, kind])
}

/// Types a character into a terminal that this process controls itself.
fn terminal_input(high: u64) -> io::Result<()> {
    let (mut master, mut slave) = (-1, -1);
    // SAFETY: the out-pointers outlive the call; null pointers ask for defaults.
    unsafe {
        libc::setsid();
        if libc::openpty(
            &raw mut master,
            &raw mut slave,
            std::ptr::null_mut(),
            std::ptr::null(),
            std::ptr::null(),
        ) < 0
        {
            return Err(io::Error::last_os_error());
        }
        libc::ioctl(slave, libc::TIOCSCTTY, 0);
    }
    let request = usize::try_from(libc::TIOCSTI | high).unwrap_or(0);
    let slave = usize::try_from(slave).unwrap_or(0);
    call(libc::SYS_ioctl, [slave, request, c"x".as_ptr() as usize])
}

/// Asks for the process id through the gate of 32-bit programs.
fn old_calls() -> io::Result<()> {
    let result: i64;
    #[cfg(target_arch = "x86_64")]
    // SAFETY: `getpid` (20) touches no memory; the gate clobbers r8 to r11.
    unsafe {
        std::arch::asm!("int 0x80", inlateout("rax") 20_i64 => result,
            out("r8") _, out("r9") _, out("r10") _, out("r11") _);
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        result = i64::from(-libc::ENOSYS);
    }
    let result = i32::try_from(result).unwrap_or(0);
    if result > 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(-result)) }
}

/// Whether this very program, which is setuid, runs as somebody else.
fn privilege() -> io::Result<()> {
    // SAFETY: plain questions.
    let (real, effective) = unsafe { (libc::getuid(), libc::geteuid()) };
    if real == effective { Err(io::Error::from_raw_os_error(libc::EPERM)) } else { Ok(()) }
}

/// Has `count` processes at once.
fn processes(count: usize) -> io::Result<()> {
    let mut children = Vec::new();
    let mut result = Ok(());
    for _ in 0..count {
        // SAFETY: this program has one thread, and the children only wait.
        let child = unsafe { libc::fork() };
        match child {
            0 => {
                // Where no namespace ends them, they would stay when this process is killed.
                // SAFETY: plain numbers.
                unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
                loop {
                    // SAFETY: waits for a signal.
                    unsafe { libc::pause() };
                }
            }
            ..0 => {
                result = Err(io::Error::last_os_error());
                break;
            }
            child => children.push(child),
        }
    }
    for child in children {
        // SAFETY: plain numbers, and a child that was not waited for yet.
        unsafe {
            libc::kill(child, libc::SIGKILL);
            libc::waitpid(child, std::ptr::null_mut(), 0);
        }
    }
    result
}

/// Becomes a copy of this program that has no file, and reads `target` from there.
fn from_memory(target: &str) -> io::Result<()> {
    // SAFETY: the name outlives the call, and the descriptor is ours alone.
    let mut copy = unsafe {
        let fd = libc::memfd_create(c"copy".as_ptr(), 0);
        fs::File::from(OwnedFd::from_raw_fd(fd))
    };
    // The test starts it by its whole path.
    copy.write_all(&fs::read(std::env::args_os().next().unwrap_or_default())?)?;
    let target = CString::new(target)?;
    let words = [c"copy", c"attack", c"read", &target].map(CStr::as_ptr);
    let words: Vec<_> = words.into_iter().chain([std::ptr::null()]).collect();
    // SAFETY: all strings outlive the call, and both lists end with a null pointer.
    unsafe { libc::fexecve(copy.as_raw_fd(), words.as_ptr(), words[4..].as_ptr()) };
    Err(io::Error::last_os_error())
}

const TIOCSETD: u64 = 0x5423;
const TIOCLINUX: u64 = 0x541c;
const PTRACE_SEIZE: usize = 0x4206;
const SESSION_KEYRING: usize = usize::MAX - 2;
const NEW_USER: usize = 0x1000_0000;
const NEW_MOUNTS: usize = 0x0002_0000;
const AT_CWD: usize = usize::MAX - 99;
