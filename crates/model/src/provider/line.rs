// SPDX-License-Identifier: Apache-2.0
//! One exchange with a server, read by a thread of its own.
//!
//! The thread blocks in the transport; the caller waits on a bounded queue in
//! short slices, so that an interrupt or a deadline is never missed. Dropping the
//! line hangs up, which unblocks the thread.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;
use std::{io, io::Read};

use super::Provider;
use crate::limits::{PIECE_BYTES_MAX, PIECES_WAITING_MAX, WAIT_SLICE};
use crate::transport::{Call, Failure, HangUp, Transport};
use crate::{Error, Interrupt, Stage};

/// What the reader of an answer gets.
pub(super) enum Piece {
    Bytes(Vec<u8>),
    End,
}

enum Signal {
    Status(u16),
    Bytes(Vec<u8>),
    End,
    NoReply(Failure),
    Broken(io::Error),
}

pub(super) struct Line<'a> {
    provider: &'a Provider,
    interrupt: &'a Interrupt,
    signals: Receiver<Signal>,
    hang_up: Arc<HangUp>,
    opened: Duration,
    last_piece: Duration,
    stage: Stage,
    nobody_listened: bool,
}

impl<'a> Line<'a> {
    /// Starts to send `call`.
    pub(super) fn open(provider: &'a Provider, call: Arc<Call>, interrupt: &'a Interrupt) -> Self {
        let (sender, signals) = sync_channel(PIECES_WAITING_MAX);
        let hang_up = Arc::new(HangUp::default());
        let transport = Arc::clone(&provider.transport);
        let for_thread = Arc::clone(&hang_up);
        std::thread::spawn(move || read(&*transport, &call, &for_thread, &sender));
        let now = provider.clock.monotonic();
        Self {
            provider,
            interrupt,
            signals,
            hang_up,
            opened: now,
            last_piece: now,
            stage: Stage::FirstByte,
            nobody_listened: false,
        }
    }

    /// Waits for the HTTP status.
    pub(super) fn status(&mut self) -> Result<u16, Error> {
        match self.wait()? {
            Signal::Status(status) => Ok(status),
            Signal::NoReply(failure) => {
                self.nobody_listened = matches!(failure, Failure::NobodyListens(_));
                Err(self.provider.failure(failure))
            }
            Signal::Broken(source) => Err(self.broken(source)),
            Signal::Bytes(_) | Signal::End => {
                Err(self.broken(io::Error::from(io::ErrorKind::UnexpectedEof)))
            }
        }
    }

    /// Whether [`Self::status`] failed before anything was sent.
    pub(super) const fn nobody_listened(&self) -> bool {
        self.nobody_listened
    }

    /// Waits for the next piece of the body.
    pub(super) fn next(&mut self) -> Result<Piece, Error> {
        match self.wait()? {
            Signal::Bytes(bytes) => {
                self.stage = Stage::BetweenPieces;
                self.last_piece = self.provider.clock.monotonic();
                Ok(Piece::Bytes(bytes))
            }
            Signal::End | Signal::Status(_) => Ok(Piece::End),
            Signal::Broken(source) => Err(self.broken(source)),
            Signal::NoReply(failure) => Err(self.provider.failure(failure)),
        }
    }

    /// Reads the start of the body, as much as fits the limit.
    pub(super) fn body(&mut self, limit_bytes: usize) -> Result<Vec<u8>, Error> {
        let mut body = Vec::new();
        while body.len() < limit_bytes {
            match self.next() {
                Ok(Piece::Bytes(bytes)) => body.extend_from_slice(&bytes),
                // The status is known; a body that breaks off is not the news.
                Ok(Piece::End) | Err(Error::Broken { .. }) => break,
                Err(other) => return Err(other),
            }
        }
        body.truncate(limit_bytes);
        Ok(body)
    }

    fn wait(&self) -> Result<Signal, Error> {
        loop {
            if self.interrupt.is_raised() {
                return Err(Error::Interrupted);
            }
            match self.signals.recv_timeout(WAIT_SLICE) {
                Ok(signal) => return Ok(signal),
                Err(RecvTimeoutError::Timeout) => self.check_deadlines()?,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(self.broken(io::Error::other("the reading thread ended")));
                }
            }
        }
    }

    fn check_deadlines(&self) -> Result<(), Error> {
        let now = self.provider.clock.monotonic();
        let timeouts = self.provider.timeouts;
        let (since, limit) = match self.stage {
            Stage::FirstByte => (self.opened, timeouts.first_byte),
            Stage::BetweenPieces | Stage::Whole => (self.last_piece, timeouts.between_pieces),
        };
        let silent = |stage, limit: Duration| {
            Err(Error::Silent {
                server: self.provider.transport.name(),
                stage,
                seconds: limit.as_secs(),
            })
        };
        if now.saturating_sub(since) >= limit {
            return silent(self.stage, limit);
        }
        if now.saturating_sub(self.opened) >= timeouts.whole {
            return silent(Stage::Whole, timeouts.whole);
        }
        Ok(())
    }

    fn broken(&self, source: io::Error) -> Error {
        Error::Broken { server: self.provider.transport.name(), source }
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        self.hang_up.pull();
    }
}

/// The thread: ends at the end of the body, on an error, or when nobody listens any more.
fn read(transport: &dyn Transport, call: &Call, hang_up: &HangUp, sender: &SyncSender<Signal>) {
    let mut reply = match transport.send(call, hang_up) {
        Ok(reply) => reply,
        Err(failure) => {
            let _gone = sender.send(Signal::NoReply(failure));
            return;
        }
    };
    if sender.send(Signal::Status(reply.status)).is_err() {
        return;
    }
    loop {
        let mut piece = vec![0; PIECE_BYTES_MAX];
        let signal = match reply.body.read(&mut piece) {
            Ok(0) => Signal::End,
            Ok(length) => {
                piece.truncate(length);
                Signal::Bytes(piece)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Signal::Broken(error),
        };
        let last = matches!(signal, Signal::End | Signal::Broken(_));
        if sender.send(signal).is_err() || last {
            return;
        }
    }
}
