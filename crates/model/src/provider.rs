// SPDX-License-Identifier: Apache-2.0
//! Asks one server: time limits, retry, interruption, and as many candidates as asked.
//!
//! A request is sent again only when nothing of an answer has come: nobody
//! listened, or the server said 503. A server that cannot give several candidates
//! at once is asked once for each, with the seeds `seed`, `seed + 1` and so on.
//!
//! Invariant: every wait looks at the interrupt and at the deadlines.

mod line;

use std::sync::Arc;
use std::time::Duration;

use moat_base::Clock;

use crate::answer::Gather;
use crate::limits::{ANSWER_BYTES_MAX, ATTEMPTS_MAX, ERROR_BODY_BYTES_MAX, WAIT_SLICE};
use crate::openai::{self, Decoder, Fault};
use crate::request::Sampling;
use crate::transport::{Call, Failure, Transport};
use crate::{Answer, Chunk, CompletionRequest, Error, Interrupt, Request};

use line::{Line, Piece};

/// How long each wait of a request may last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// From sending to the first byte of the answer; the server reads the prompt meanwhile.
    pub first_byte: Duration,
    /// From one piece of the answer to the next.
    pub between_pieces: Duration,
    /// For the whole answer.
    pub whole: Duration,
    /// Before the second attempt; doubled for each further one.
    pub retry_pause: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            first_byte: Duration::from_secs(300),
            between_pieces: Duration::from_secs(120),
            whole: Duration::from_secs(1800),
            retry_pause: Duration::from_millis(250),
        }
    }
}

/// One model server.
#[derive(Clone, Debug)]
pub struct Provider {
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    timeouts: Timeouts,
}

