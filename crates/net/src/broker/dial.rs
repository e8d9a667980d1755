// SPDX-License-Identifier: Apache-2.0
//! Looking up, checking and dialling, in this order and each once.
//!
//! Invariant: the address that is dialled is one of the addresses that were
//! checked; no name is handed to the system's `connect`.

use std::cell::Cell;
use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};

use crate::address::objection;
use crate::broker::{Shared, Timeouts};
use crate::connection::{Connection, Deadline};
use crate::error::Problem;
use crate::http::problem;
use crate::limits::ADDRESSES_MAX;
use crate::policy::Zone;
use crate::stop::{Stop, poll};
use crate::url::Host;

/// What a look-up led to.
pub(crate) enum Found {
    /// These addresses may be dialled.
    Addresses(Vec<IpAddr>),
    /// The name leads somewhere that its zone does not allow.
    Forbidden(Vec<IpAddr>, String),
    /// The name has no address.
    Nothing(Problem),
}

/// Looks a host up and checks every address; one bad address denies them all.
pub(crate) fn find(shared: &Shared, host: &Host, zone: &Zone) -> Found {
    let mut addresses = match host {
        Host::Address(address) => vec![*address],
        Host::Name(name) => {
            match shared.settings.resolver.resolve(name, shared.settings.timeouts.lookup) {
                Ok(addresses) => addresses,
                Err(error) => return Found::Nothing(Problem::Lookup(error.to_string())),
            }
        }
    };
    if let Some((address, reason)) = addresses
        .iter()
        .find_map(|address| objection(*address, zone).map(|reason| (*address, reason)))
    {
        return Found::Forbidden(addresses, format!("it resolves to {address}, and {reason}"));
    }
    addresses.dedup();
    addresses.truncate(ADDRESSES_MAX);
    if addresses.is_empty() {
        return Found::Nothing(Problem::Lookup("no address".to_owned()));
    }
    Found::Addresses(addresses)
}

/// Connects to the first address that answers.
#[expect(clippy::disallowed_methods, reason = "this is the door to sockets")]
pub(crate) fn dial(
    addresses: &[IpAddr],
    port: u16,
    timeouts: &Timeouts,
) -> Result<TcpStream, Problem> {
    let deadline = Deadline::after(timeouts.connect);
    let mut last = Problem::Connect("no address".to_owned());
    for address in addresses {
        let attempt = deadline
            .left()
            .and_then(|left| TcpStream::connect_timeout(&SocketAddr::new(*address, port), left));
        match attempt {
            Ok(stream) => return Ok(stream),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                last = problem(&error, timeouts.connect);
            }
            Err(error) => last = Problem::Connect(error.to_string()),
        }
    }
    Err(last)
}

/// A socket whose waits also end when the one who asked goes away or the broker ends.
#[derive(Debug)]
pub(crate) struct Watched {
    socket: TcpStream,
    client: OwnedFd,
    stop: Stop,
    timeout: Cell<Duration>,
}

/// Why a wait for a peer ended without the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Left {
    #[error("the client went away")]
    Client,
    #[error("the broker is ending")]
    Broker,
}

/// Takes the reason out of an error that a [`Watched`] socket gave.
pub(crate) fn left(error: &io::Error) -> Option<Left> {
    error.get_ref().and_then(|inner| inner.downcast_ref::<Left>()).copied()
}

impl Watched {
    pub(crate) fn new(socket: TcpStream, client: &impl AsFd, stop: &Stop) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        socket.set_nodelay(true)?;
        Ok(Self {
            socket,
            client: client.as_fd().try_clone_to_owned()?,
            stop: stop.clone(),
            timeout: Cell::new(Duration::from_secs(1)),
        })
    }

    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        Self::new(self.socket.try_clone()?, &self.client, &self.stop)
    }

    pub(crate) const fn socket(&self) -> &TcpStream {
        &self.socket
    }

    fn wait(&self, flags: PollFlags) -> io::Result<()> {
        let mut polled = [
            PollFd::new(&self.socket, flags),
            PollFd::new(&self.client, PollFlags::RDHUP),
            PollFd::from_borrowed_fd(self.stop.as_fd(), PollFlags::IN),
        ];
        poll(&mut polled, Some(self.timeout.get()))?;
        let [socket, client, stop] = polled;
        if !stop.revents().is_empty() {
            return Err(io::Error::other(Left::Broker));
        }
        if !client.revents().is_empty() {
            return Err(io::Error::other(Left::Client));
        }
        if socket.revents().is_empty() {
            return Err(io::Error::from(io::ErrorKind::TimedOut));
        }
        Ok(())
    }
}

impl Connection for Watched {
    fn set_timeout(&self, timeout: Duration) -> io::Result<()> {
        self.timeout.set(timeout);
        Ok(())
    }
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            self.wait(PollFlags::IN)?;
            match self.socket.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                other => return other,
            }
        }
    }
}

impl Write for Watched {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        loop {
            self.wait(PollFlags::OUT)?;
            match self.socket.write(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                other => return other,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
