// SPDX-License-Identifier: Apache-2.0
//! The client of the broker: how every other process of Moat reaches the network.
//!
//! It says what it wants; the broker decides, adds the credential and logs. The
//! connection that [`Broker`] holds open keeps the broker from ending as idle.

use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use moat_log::Attribution;

use crate::connection::Connection;
use crate::error::Error;
use crate::limits::{ANSWER_TIMEOUT, CLIENT_TIMEOUT, LOCAL_MARGIN};
use crate::local::{check_body, connect};
use crate::message::{Answer, AnswerBody, Outgoing, Transport};
use crate::wire::{
    AnswerFrame, Kind, ListenerFrame, Refusal, RequestFrame, malformed, parse_json, read_frame,
    write_data, write_frame, write_json, write_with_fd,
};

/// A living broker.
#[derive(Debug)]
pub struct Broker {
    socket: PathBuf,
    /// Held open for as long as the broker must not end.
    _keep: UnixStream,
}

impl Broker {
    /// Connects to the broker at `socket`.
    ///
    /// # Errors
    /// [`Error::Connect`] when nobody answers: the caller may then start one.
    pub fn connect(socket: &Path) -> Result<Self, Error> {
        let failed = |source| Error::Connect { path: socket.to_owned(), source };
        let mut keep = connect(socket)?;
        keep.set_timeout(CLIENT_TIMEOUT).map_err(failed)?;
        write_frame(&mut keep, Kind::Keep, &[]).map_err(failed)?;
        match read_frame(&mut keep).map_err(failed)? {
            (Kind::Keep, _) => Ok(Self { socket: socket.to_owned(), _keep: keep }),
            other => Err(refused(other)),
        }
    }

    /// Hands over a listening TCP socket that was made inside a sandbox's own
    /// network namespace. The broker serves it as a proxy with the rule set of
    /// this name until the [`Adoption`] is dropped.
    ///
    /// # Errors
    /// [`Error::Denied`] when the policy has no such rule set.
    pub fn adopt(
        &self,
        listener: &impl AsFd,
        rule_set: &str,
        attribution: Attribution,
    ) -> Result<Adoption, Error> {
        let mut stream = connect(&self.socket)?;
        let frame = ListenerFrame { rule_set: rule_set.to_owned(), attribution };
        let mut exchange = || -> io::Result<_> {
            stream.set_timeout(CLIENT_TIMEOUT)?;
            let json = serde_json::to_vec(&frame)?;
            write_with_fd(&stream, Kind::Listener, &json, listener.as_fd())?;
            read_frame(&mut stream)
        };
        match exchange().map_err(|source| Error::Local { source })? {
            (Kind::Keep, _) => Ok(Adoption { _control: stream }),
            other => Err(refused(other)),
        }
    }
}

impl Transport for Broker {
    fn send(&self, outgoing: Outgoing) -> Result<Answer, Error> {
        check_body(&outgoing.body)?;
        let mut stream = connect(&self.socket)?;
        let registration = outgoing.cancel.register(&stream)?;
        let frame = RequestFrame {
            target: outgoing.target,
            purpose: outgoing.purpose,
            method: outgoing.method,
            headers: outgoing.headers,
            body_bytes: outgoing.body.len() as u64,
            attribution: outgoing.attribution,
        };
        let mut exchange = || -> io::Result<_> {
            // The broker has its own timeouts and says so; these only end a wait for a dead one.
            stream.set_timeout(ANSWER_TIMEOUT + LOCAL_MARGIN)?;
            let sent = write_json(&mut stream, Kind::Request, &frame)
                .and_then(|()| write_data(&mut stream, &outgoing.body))
                .and_then(|()| write_frame(&mut stream, Kind::End, &[]));
            // A broker that refuses early closes its side: its reason is still there to read.
            read_frame(&mut stream).or_else(|error| sent.and(Err(error)))
        };
        let first = match exchange() {
            Ok(first) => first,
            Err(_) if registration.is_cancelled() => return Err(Error::Cancelled),
            Err(source) => return Err(Error::Local { source }),
        };
        match first {
            (Kind::Answer, bytes) => {
                let head: AnswerFrame =
                    parse_json(&bytes).map_err(|source| Error::Local { source })?;
                let body = FrameBody { stream, bytes: Vec::new(), taken: 0, ended: false };
                Ok(Answer {
                    status: head.status,
                    headers: head.headers,
                    body: AnswerBody::new(Box::new(body), registration),
                })
            }
            other => Err(refused(other)),
        }
    }
}

/// A listener that the broker serves; dropping it ends that.
#[derive(Debug)]
pub struct Adoption {
    _control: UnixStream,
}

fn refused((kind, bytes): (Kind, Vec<u8>)) -> Error {
    match kind {
        Kind::Refusal => match parse_json::<Refusal>(&bytes) {
            Ok(refusal) => refusal.into(),
            Err(source) => Error::Local { source },
        },
        Kind::Keep | Kind::Request | Kind::Listener | Kind::Answer | Kind::Data | Kind::End => {
            Error::Local { source: malformed("an unexpected frame") }
        }
    }
}

#[derive(Debug)]
struct FrameBody {
    stream: UnixStream,
    bytes: Vec<u8>,
    taken: usize,
    ended: bool,
}

impl Read for FrameBody {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        while self.taken == self.bytes.len() {
            if self.ended {
                return Ok(0);
            }
            match read_frame(&mut self.stream)? {
                (Kind::Data, bytes) => {
                    self.bytes = bytes;
                    self.taken = 0;
                }
                (Kind::End, _) => self.ended = true,
                other => return Err(io::Error::other(refused(other))),
            }
        }
        let available = self.bytes.get(self.taken..).unwrap_or_default();
        let length = available.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..length), available.get(..length)) {
            to.copy_from_slice(from);
        }
        self.taken += length;
        Ok(length)
    }
}
