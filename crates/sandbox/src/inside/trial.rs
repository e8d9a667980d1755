// SPDX-License-Identifier: Apache-2.0
//! The attacks of `moat doctor`, run inside a real sandbox by the binary itself.
//!
//! Each attempt prints one line, `NAME got-through|held DETAIL`; what is expected
//! of it is `probe`'s business, outside.
//!
//! Invariant: an attempt that got through does no harm.

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::OwnedFd;
use std::process::ExitCode;

use rustix::fs::{Mode, OFlags};
use rustix::net::{AddressFamily, SendFlags, SocketAddrUnix, SocketType};
use rustix::process::{Pid, Resource};

use crate::kernel;

/// The argument that asks for the attempts; what there is to reach follows it.
pub(crate) const WORD: &str = "trial";

type Attempt = (&'static str, fn(&Target) -> io::Result<()>);

/// What there is to reach on the host.
struct Target {
    home: String,
    outside: String,
    process: String,
    socket: String,
}

pub(super) fn main(arguments: &[std::ffi::OsString]) -> ExitCode {
    let mut words = arguments.iter().map(|word| word.to_string_lossy().into_owned());
    let mut next = || words.next().unwrap_or_default();
    let target = Target { home: next(), outside: next(), process: next(), socket: next() };
    let mut output = io::stdout().lock();
    for (name, attempt) in ATTEMPTS {
        let line = match attempt(&target) {
            Ok(()) => format!("{name} got-through -\n"),
            Err(error) => format!("{name} held {error}\n"),
        };
        if output.write_all(line.as_bytes()).is_err() {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn read(path: &str) -> io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = rustix::fs::open(path, flags, Mode::empty())?;
    rustix::io::read(&file, &mut [0_u8; 1])?;
    Ok(())
}

fn create(path: &str) -> io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::CLOEXEC;
    rustix::fs::open(path, flags, Mode::from_raw_mode(0o600))?;
    Ok(())
}

fn append(path: &str) -> io::Result<()> {
    rustix::fs::open(path, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?;
    Ok(())
}

/// Asks whether the host's process could be signalled, without a signal.
fn signal(process: &str) -> io::Result<()> {
    let missing = || io::Error::from(io::ErrorKind::InvalidInput);
    let number = process.parse::<i32>().map_err(|_text| missing())?;
    let pid = Pid::from_raw(number).ok_or_else(missing)?;
    Ok(rustix::process::test_kill_process(pid)?)
}

fn socket(family: AddressFamily, kind: SocketType) -> io::Result<OwnedFd> {
    Ok(rustix::net::socket(family, kind, None)?)
}

/// An address of the block that is reserved for documentation (RFC 5737).
const NOWHERE: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 1), 80);

fn connect() -> io::Result<()> {
    let socket = socket(AddressFamily::INET, SocketType::STREAM)?;
    rustix::io::ioctl_fionbio(&socket, true)?;
    match rustix::net::connect(&socket, &NOWHERE) {
        // The packet is under way: there is a route.
        Err(rustix::io::Errno::INPROGRESS) => Ok(()),
        other => Ok(other?),
    }
}

fn datagram() -> io::Result<()> {
    let socket = socket(AddressFamily::INET, SocketType::DGRAM)?;
    rustix::net::sendto(&socket, b"x", SendFlags::empty(), &NOWHERE)?;
    Ok(())
}

fn abstract_socket(name: &str) -> io::Result<()> {
    let address = SocketAddrUnix::new_abstract_name(name.as_bytes())?;
    let socket = socket(AddressFamily::UNIX, SocketType::STREAM)?;
    Ok(rustix::net::connect(&socket, &address)?)
}

fn bounded(resource: Resource) -> io::Result<()> {
    match rustix::process::getrlimit(resource).maximum {
        Some(bound) => Err(io::Error::other(format!("at {bound}"))),
        None => Ok(()),
    }
}

const ATTEMPTS: &[Attempt] = &[
    ("read-outside", |target| read(&target.outside)),
    ("read-key", |target| read(&format!("{}/.ssh/id_ed25519", target.home))),
    ("read-shadow", |_target| read("/etc/shadow")),
    ("write-system", |_target| create("/usr/moat-doctor")),
    ("write-settings", |_target| create("/etc/moat-doctor")),
    ("write-outside", |target| append(&target.outside)),
    ("see-process", |target| read(&format!("/proc/{}/environ", target.process))),
    ("signal-process", |target| signal(&target.process)),
    ("read-reaper", |_target| read("/proc/1/environ")),
    ("trace-process", |_target| kernel::attempt(libc::SYS_ptrace, [0, 0, 0])),
    ("connect-out", |_target| connect()),
    ("send-out", |_target| datagram()),
    ("local-socket", |target| abstract_socket(&target.socket)),
    ("vsock", |_target| socket(VSOCK, SocketType::STREAM).map(drop)),
    ("packet-socket", |_target| socket(AddressFamily::PACKET, SocketType::RAW).map(drop)),
    ("io-uring", |_target| kernel::attempt(libc::SYS_io_uring_setup, [0, 0, 0])),
    ("keyring", |_target| kernel::attempt(libc::SYS_keyctl, [0, SESSION_KEYRING, 0])),
    ("bpf", |_target| kernel::attempt(libc::SYS_bpf, [0, 0, 0])),
    ("perf-events", |_target| kernel::attempt(libc::SYS_perf_event_open, [0, 0, 0])),
    ("kernel-log", |_target| read("/dev/kmsg")),
    ("sysctl", |_target| append("/proc/sys/kernel/hostname")),
    ("user-namespace", |_target| kernel::attempt(libc::SYS_unshare, [NEW_USER, 0, 0])),
    ("mount", |_target| kernel::attempt(libc::SYS_fsopen, [0, 0, 0])),
    ("processes", |_target| bounded(Resource::Nproc)),
    ("memory", |_target| bounded(Resource::Data)),
];

const VSOCK: AddressFamily = AddressFamily::from_raw(40);
const SESSION_KEYRING: usize = usize::MAX - 2;
const NEW_USER: usize = 0x1000_0000;