/// Either kind of request.
#[derive(Clone, Copy, Debug)]
enum Ask<'a> {
    Chat(&'a Request),
    Completion(&'a CompletionRequest),
}

/// Whether a body asks for several candidates at once.
#[derive(Clone, Copy)]
enum Many {
    Asked,
    No,
}

/// What one exchange with the server gave.
enum Outcome {
    Answered,
    /// The server does not take this number of candidates.
    ManyRefused,
}

impl Provider {
    /// Makes a provider that asks through `transport`.
    #[must_use]
    pub fn new(transport: Arc<dyn Transport>, clock: Arc<dyn Clock>, timeouts: Timeouts) -> Self {
        Self { transport, clock, timeouts }
    }

    /// The same server, asked by somebody who has only this much time.
    #[must_use]
    pub fn within(&self, limit: Duration) -> Self {
        let timeouts = Timeouts {
            first_byte: self.timeouts.first_byte.min(limit),
            between_pieces: self.timeouts.between_pieces.min(limit),
            whole: self.timeouts.whole.min(limit),
            retry_pause: self.timeouts.retry_pause,
        };
        Self { timeouts, ..self.clone() }
    }

    /// Continues a conversation; `take` sees each piece as it comes.
    ///
    /// # Errors
    /// [`Error`]; the pieces before it were handed on.
    pub fn chat(
        &self,
        request: &Request,
        interrupt: &Interrupt,
        take: &mut dyn FnMut(&Chunk),
    ) -> Result<Answer, Error> {
        self.ask(Ask::Chat(request), interrupt, take)
    }

    /// Fills a gap in a text; `take` sees each piece as it comes.
    ///
    /// # Errors
    /// [`Error`]; the pieces before it were handed on.
    pub fn complete(
        &self,
        request: &CompletionRequest,
        interrupt: &Interrupt,
        take: &mut dyn FnMut(&Chunk),
    ) -> Result<Answer, Error> {
        self.ask(Ask::Completion(request), interrupt, take)
    }

    fn ask(
        &self,
        ask: Ask<'_>,
        interrupt: &Interrupt,
        take: &mut dyn FnMut(&Chunk),
    ) -> Result<Answer, Error> {
        let mut gather = Gather::default();
        let wanted = ask.sampling().candidates;
        let mut seen = |gather: &mut Gather, chunk: Chunk| {
            gather.take(&chunk);
            take(&chunk);
        };
        let body = ask.bytes(0, wanted)?;
        let many = if wanted > 1 { Many::Asked } else { Many::No };
        let call = ask.call(body);
        let outcome = self.exchange(call, many, interrupt, &mut |chunk| {
            if candidate_of(&chunk).is_none_or(|candidate| candidate < wanted) {
                seen(&mut gather, chunk);
            }
        })?;
        if matches!(outcome, Outcome::ManyRefused) {
            tracing::debug!("the server takes one candidate at a time");
        }
        for candidate in 0..wanted {
            if gather.has(candidate) {
                continue;
            }
            let body = ask.bytes(candidate, 1)?;
            let call = ask.call(body);
            self.exchange(call, Many::No, interrupt, &mut |chunk| {
                if let Some(chunk) = renumber(chunk, candidate) {
                    seen(&mut gather, chunk);
                }
            })?;
            if !gather.has(candidate) {
                return Err(self.fault(Fault::Truncated));
            }
        }
        Ok(gather.answer())
    }

    /// Sends one body and hands on its chunks, trying again while that is safe.
    fn exchange(
        &self,
        call: Call,
        many: Many,
        interrupt: &Interrupt,
        take: &mut dyn FnMut(Chunk),
    ) -> Result<Outcome, Error> {
        let call = Arc::new(call);
        let mut pause = self.timeouts.retry_pause;
        let mut attempt = 1;
        loop {
            let mut line = Line::open(self, Arc::clone(&call), interrupt);
            let status = match line.status() {
                Ok(status) => status,
                Err(Error::Unreachable { source, .. })
                    if attempt < ATTEMPTS_MAX && line.nobody_listened() =>
                {
                    tracing::debug!(attempt, error = %source, "nobody listens yet");
                    attempt += 1;
                    self.pause(pause, interrupt)?;
                    pause = pause.saturating_mul(2);
                    continue;
                }
                Err(other) => return Err(other),
            };
            if status == 200 {
                self.read_answer(&mut line, take)?;
                return Ok(Outcome::Answered);
            }
            let message = openai::error_message(&line.body(ERROR_BODY_BYTES_MAX)?);
            match status {
                503 if attempt < ATTEMPTS_MAX => {
                    attempt += 1;
                    self.pause(pause, interrupt)?;
                    pause = pause.saturating_mul(2);
                }
                503 => {
                    let server = self.transport.name();
                    return Err(Error::Busy { server, message });
                }
                400 | 422 | 501 if matches!(many, Many::Asked) => return Ok(Outcome::ManyRefused),
                _ => {
                    return Err(Error::Refused { server: self.transport.name(), status, message });
                }
            }
        }
    }

    fn read_answer(&self, line: &mut Line<'_>, take: &mut dyn FnMut(Chunk)) -> Result<(), Error> {
        let mut decoder = Decoder::new();
        while !decoder.is_done() {
            match line.next()? {
                Piece::Bytes(bytes) => {
                    decoder.push(&bytes, take).map_err(|fault| self.fault(fault))?
                }
                Piece::End => break,
            }
        }
        decoder.finish(take).map_err(|fault| self.fault(fault))
    }

    fn pause(&self, pause: Duration, interrupt: &Interrupt) -> Result<(), Error> {
        let until = self.clock.monotonic().saturating_add(pause);
        while self.clock.monotonic() < until {
            if interrupt.is_raised() {
                return Err(Error::Interrupted);
            }
            std::thread::park_timeout(WAIT_SLICE);
        }
        Ok(())
    }

    fn fault(&self, fault: Fault) -> Error {
        let server = self.transport.name();
        match fault {
            Fault::Nonsense { reason, quote } => Error::Nonsense { server, reason, quote },
            Fault::Refused { message } => Error::Refused { server, status: 200, message },
            Fault::Truncated => Error::Truncated { server },
            Fault::TooLong => Error::TooLong { server, limit_bytes: ANSWER_BYTES_MAX },
        }
    }

    fn failure(&self, failure: Failure) -> Error {
        let server = self.transport.name();
        match failure {
            Failure::NobodyListens(source) | Failure::Failed(source) => {
                Error::Unreachable { server, source }
            }
        }
    }
}

impl<'a> Ask<'a> {
    fn sampling(self) -> Sampling<'a> {
        match self {
            Self::Chat(request) => request.into(),
            Self::Completion(request) => request.into(),
        }
    }

    /// The body that asks for `candidates`, the first of them with the seed of `offset`.
    fn bytes(self, offset: u32, candidates: u32) -> Result<Vec<u8>, Error> {
        let mut sampling = self.sampling();
        sampling.seed = sampling.seed.wrapping_add(u64::from(offset));
        sampling.candidates = candidates;
        match self {
            Self::Chat(request) => openai::chat_bytes_as(request, sampling),
            Self::Completion(request) => openai::completion_bytes_as(request, sampling),
        }
    }

    fn call(self, body: Vec<u8>) -> Call {
        Call {
            path: match self {
                Self::Chat(_) => openai::CHAT_PATH,
                Self::Completion(_) => openai::COMPLETION_PATH,
            },
            body,
        }
    }
}

const fn candidate_of(chunk: &Chunk) -> Option<u32> {
    match chunk {
        Chunk::Text { candidate, .. }
        | Chunk::Likelihood { candidate, .. }
        | Chunk::Done { candidate, .. } => Some(*candidate),
        Chunk::Usage(_) => None,
    }
}

/// Gives the chunk of a request for one candidate the number that the caller knows.
fn renumber(chunk: Chunk, number: u32) -> Option<Chunk> {
    match chunk {
        Chunk::Text { candidate: 0, text } => Some(Chunk::Text { candidate: number, text }),
        Chunk::Done { candidate: 0, finish } => Some(Chunk::Done { candidate: number, finish }),
        Chunk::Likelihood { candidate: 0, millinats } => {
            Some(Chunk::Likelihood { candidate: number, millinats })
        }
        Chunk::Usage(usage) => Some(Chunk::Usage(usage)),
        Chunk::Text { .. } | Chunk::Likelihood { .. } | Chunk::Done { .. } => None,
    }
}
