// SPDX-License-Identifier: Apache-2.0
//! Frames between a client and the broker, on the broker's unix socket.
//!
//! A frame is one kind byte, a length of four bytes (big endian) and that many
//! bytes. A client opens with `K` (keep me), `Q` (a request's head, followed by
//! `D` frames and `E`) or `L` (a listener, its descriptor attached). The broker
//! answers `K`, or `A` (an answer's head), `D` frames and `E`; or `X`, a refusal,
//! at any point. `E` is sent only after the closing line of the log is durable.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use moat_log::Attribution;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Problem};
use crate::limits::FRAME_BYTES_MAX;
use crate::message::{RequestHeader, Target};
use crate::policy::{Method, Purpose};

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Keep,
    Request,
    Listener,
    Answer,
    Data,
    End,
    Refusal,
}

impl Kind {
    const fn byte(self) -> u8 {
        match self {
            Self::Keep => b'K',
            Self::Request => b'Q',
            Self::Listener => b'L',
            Self::Answer => b'A',
            Self::Data => b'D',
            Self::End => b'E',
            Self::Refusal => b'X',
        }
    }

    fn of(byte: u8) -> io::Result<Self> {
        [
            Self::Keep,
            Self::Request,
            Self::Listener,
            Self::Answer,
            Self::Data,
            Self::End,
            Self::Refusal,
        ]
        .into_iter()
        .find(|kind| kind.byte() == byte)
        .ok_or_else(|| malformed("a frame of an unknown kind"))
    }
}

/// The head of a request.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestFrame {
    pub(crate) target: Target,
    pub(crate) purpose: Purpose,
    pub(crate) method: Method,
    pub(crate) headers: Vec<(RequestHeader, String)>,
    pub(crate) body_bytes: u64,
    pub(crate) attribution: Attribution,
}

/// A listener to adopt.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListenerFrame {
    pub(crate) rule_set: String,
    pub(crate) attribution: Attribution,
}

/// The head of an answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnswerFrame {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
}

/// Why the broker did not do it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Refusal {
    Denied { to: String, rule: String, reason: String },
    Peer { to: String, problem: Problem },
    Broker { reason: String },
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Denied { to, rule, reason } => Self::Denied { to, rule, reason },
            Refusal::Peer { to, problem } => Self::Peer { to, problem },
            Refusal::Broker { reason } => Self::Broker { reason },
        }
    }
}

pub(crate) fn malformed(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

pub(crate) fn write_frame(out: &mut dyn Write, kind: Kind, bytes: &[u8]) -> io::Result<()> {
    let mut frame = head(kind, bytes)?.to_vec();
    frame.extend_from_slice(bytes);
    out.write_all(&frame)
}

pub(crate) fn write_json<T: Serialize>(
    out: &mut dyn Write,
    kind: Kind,
    value: &T,
) -> io::Result<()> {
    write_frame(out, kind, &serde_json::to_vec(value)?)
}

/// Writes bytes of any length as data frames.
pub(crate) fn write_data(out: &mut dyn Write, bytes: &[u8]) -> io::Result<()> {
    bytes.chunks(FRAME_BYTES_MAX).try_for_each(|chunk| write_frame(out, Kind::Data, chunk))
}

pub(crate) fn read_frame(from: &mut dyn Read) -> io::Result<(Kind, Vec<u8>)> {
    let mut head = [0; 5];
    from.read_exact(&mut head)?;
    read_rest(from, head)
}

pub(crate) fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> io::Result<T> {
    serde_json::from_slice(bytes).map_err(io::Error::from)
}

/// Writes a frame that carries a descriptor.
pub(crate) fn write_with_fd(
    to: &UnixStream,
    kind: Kind,
    bytes: &[u8],
    fd: BorrowedFd<'_>,
) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let fds = [fd];
    if !control.push(SendAncillaryMessage::ScmRights(&fds)) {
        return Err(malformed("a descriptor does not fit"));
    }
    let head = head(kind, bytes)?;
    let sent = rustix::net::sendmsg(to, &[IoSlice::new(&head)], &mut control, SendFlags::NOSIGNAL)?;
    let mut out = to;
    out.write_all(head.get(sent..).unwrap_or_default())?;
    out.write_all(bytes)
}

