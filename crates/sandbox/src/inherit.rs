// SPDX-License-Identifier: Apache-2.0
//! Taking over the socket that a service was started with.

use std::io;
use std::os::fd::{FromRawFd as _, OwnedFd, RawFd};
use std::os::unix::net::{UnixListener, UnixStream};

/// The number of the first descriptor that a service inherits.
const FIRST: RawFd = 3;

/// Takes the listening unix socket that [`crate::Service::inherited`] held first.
///
/// Call it once, at the start of the service's `main`, before any descriptor is opened.
///
/// # Errors
/// When descriptor 3 is not a listening unix socket: the program was not started as a service.
pub fn inherited_listener() -> io::Result<UnixListener> {
    let fd = inherited()?;
    if !is_unix(&fd)? || !rustix::net::sockopt::socket_acceptconn(&fd)? {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "descriptor 3 is not a listening unix socket",
        ));
    }
    Ok(UnixListener::from(fd))
}

/// Takes the connected unix socket that [`crate::Service::inherited`] held first.
///
/// Call it once, at the start of the service's `main`, before any descriptor is opened.
///
/// # Errors
/// When descriptor 3 is not a connected unix socket: the program was not started as a service.
pub fn inherited_stream() -> io::Result<UnixStream> {
    let fd = inherited()?;
    if !is_unix(&fd)? || rustix::net::sockopt::socket_acceptconn(&fd)? {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "descriptor 3 is not a connected unix socket",
        ));
    }
    Ok(UnixStream::from(fd))
}

fn is_unix(fd: &OwnedFd) -> io::Result<bool> {
    Ok(rustix::net::sockopt::socket_domain(fd)? == rustix::net::AddressFamily::UNIX)
}

fn inherited() -> io::Result<OwnedFd> {
    // SAFETY: fcntl takes the number as it is and fails when nothing is open there.
    #[expect(unsafe_code, reason = "the number is all that a new process has of it")]
    let open = unsafe { libc::fcntl(FIRST, libc::F_GETFD) };
    if open == -1 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: it is open, and by the contract of the callers nobody else in this
    // process owns it: it was inherited, and this is called once.
    #[expect(unsafe_code, reason = "the number is all that a new process has of it")]
    let fd = unsafe { OwnedFd::from_raw_fd(FIRST) };
    rustix::io::fcntl_setfd(&fd, rustix::io::FdFlags::CLOEXEC)?;
    Ok(fd)
}
