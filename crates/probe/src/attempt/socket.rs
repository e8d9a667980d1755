// SPDX-License-Identifier: Apache-2.0
//! Attempts on sockets, and the sockets of the bystander that they are aimed at.
//!
//! Invariant: nothing leaves the machine.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use moat_base::{Fs as _, RealFs};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags, SocketType};

use crate::limits::FACT_BYTES_MAX;
use crate::target::{Refused, Side, Target, Tried};

pub(super) fn tcp(target: &Target) -> Tried {
    let socket = socket(AddressFamily::INET, SocketType::STREAM)?;
    Ok(rustix::net::connect(&socket, &here(target.tcp))?)
}

pub(super) fn udp(target: &Target) -> Tried {
    let socket = socket(AddressFamily::INET, SocketType::DGRAM)?;
    rustix::net::sendto(&socket, target.canary.as_bytes(), SendFlags::empty(), &here(target.udp))?;
    Ok(())
}

/// Binds a datagram socket to an address of the block that is reserved for documentation
/// (RFC 5737). That looks for a route and sends nothing.
pub(super) fn route() -> Tried {
    let socket = socket(AddressFamily::INET, SocketType::DGRAM)?;
    let nowhere = SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 1), 9);
    Ok(rustix::net::connect(&socket, &nowhere)?)
}

pub(super) fn abstract_name(canary: &str) -> Tried {
    let socket = socket(AddressFamily::UNIX, SocketType::STREAM)?;
    Ok(rustix::net::connect(&socket, &SocketAddrUnix::new_abstract_name(canary.as_bytes())?)?)
}

pub(super) fn named(path: &Path) -> Tried {
    let socket = socket(AddressFamily::UNIX, SocketType::STREAM)?;
    Ok(rustix::net::connect(&socket, &SocketAddrUnix::new(path)?)?)
}

/// The kernel would load a module for the first such socket, which outside stays loaded.
pub(super) fn vsock(target: &Target) -> Tried {
    const VSOCK: AddressFamily = AddressFamily::from_raw(40);
    if target.side == Side::Outside {
        let known = RealFs.read("/proc/net/protocols".as_ref(), FACT_BYTES_MAX)?;
        if !String::from_utf8_lossy(&known).lines().any(|line| line.starts_with("AF_VSOCK")) {
            let reason = "the kernel would load a module for it";
            return Err(Refused::NotTried(reason.to_owned()));
        }
    }
    socket(VSOCK, SocketType::STREAM)?;
    Ok(())
}

pub(super) fn packet() -> Tried {
    socket(AddressFamily::PACKET, SocketType::RAW)?;
    Ok(())
}

fn socket(family: AddressFamily, kind: SocketType) -> rustix::io::Result<OwnedFd> {
    rustix::net::socket_with(family, kind, SocketFlags::CLOEXEC, None)
}

const fn here(port: u16) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)
}

/// The sockets of the bystander.
#[derive(Debug)]
pub(crate) struct Open {
    tcp: OwnedFd,
    udp: OwnedFd,
    nameless: OwnedFd,
    /// None where the path is too long for a socket.
    named: Option<OwnedFd>,
}

impl Open {
    /// Makes them; gives the ports.
    pub(crate) fn new(target: &Target) -> std::io::Result<(Self, [u16; 2])> {
        let bound = |kind| -> std::io::Result<(OwnedFd, u16)> {
            let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
            let socket = rustix::net::socket_with(AddressFamily::INET, kind, flags, None)?;
            rustix::net::bind(&socket, &here(0))?;
            let address = SocketAddr::try_from(rustix::net::getsockname(&socket)?)?;
            Ok((socket, address.port()))
        };
        let (tcp, tcp_port) = bound(SocketType::STREAM)?;
        rustix::net::listen(&tcp, BACKLOG)?;
        let (udp, udp_port) = bound(SocketType::DGRAM)?;
        let local = |address: &SocketAddrUnix| -> std::io::Result<OwnedFd> {
            let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
            let kind = SocketType::STREAM;
            let socket = rustix::net::socket_with(AddressFamily::UNIX, kind, flags, None)?;
            rustix::net::bind(&socket, address)?;
            rustix::net::listen(&socket, BACKLOG)?;
            Ok(socket)
        };
        let nameless = local(&SocketAddrUnix::new_abstract_name(target.canary.as_bytes())?)?;
        let named = match SocketAddrUnix::new(target.place.join("socket")) {
            Ok(address) => Some(local(&address)?),
            Err(_too_long) => None,
        };
        Ok((Self { tcp, udp, nameless, named }, [tcp_port, udp_port]))
    }

    /// The attempts by which something has arrived since the last time.
    pub(crate) fn arrived(&self) -> Vec<String> {
        let accepted = |socket: &OwnedFd| {
            let mut any = false;
            while rustix::net::accept(socket.as_fd()).is_ok() {
                any = true;
            }
            any
        };
        let mut heard = false;
        while rustix::net::recv(&self.udp, &mut [0_u8; 64], RecvFlags::DONTWAIT).is_ok() {
            heard = true;
        }
        [
            ("tcp", accepted(&self.tcp)),
            ("udp", heard),
            ("abstract-socket", accepted(&self.nameless)),
            ("named-socket", self.named.as_ref().is_some_and(accepted)),
        ]
        .into_iter()
        .filter(|(_name, arrived)| *arrived)
        .map(|(name, _arrived)| name.to_owned())
        .collect()
    }
}

const BACKLOG: i32 = 16;
