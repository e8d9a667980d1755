// SPDX-License-Identifier: Apache-2.0
//! The paths of the server and what each of them answers.
//!
//! A request that generates is parsed here, waits in the queue, and its text is
//! handed out here as it comes; the model's own thread does the work. Nothing in
//! this module knows llama.cpp or HTTP's bytes.
//!
//! Invariant: a request whose client has gone is abandoned, whether it streams,
//! waits for the whole answer or still waits in the queue.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use moat_base::Clock;
use serde_json::{Value, json};

use crate::engine::Job;
use crate::limits::{CLIENT_CHECK_INTERVAL, STREAM_SILENCE_MAX};
use crate::mailbox::{Mailbox, News, Piece, Usage};
use crate::queue::Queue;
use crate::refusal::Refusal;
use crate::reply::{self, Head};
use crate::request::{self, Delivery, Order, Shape, UsageChunk};
use crate::stage::{Board, Stage};

/// One exchange with a client, as far as this module needs it.
pub(crate) trait Exchange {
    /// Sends a whole answer.
    fn whole(&mut self, status: u16, pace: Pace, body: &Value) -> io::Result<()>;
    /// Begins an answer that comes in pieces.
    fn begin(&mut self, content_type: &'static str) -> io::Result<()>;
    /// Sends one more piece.
    fn send(&mut self, text: &str) -> io::Result<()>;
    /// Whether the client has closed its connection.
    fn is_gone(&mut self) -> bool;
}

/// Whether the client is told to come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    Any,
    RetryLater,
}

/// The server apart from its model and its sockets.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) model: String,
    pub(crate) candidates_max: u32,
    pub(crate) queue: Queue<Job>,
    pub(crate) board: Board,
    pub(crate) clock: Arc<dyn Clock>,
    answers: AtomicU64,
    open: Mutex<Vec<Weak<Mailbox>>>,
}

impl Service {
    pub(crate) fn new(model: String, candidates_max: u32, clock: Arc<dyn Clock>) -> Self {
        Self {
            model,
            candidates_max,
            queue: Queue::new(),
            board: Board::new(),
            clock,
            answers: AtomicU64::new(1),
            open: Mutex::new(Vec::new()),
        }
    }

    /// Takes no more requests and ends those that are open.
    pub(crate) fn stop(&self) {
        self.board.advance(Stage::Stopping);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        for mailbox in open.drain(..).filter_map(|mailbox| mailbox.upgrade()) {
            mailbox.abandon();
            mailbox.close(Err(Refusal::Stopping));
        }
        for job in self.queue.close() {
            job.mailbox.close(Err(Refusal::Stopping));
        }
    }

    fn submit(&self, order: Order, mailbox: &Arc<Mailbox>) -> Result<(), Refusal> {
        let client = order.client.clone();
        let job = Job { order, mailbox: Arc::clone(mailbox) };
        self.queue.push(&client, job)?;
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|mailbox| mailbox.strong_count() > 0);
        open.push(Arc::downgrade(mailbox));
        Ok(())
    }

    /// Answers one request.
    ///
    /// # Errors
    /// The system's error when the client went away; the request is abandoned then.
    pub(crate) fn answer(
        &self,
        method: &str,
        path: &str,
        body: &[u8],
        exchange: &mut dyn Exchange,
    ) -> io::Result<()> {
        match (method, path) {
            ("GET", "/health") => self.health(exchange),
            ("GET", "/ready") => self.ready(exchange),
            ("GET", "/v1/models") => exchange.whole(200, Pace::Any, &self.models()),
            ("POST", "/v1/chat/completions") => self.generate(Shape::Chat, body, exchange),
            ("POST", "/v1/completions") => self.generate(Shape::Completion, body, exchange),
            (
                _,
                "/health" | "/ready" | "/v1/models" | "/v1/chat/completions" | "/v1/completions",
            ) => {
                refuse(exchange, &Refusal::WrongMethod { method: shown(method), path: shown(path) })
            }
            _ => refuse(exchange, &Refusal::NotFound { path: shown(path) }),
        }
    }

    fn health(&self, exchange: &mut dyn Exchange) -> io::Result<()> {
        let stage = self.board.now();
        let (status, pace) = match stage {
            Stage::Ready(_) => (200, Pace::Any),
            Stage::Loading(_) => (503, Pace::RetryLater),
            Stage::Failed(_) | Stage::Stopping => (503, Pace::Any),
        };
        exchange.whole(status, pace, &stage.body(&self.model))
    }

    /// Sends a line at each step of loading and when nothing happens for a while,
    /// and ends with the one that decides.
    fn ready(&self, exchange: &mut dyn Exchange) -> io::Result<()> {
        exchange.begin("application/x-ndjson")?;
        let mut stage = self.board.now();
        loop {
            exchange.send(&format!("{}\n", stage.body(&self.model)))?;
            if !matches!(stage, Stage::Loading(_)) {
                return Ok(());
            }
            stage = self.board.wait(&stage, STREAM_SILENCE_MAX);
            if exchange.is_gone() {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
        }
    }

    fn models(&self) -> Value {
        let meta = match self.board.now() {
            Stage::Ready(card) => json!({
                "architecture": card.architecture,
                "context_tokens": card.context_tokens,
                "trained_context_tokens": card.trained_tokens,
                "parameters": card.parameters,
                "bytes": card.bytes,
                "fill_in_the_middle": card.fills,
                "candidates_max": self.candidates_max,
            }),
            Stage::Loading(_) | Stage::Failed(_) | Stage::Stopping => Value::Null,
        };
        json!({"object": "list", "data": [{
            "id": self.model,
            "object": "model",
            "created": 0,
            "owned_by": "local",
            "meta": meta,
        }]})
    }

    fn generate(&self, shape: Shape, body: &[u8], exchange: &mut dyn Exchange) -> io::Result<()> {
        match self.board.now() {
            Stage::Ready(_) => {}
            Stage::Loading(_) => return refuse(exchange, &Refusal::Loading),
            Stage::Failed(_) | Stage::Stopping => return refuse(exchange, &Refusal::Stopping),
        }
        let order = match request::parse(shape, body, self.candidates_max) {
            Ok(order) => order,
            Err(refusal) => return refuse(exchange, &refusal),
        };
        let head = Head {
            shape,
            number: self.answers.fetch_add(1, Ordering::Relaxed),
            created_seconds: self.clock.now().0 / 1000,
            model: self.model.clone(),
        };
        let delivery = order.delivery;
        let candidates = order.candidates;
        let mailbox = Arc::new(Mailbox::new(candidates));
        if let Err(refusal) = self.submit(order, &mailbox) {
            return refuse(exchange, &refusal);
        }
        let sent = match delivery {
            Delivery::Whole => whole(&head, candidates, &mailbox, exchange),
            Delivery::Stream(usage) => stream(&head, candidates, usage, &mailbox, exchange),
        };
        if sent.is_err() {
            mailbox.abandon();
        }
        sent
    }
}