/// Reads a frame and the one descriptor that may come with its first bytes.
pub(crate) fn read_with_fd(from: &UnixStream) -> io::Result<(Kind, Vec<u8>, Option<OwnedFd>)> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut head = [0; 5];
    let received = crate::connection::retry(|| {
        Ok(rustix::net::recvmsg(
            from.as_fd(),
            &mut [IoSliceMut::new(&mut head)],
            &mut control,
            RecvFlags::CMSG_CLOEXEC,
        )?)
    })?;
    if received.bytes == 0 {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
    }
    let mut fd = None;
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(fds) = message {
            fd = fds.last();
        }
    }
    let mut rest = from;
    rest.read_exact(head.get_mut(received.bytes..).unwrap_or_default())?;
    let (kind, bytes) = read_rest(&mut rest, head)?;
    Ok((kind, bytes, fd))
}

fn head(kind: Kind, bytes: &[u8]) -> io::Result<[u8; 5]> {
    if bytes.len() > FRAME_BYTES_MAX {
        return Err(malformed("a frame is too long"));
    }
    let length = u32::try_from(bytes.len()).map_err(|_source| malformed("a frame is too long"))?;
    let [a, b, c, d] = length.to_be_bytes();
    Ok([kind.byte(), a, b, c, d])
}

fn read_rest(from: &mut dyn Read, head: [u8; 5]) -> io::Result<(Kind, Vec<u8>)> {
    let [kind, length @ ..] = head;
    let kind = Kind::of(kind)?;
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > FRAME_BYTES_MAX {
        return Err(malformed("a frame is too long"));
    }
    let mut bytes = vec![0; length];
    from.read_exact(&mut bytes)?;
    Ok((kind, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_and_descriptors_arrive_as_they_were_sent() {
        let (near, far) = UnixStream::pair().unwrap();
        let (sent, _kept) = UnixStream::pair().unwrap();
        write_with_fd(&near, Kind::Listener, b"hello", sent.as_fd()).unwrap();
        let (kind, bytes, fd) = read_with_fd(&far).unwrap();
        assert_eq!(
            (kind, bytes.as_slice(), fd.is_some()),
            (Kind::Listener, b"hello".as_slice(), true)
        );
        write_data(&mut (&near), &vec![7; FRAME_BYTES_MAX / 16]).unwrap();
        let (kind, bytes) = read_frame(&mut (&far)).unwrap();
        assert_eq!((kind, bytes.len()), (Kind::Data, FRAME_BYTES_MAX / 16));
    }

    #[test]
    fn malformed_frames_are_refused() {
        for bytes in [b"Z\0\0\0\0".as_slice(), b"D\xff\xff\xff\xff", b"D\0\0\0\x05abc", b"D\0", b""]
        {
            assert!(read_frame(&mut { bytes }).is_err(), "{bytes:?}");
        }
        for json in [
            r#"{"target":{"endpoint":{"name":"m","path":"/"}},"purpose":"model_request","method":"POST","headers":[["authorization","x"]],"body_bytes":0,"attribution":{"user":null,"session":null,"call":null}}"#,
            r#"{"target":{"endpoint":{"name":"m","path":"/"}},"purpose":"model_request","method":"CONNECT","headers":[],"body_bytes":0,"attribution":{"user":null,"session":null,"call":null}}"#,
            r#"{"target":{"endpoint":{"name":"m","path":"/"}},"purpose":"model_request","method":"POST","headers":[],"body_bytes":0,"credential":"x","attribution":{"user":null,"session":null,"call":null}}"#,
        ] {
            assert!(parse_json::<RequestFrame>(json.as_bytes()).is_err(), "{json}");
        }
        let good = r#"{"target":{"endpoint":{"name":"m","path":"/"}},"purpose":"model_request","method":"POST","headers":[["accept","x"]],"body_bytes":0,"attribution":{"user":null,"session":null,"call":null}}"#;
        assert!(parse_json::<RequestFrame>(good.as_bytes()).is_ok());
    }
}
