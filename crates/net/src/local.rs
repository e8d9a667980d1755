// SPDX-License-Identifier: Apache-2.0
//! Unix sockets between Moat's own processes, and the client of the model server.
//!
//! A socket has mode 0600 in a directory of mode 0700, and both ends ask the
//! kernel whose process is at the other end. There is no loopback port, so there
//! is nothing for a browser page or another user to reach (P-20).
//!
//! Invariant: an existing file is replaced only when it is a socket of this user
//! and nobody listens on it.

use std::fs::Permissions;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use crate::connection::{Buffered, Connection, Deadline};
use crate::error::Error;
use crate::http::{Body, ResponseHead, write_request};
use crate::limits::{
    ANSWER_TIMEOUT, CLIENT_TIMEOUT, HEAD_BYTES_MAX, MODEL_ANSWER_BYTES_MAX, REQUEST_BODY_BYTES_MAX,
    SILENCE_TIMEOUT,
};
use crate::message::{Answer, AnswerBody, Outgoing, Target, Transport};

/// Makes a private listening socket at `path`, and its directory if it is missing.
///
/// # Errors
/// [`Error::Occupied`] when somebody listens there, when the file is no socket or
/// not ours, or when the directory is open to others; [`Error::Bind`] otherwise.
#[expect(clippy::disallowed_methods, reason = "this is the door to sockets")]
pub fn bind(path: &Path) -> Result<UnixListener, Error> {
    let failed = |source| Error::Bind { path: path.to_owned(), source };
    let occupied = |reason| Err(Error::Occupied { path: path.to_owned(), reason });
    let own = rustix::process::geteuid().as_raw();
    if let Some(parent) = path.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(parent).map_err(failed)?;
        let metadata = parent.symlink_metadata().map_err(failed)?;
        if !metadata.is_dir() || metadata.uid() != own || metadata.mode() & 0o077 != 0 {
            return occupied("its directory is not a directory of this user with mode 0700");
        }
    }
    // Held until this one is bound, so that two starters cannot replace each other's.
    let _starting = lock_beside(path).map_err(failed)?;
    match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
        Ok(metadata) if !metadata.file_type().is_socket() => return occupied("it is not a socket"),
        Ok(metadata) if metadata.uid() != own => return occupied("it belongs to another user"),
        Ok(_) => match UnixStream::connect(path) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                std::fs::remove_file(path).map_err(failed)?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Ok(_) | Err(_) => return occupied("somebody listens on it"),
        },
    }
    let listener = UnixListener::bind(path).map_err(failed)?;
    std::fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(failed)?;
    Ok(listener)
}

fn lock_beside(path: &Path) -> io::Result<OwnedFd> {
    use rustix::fs::{FlockOperation, Mode, OFlags};
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".lock");
    let flags = OFlags::CREATE | OFlags::RDWR | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let file = rustix::fs::open(path.with_file_name(name), flags, Mode::RUSR | Mode::WUSR)?;
    rustix::fs::flock(&file, FlockOperation::LockExclusive)?;
    Ok(file)
}

/// Connects to a socket of this user.
#[expect(clippy::disallowed_methods, reason = "this is the door to sockets")]
pub(crate) fn connect(path: &Path) -> Result<UnixStream, Error> {
    let failed = |source| Error::Connect { path: path.to_owned(), source };
    let stream = UnixStream::connect(path).map_err(failed)?;
    let peer = peer(&stream).map_err(failed)?;
    if peer.uid != rustix::process::geteuid().as_raw() {
        return Err(Error::ForeignPeer { path: path.to_owned(), uid: peer.uid });
    }
    Ok(stream)
}

/// The process at the other end, as the kernel knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Peer {
    pub(crate) uid: u32,
    pub(crate) pid: i32,
}

pub(crate) fn peer(stream: &UnixStream) -> io::Result<Peer> {
    // Not rustix's: it takes the process id for one above zero, and that of a peer
    // in another process namespace is zero.
    let credentials =
        nix::sys::socket::getsockopt(stream, nix::sys::socket::sockopt::PeerCredentials)?;
    Ok(Peer { uid: credentials.uid(), pid: credentials.pid() })
}

/// Whether the process at the other end belongs to this process's user.
pub(crate) fn is_own(peer: Peer) -> bool {
    peer.uid == rustix::process::geteuid().as_raw()
}

/// The client of an HTTP server of ours on a unix socket: the embedded model server.
///
/// It takes the same [`Outgoing`] as the broker; the endpoint's name, the purpose
/// and the attribution have no meaning here and are not sent.
#[derive(Debug, Clone)]
pub struct Local {
    path: PathBuf,
}

impl Local {
    /// Checks that a server of this user answers at `path`.
    ///
    /// # Errors
    /// [`Error::Connect`] or [`Error::ForeignPeer`].
    pub fn connect(path: &Path) -> Result<Self, Error> {
        connect(path)?;
        Ok(Self { path: path.to_owned() })
    }
}

impl Transport for Local {
    fn send(&self, outgoing: Outgoing) -> Result<Answer, Error> {
        let path = match &outgoing.target {
            Target::Endpoint { path, .. } => path.clone(),
            Target::Download { url } => {
                return Err(Error::Denied {
                    to: url.clone(),
                    rule: "local socket".to_owned(),
                    reason: "a local server serves no downloads".to_owned(),
                });
            }
        };
        check_body(&outgoing.body)?;
        let mut stream = connect(&self.path)?;
        let registration = outgoing.cancel.register(&stream)?;
        let to = self.path.display().to_string();
        let headers: Vec<(&str, &str)> =
            outgoing.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let exchange = || -> io::Result<_> {
            stream.set_timeout(CLIENT_TIMEOUT)?;
            write_request(
                &mut stream,
                outgoing.method,
                &path,
                "localhost",
                &headers,
                &outgoing.body,
            )?;
            let mut buffered = Buffered::new(stream);
            let head =
                ResponseHead::read(&mut buffered, Deadline::after(ANSWER_TIMEOUT), HEAD_BYTES_MAX)?;
            buffered.connection().set_timeout(SILENCE_TIMEOUT)?;
            Ok((head, buffered))
        };
        let (head, buffered) = exchange().map_err(|error| {
            if registration.is_cancelled() {
                return Error::Cancelled;
            }
            Error::Peer { to: to.clone(), problem: crate::http::problem(&error, ANSWER_TIMEOUT) }
        })?;
        let length =
            head.body_length(outgoing.method).map_err(|problem| Error::Peer { to, problem })?;
        let body = Body::new(buffered, length, MODEL_ANSWER_BYTES_MAX);
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body: AnswerBody::new(Box::new(body), registration),
        })
    }
}

pub(crate) fn check_body(body: &[u8]) -> Result<(), Error> {
    if body.len() > REQUEST_BODY_BYTES_MAX {
        return Err(Error::TooLarge { bytes: body.len(), limit_bytes: REQUEST_BODY_BYTES_MAX });
    }
    Ok(())
}
