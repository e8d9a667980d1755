// SPDX-License-Identifier: Apache-2.0
//! TLS as a client: the platform's roots, an organisation's own, and nothing weaker.
//!
//! Invariant: there is no way to turn verification off.
//! Source: rustls (TLS 1.2 and 1.3), RFC 9525 for the host check.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::connection::Connection;
use crate::url::Host;

/// Whose certificates are believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Roots {
    /// The platform's authorities (`SSL_CERT_FILE` and `SSL_CERT_DIR` are honoured)
    /// and these further ones, each a PEM text from the user's configuration.
    PlatformAnd(Vec<Vec<u8>>),
    /// Only these, each a PEM text.
    Only(Vec<Vec<u8>>),
}

/// Why roots of trust could not be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct TlsError {
    reason: String,
}

impl TlsError {
    fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }
}

/// Makes the one configuration that all connections share.
pub(crate) fn config(roots: &Roots) -> Result<Arc<ClientConfig>, TlsError> {
    let mut store = RootCertStore::empty();
    let own = match roots {
        Roots::PlatformAnd(own) => {
            let platform = rustls_native_certs::load_native_certs();
            store.add_parsable_certificates(platform.certs);
            own
        }
        Roots::Only(own) => own,
    };
    for pem in own {
        let mut found = 0;
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|error| TlsError::new(error.to_string()))?;
            store.add(certificate).map_err(|error| TlsError::new(error.to_string()))?;
            found += 1;
        }
        if found == 0 {
            return Err(TlsError::new("a certificate file holds no certificate"));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::new(error.to_string()))?
        .with_root_certificates(store)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// Does the handshake with the verified host over a connected socket.
pub(crate) fn handshake<S: Connection>(
    config: &Arc<ClientConfig>,
    host: &Host,
    mut socket: S,
) -> io::Result<StreamOwned<ClientConnection, S>> {
    let name = match host {
        Host::Name(name) => ServerName::try_from(name.clone())
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?,
        Host::Address(address) => ServerName::IpAddress((*address).into()),
    };
    let mut session = ClientConnection::new(Arc::clone(config), name).map_err(io::Error::other)?;
    while session.is_handshaking() {
        session.complete_io(&mut socket)?;
    }
    Ok(StreamOwned::new(session, socket))
}

impl<S: Connection> Connection for StreamOwned<ClientConnection, S> {
    fn set_timeout(&self, timeout: Duration) -> io::Result<()> {
        self.sock.set_timeout(timeout)
    }
}

/// A connection whose type no longer matters.
pub(crate) struct AnyConnection(pub(crate) Box<dyn Connection>);

impl Read for AnyConnection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for AnyConnection {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.0.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Connection for AnyConnection {
    fn set_timeout(&self, timeout: Duration) -> io::Result<()> {
        self.0.set_timeout(timeout)
    }
}

/// Only here so that the kernel's socket is named once.
pub(crate) type Socket = TcpStream;
