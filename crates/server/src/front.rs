// SPDX-License-Identifier: Apache-2.0
//! A front end, as those see it who have something to tell it.

use std::sync::Arc;

use axum::extract::ws::Message;
use moat_base::Report;
use moat_protocol::workspace::{ServerFrame, WorkspaceNews, WorkspaceQuery, WorkspaceReply};
use tokio::sync::mpsc::Sender;

/// A front end that is connected. Copies of it are the same one.
#[derive(Clone, Debug)]
pub struct Front {
    id: u64,
    out: Sender<Message>,
    lagging: Arc<tokio::sync::Notify>,
}

/// The front end is gone, and hears nothing more.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the front end is gone")]
pub struct Gone;

impl Front {
    pub(crate) fn new(id: u64, out: Sender<Message>) -> Self {
        Self { id, out, lagging: Arc::default() }
    }

    /// A number that no other front end of this server has or had.
    #[must_use]
    pub const fn id(&self) -> u64 {
        self.id
    }

    /// Tells it something that concerns it alone; waits as long as it cannot follow. For
    /// threads that serve one front end, never for one that serves several.
    ///
    /// # Errors
    /// It is gone.
    pub fn tell(&self, news: WorkspaceNews) -> Result<(), Gone> {
        self.out.blocking_send(text(&ServerFrame::News { news })).map_err(|_closed| Gone)
    }

    /// Tells it something that others are told too. One that cannot follow is disconnected,
    /// so that it comes again and reads everything anew.
    ///
    /// # Errors
    /// It is gone.
    pub fn announce(&self, news: WorkspaceNews) -> Result<(), Gone> {
        self.out.try_send(text(&ServerFrame::News { news })).map_err(|_full_or_closed| {
            self.lagging.notify_one();
            Gone
        })
    }

    /// Shows it what a terminal printed; waits as long as it cannot follow.
    ///
    /// # Errors
    /// It is gone.
    pub fn print(&self, terminal: u32, bytes: &[u8]) -> Result<(), Gone> {
        let mut message = Vec::with_capacity(bytes.len() + 4);
        message.extend_from_slice(&terminal.to_le_bytes());
        message.extend_from_slice(bytes);
        self.out.blocking_send(Message::Binary(message.into())).map_err(|_closed| Gone)
    }

    /// Returns when it could not follow.
    pub(crate) async fn fell_behind(&self) {
        self.lagging.notified().await;
    }
}

/// A frame as a message.
pub(crate) fn text(frame: &ServerFrame) -> Message {
    // Every type of the protocol has text keys and serialises without failing.
    Message::Text(serde_json::to_string(frame).unwrap_or_default().into())
}

/// Answers the questions of front ends.
///
/// Each call may wait, and is made on a thread of its own; calls of one front end about
/// sessions, terminals, the desk and languages are made one after another, in the order in which they
/// were asked.
pub trait Backend: Send + Sync + 'static {
    /// Answers a question.
    ///
    /// # Errors
    /// Why it cannot be answered, for people.
    fn ask(&self, front: &Front, query: WorkspaceQuery) -> Result<WorkspaceReply, Report>;

    /// Passes on what was typed into a terminal.
    fn typed(&self, terminal: u32, bytes: &[u8]);

    /// A front end came. It asks nothing before this returned.
    fn came(&self, front: &Front);

    /// A front end left; it was asked for the last time.
    fn left(&self, front: &Front);
}
