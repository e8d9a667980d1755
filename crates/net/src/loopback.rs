// SPDX-License-Identifier: Apache-2.0
//! The listening port of the browser IDE's server.
//!
//! Invariant: it is on 127.0.0.1 and on no other address. That is no boundary: other users and
//! programs of this machine reach it too, and `moat-server` judges each request.

use std::net::{Ipv4Addr, TcpListener};

use crate::error::Error;

/// Listens on a port of 127.0.0.1, or on a free one.
///
/// # Errors
/// [`Error::Listen`] when the port is taken or the process may not.
#[expect(clippy::disallowed_methods, reason = "this is the door to sockets")]
pub fn listen_on_loopback(port: Option<u16>) -> Result<(TcpListener, u16), Error> {
    let failed = |source| Error::Listen { port: port.unwrap_or_default(), source };
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, port.unwrap_or_default())).map_err(failed)?;
    let port = listener.local_addr().map_err(failed)?.port();
    Ok((listener, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_taken_once_and_only_on_loopback() {
        let (listener, port) = listen_on_loopback(None).unwrap();
        assert!(listener.local_addr().unwrap().ip().is_loopback());
        let taken = listen_on_loopback(Some(port)).unwrap_err();
        assert!(matches!(taken, Error::Listen { port: of, .. } if of == port), "{taken:?}");
    }
}
