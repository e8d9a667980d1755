// SPDX-License-Identifier: Apache-2.0
//! Attacks on the machine: its name, its network, its settings.

use std::fs;
use std::io;
use std::net::UdpSocket;

use super::call;

/// Runs the attack `name`; none when it is not one of these.
pub(super) fn attack(name: &str, target: &str) -> Option<io::Result<()>> {
    Some(match name {
        "name-of-machine" => {
            fs::read_to_string("/proc/sys/kernel/hostname").and_then(|own| same(own.trim(), target))
        }
        "rename-machine" => {
            call(libc::SYS_sethostname, [target.as_ptr() as usize, target.len(), 0])
        }
        "control-group" => control_group(),
        "interface-down" => interface_down(),
        "udp-anywhere" => UdpSocket::bind("0.0.0.0:0").and_then(|socket| {
            socket.set_broadcast(true)?;
            socket.send_to(b"x", target).map(drop)
        }),
        "interfaces" => interfaces(),
        "watch" => watch(target),
        "empty-handle" => empty_handle(),
        _ => return None,
    })
}

fn same(own: &str, other: &str) -> io::Result<()> {
    if own == other { Ok(()) } else { Err(io::Error::from_raw_os_error(libc::ENXIO)) }
}

/// Gets through when it says in which group of the host this process is.
fn control_group() -> io::Result<()> {
    let groups = fs::read_to_string("/proc/self/cgroup")?;
    let is_root = |line: &str| line.ends_with(":/");
    if groups.lines().all(is_root) {
        Err(io::Error::from_raw_os_error(libc::ENXIO))
    } else {
        Ok(())
    }
}

/// Takes the loopback device down.
fn interface_down() -> io::Result<()> {
    // SAFETY: an all-zero request is valid and outlives the calls.
    let result = unsafe {
        let socket = libc::socket(libc::AF_INET, libc::SOCK_DGRAM, 0);
        let mut request: libc::ifreq = std::mem::zeroed();
        for (to, from) in request.ifr_name.iter_mut().zip(c"lo".to_bytes()) {
            *to = from.cast_signed();
        }
        if libc::ioctl(socket, libc::SIOCGIFFLAGS, &raw mut request) < 0 {
            return Err(io::Error::last_os_error());
        }
        // The same flags: only whether they may be set.
        libc::ioctl(socket, libc::SIOCSIFFLAGS, &raw mut request)
    };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Gets through when there is a device beside the loopback one.
fn interfaces() -> io::Result<()> {
    let list = fs::read_to_string("/proc/self/net/dev")?;
    let own = |line: &&str| !line.trim_start().starts_with("lo:") && line.contains(':');
    if list.lines().skip(2).any(|line| own(&line)) {
        return Ok(());
    }
    Err(io::Error::from_raw_os_error(libc::ENODEV))
}

/// Watches a directory of the host for what its programs do.
fn watch(target: &str) -> io::Result<()> {
    let path = std::ffi::CString::new(target)?;
    // SAFETY: the path outlives the call.
    let watch = unsafe {
        let fd = libc::inotify_init1(0);
        libc::inotify_add_watch(fd, path.as_ptr(), libc::IN_OPEN)
    };
    if watch < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Asks for the file handle of the root by the way that needs no path.
fn empty_handle() -> io::Result<()> {
    let mut handle = [0_u32; 40];
    handle[0] = 128;
    let mut mount = 0_i32;
    // SAFETY: all buffers outlive the call.
    let result = unsafe {
        libc::syscall(
            libc::SYS_name_to_handle_at,
            libc::AT_FDCWD,
            c"/".as_ptr(),
            handle.as_mut_ptr(),
            &raw mut mount,
            0,
        )
    };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
