// SPDX-License-Identifier: Apache-2.0
//! One front end's connection: questions come in, answers and news go out.
//!
//! Three tasks share a connection. One reads; one answers what has an order (sessions,
//! terminals, the desk, languages) from a queue; one writes what waits in the queue to the front end. All
//! other questions are answered beside each other, a few at once. Each queue is bounded, and
//! a front end that sends faster than it is answered is read no further.
//!
//! Invariant: what a front end is told of one thing comes in the order in which it was told.

use std::sync::Arc;

use axum::extract::ws::{Message, WebSocket};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use moat_base::Report;
use moat_protocol::workspace::{ClientFrame, ServerFrame, WorkspaceQuery};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::{Semaphore, watch};

use crate::front::{Backend, Front, text};
use crate::limits::{ORDERED_WAITING_MAX, QUESTIONS_AT_ONCE_MAX, QUEUE_MESSAGES_MAX};

/// Something of a front end that has its turn.
enum InOrder {
    Question(ClientFrame),
    Typed(u32, Vec<u8>),
}

/// Serves a connection until either side ends it.
pub(crate) async fn serve(
    socket: WebSocket,
    id: u64,
    backend: Arc<dyn Backend>,
    mut ending: watch::Receiver<bool>,
) {
    let (sink, stream) = socket.split();
    let (out, queue) = channel(QUEUE_MESSAGES_MAX);
    let front = Front::new(id, out.clone());
    let writing = tokio::spawn(write(sink, queue));
    came(&backend, &front).await;
    let reading = read(stream, &front, &backend, &out);
    tokio::select! {
        () = reading => {}
        () = front.fell_behind() => tracing::debug!(id, "a front end could not follow"),
        _ended = ending.wait_for(|ended| *ended) => {}
    }
    drop(out);
    left(backend, front).await;
    writing.abort();
}

async fn came(backend: &Arc<dyn Backend>, front: &Front) {
    let (backend, front) = (Arc::clone(backend), front.clone());
    // A panic of the other side ends this front end at its first question.
    let _told = tokio::task::spawn_blocking(move || backend.came(&front)).await;
}

async fn left(backend: Arc<dyn Backend>, front: Front) {
    let _told = tokio::task::spawn_blocking(move || backend.left(&front)).await;
}

/// Writes what waits. A page that hears nothing for long asks something, which also keeps
/// proxies from ending the connection.
async fn write(mut sink: SplitSink<WebSocket, Message>, mut queue: Receiver<Message>) {
    while let Some(message) = queue.recv().await {
        if sink.send(message).await.is_err() {
            break;
        }
    }
    let _closed_anyhow = sink.close().await;
}

/// Reads questions until the connection ends, or says what is no question.
async fn read(
    mut stream: SplitStream<WebSocket>,
    front: &Front,
    backend: &Arc<dyn Backend>,
    out: &Sender<Message>,
) {
    let (in_order, waiting) = channel(ORDERED_WAITING_MAX);
    let ordered = {
        let (front, backend, out) = (front.clone(), Arc::clone(backend), out.clone());
        tokio::task::spawn_blocking(move || answer_in_order(waiting, &front, &backend, &out))
    };
    let at_once = Arc::new(Semaphore::new(QUESTIONS_AT_ONCE_MAX));
    while let Some(Ok(message)) = stream.next().await {
        let kept = match message {
            Message::Text(text) => {
                let frame = match serde_json::from_str::<ClientFrame>(&text) {
                    Ok(frame) => frame,
                    Err(error) => {
                        let Some(refusal) = misunderstood(&text, &error) else { break };
                        if out.send(refusal).await.is_err() {
                            break;
                        }
                        continue;
                    }
                };
                if has_order(&frame.ask) {
                    in_order.send(InOrder::Question(frame)).await.is_ok()
                } else {
                    answer_beside(frame, front, backend, out, &at_once).await
                }
            }
            Message::Binary(bytes) => match bytes.split_first_chunk::<4>() {
                Some((number, typed)) => {
                    let typed = InOrder::Typed(u32::from_le_bytes(*number), typed.to_vec());
                    in_order.send(typed).await.is_ok()
                }
                None => false,
            },
            Message::Ping(_) | Message::Pong(_) => true,
            Message::Close(_) => false,
        };
        if !kept {
            break;
        }
    }
    drop(in_order);
    let _ended = ordered.await;
}

#[derive(serde::Deserialize)]
struct Numbered {
    id: u32,
}

/// The answer to what is no question; nothing where it has not even a number.
fn misunderstood(text: &str, error: &serde_json::Error) -> Option<Message> {
    let Numbered { id } = serde_json::from_str(text).ok()?;
    let report = Report {
        error: "the question is none that this server knows".to_owned(),
        causes: vec![moat_base::visible(&error.to_string()).into_owned()],
        hint: Some("load the page again; it may be older than the server".to_owned()),
    };
    Some(crate::front::text(&ServerFrame::Refused { id, report }))
}

/// Whether the order of such questions matters.
const fn has_order(query: &WorkspaceQuery) -> bool {
    matches!(
        query,
        WorkspaceQuery::Sessions(_)
            | WorkspaceQuery::Terminal(_)
            | WorkspaceQuery::Desk(_)
            | WorkspaceQuery::Language(_)
    )
}

/// Answers one after another.
fn answer_in_order(
    mut waiting: Receiver<InOrder>,
    front: &Front,
    backend: &Arc<dyn Backend>,
    out: &Sender<Message>,
) {
    while let Some(next) = waiting.blocking_recv() {
        match next {
            InOrder::Question(frame) => {
                let answer = answer(backend.as_ref(), front, frame);
                if out.blocking_send(text(&answer)).is_err() {
                    return;
                }
            }
            InOrder::Typed(terminal, bytes) => backend.typed(terminal, &bytes),
        }
    }
}

/// Answers on a thread of its own, as soon as there is one.
async fn answer_beside(
    frame: ClientFrame,
    front: &Front,
    backend: &Arc<dyn Backend>,
    out: &Sender<Message>,
    at_once: &Arc<Semaphore>,
) -> bool {
    let Ok(permit) = Arc::clone(at_once).acquire_owned().await else { return false };
    let (front, backend, out) = (front.clone(), Arc::clone(backend), out.clone());
    tokio::task::spawn_blocking(move || {
        let answer = answer(backend.as_ref(), &front, frame);
        // A front end that left wants no answer.
        let _gone = out.blocking_send(text(&answer));
        drop(permit);
    });
    true
}

fn answer(backend: &dyn Backend, front: &Front, frame: ClientFrame) -> ServerFrame {
    let ClientFrame { id, ask } = frame;
    // A mistake in the answer to one question must not take the others with it.
    let asked = std::panic::AssertUnwindSafe(|| backend.ask(front, ask));
    match std::panic::catch_unwind(asked) {
        Ok(Ok(reply)) => ServerFrame::Answer { id, reply },
        Ok(Err(report)) => ServerFrame::Refused { id, report },
        Err(_panic) => {
            let report = Report {
                error: "the server failed to answer".to_owned(),
                causes: Vec::new(),
                hint: Some("this is a bug; what is saved is not touched by it".to_owned()),
            };
            ServerFrame::Refused { id, report }
        }
    }
}