/// Collects the whole answer and sends it.
fn whole(
    head: &Head,
    candidates: u32,
    mailbox: &Mailbox,
    exchange: &mut dyn Exchange,
) -> io::Result<()> {
    let mut pieces: Vec<Piece> = (0..candidates).map(|_| Piece::default()).collect();
    loop {
        let news = take(mailbox, exchange)?;
        for (piece, more) in pieces.iter_mut().zip(news.pieces) {
            piece.text.push_str(&more.text);
            piece.finish = piece.finish.or(more.finish);
            piece.millinats = piece.millinats.or(more.millinats);
        }
        match news.end {
            None => {}
            Some(Ok(usage)) => {
                return exchange.whole(200, Pace::Any, &head.whole(&pieces, &usage));
            }
            Some(Err(refusal)) => return refuse(exchange, &refusal),
        }
    }
}

/// Sends the answer as it comes. What goes wrong before the prompt was accepted
/// is an answer with a status; afterwards it is an event of the stream.
fn stream(
    head: &Head,
    candidates: u32,
    usage: UsageChunk,
    mailbox: &Mailbox,
    exchange: &mut dyn Exchange,
) -> io::Result<()> {
    let mut begun = false;
    let mut silence = Duration::ZERO;
    loop {
        let news = take(mailbox, exchange)?;
        if !begun {
            match (&news.end, news.prefill) {
                (Some(Err(refusal)), _) => return refuse(exchange, refusal),
                (Some(Ok(_)), _) | (None, Some(_)) => {
                    exchange.begin("text/event-stream")?;
                    exchange.send(&head.opening(candidates))?;
                    begun = true;
                }
                (None, None) => continue,
            }
        }
        let mut text: String =
            news.pieces.iter().enumerate().map(|(index, piece)| head.chunk(index, piece)).collect();
        silence += CLIENT_CHECK_INTERVAL;
        if text.is_empty() && news.end.is_none() && silence >= STREAM_SILENCE_MAX {
            let (done, all) = news.prefill.unwrap_or_default();
            text = reply::comment(done, all);
        }
        if let Some(end) = &news.end {
            text.push_str(&ending(head, usage, end));
        }
        if !text.is_empty() {
            exchange.send(&text)?;
            silence = Duration::ZERO;
        }
        if news.end.is_some() {
            return Ok(());
        }
    }
}

fn ending(head: &Head, usage: UsageChunk, end: &Result<Usage, Refusal>) -> String {
    match (end, usage) {
        (Ok(cost), UsageChunk::Wanted) => format!("{}{}", head.usage(cost), reply::DONE),
        (Ok(_), UsageChunk::Omitted) => reply::DONE.to_owned(),
        (Err(refusal), _) => reply::event(&refusal.body()),
    }
}

/// Waits for news, or for the client to go away.
fn take(mailbox: &Mailbox, exchange: &mut dyn Exchange) -> io::Result<News> {
    let news = mailbox.take(CLIENT_CHECK_INTERVAL);
    if news.end.is_none() && exchange.is_gone() {
        return Err(io::ErrorKind::BrokenPipe.into());
    }
    Ok(news)
}

fn refuse(exchange: &mut dyn Exchange, refusal: &Refusal) -> io::Result<()> {
    let pace = if refusal.is_passing() { Pace::RetryLater } else { Pace::Any };
    exchange.whole(refusal.status(), pace, &refusal.body())
}

fn shown(text: &str) -> String {
    moat_base::clip(&moat_base::visible(text), SHOWN_BYTES_MAX).to_owned()
}

const SHOWN_BYTES_MAX: usize = 128;

#[cfg(test)]
mod tests;
