// SPDX-License-Identifier: Apache-2.0
//! Names to addresses, once per crossing.

use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use crate::limits::LOOKUPS_MAX;

/// Turns a host name into addresses.
///
/// Implementors ask once and give all addresses; the caller checks each of them
/// and dials only those.
pub trait Resolver: Send + Sync + std::fmt::Debug {
    /// Looks `name` up.
    ///
    /// # Errors
    /// The system's error, or a timeout.
    fn resolve(&self, name: &str, timeout: Duration) -> io::Result<Vec<IpAddr>>;
}

/// The resolver of the operating system.
///
/// The system's call cannot be ended, so it runs in a thread of its own and a
/// look-up that hangs is left behind; a bounded number of them may run.
#[derive(Debug, Clone, Default)]
pub struct SystemResolver {
    running: Arc<AtomicUsize>,
}

impl Resolver for SystemResolver {
    fn resolve(&self, name: &str, timeout: Duration) -> io::Result<Vec<IpAddr>> {
        if self.running.fetch_add(1, Ordering::SeqCst) >= LOOKUPS_MAX {
            self.running.fetch_sub(1, Ordering::SeqCst);
            return Err(io::Error::other("too many look-ups run already"));
        }
        let (sender, receiver) = sync_channel(1);
        let (owned, running) = (name.to_owned(), Arc::clone(&self.running));
        let spawned = std::thread::Builder::new().name("lookup".to_owned()).spawn(move || {
            let found = (owned.as_str(), 0).to_socket_addrs();
            running.fetch_sub(1, Ordering::SeqCst);
            // The one who asked may have given up.
            let _given_up =
                sender.send(found.map(|found| found.map(|address| address.ip()).collect()));
        });
        if let Err(error) = spawned {
            self.running.fetch_sub(1, Ordering::SeqCst);
            return Err(error);
        }
        receiver
            .recv_timeout(timeout)
            .unwrap_or_else(|_late| Err(io::Error::from(io::ErrorKind::TimedOut)))
    }
}
