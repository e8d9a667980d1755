// SPDX-License-Identifier: Apache-2.0
//! The talk with one running server: what it was told, what it can, and what it is asked.
//!
//! Invariant: nothing here waits for the server; one that does not read what it is sent is
//! ended when its queue is full.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use moat_base::TreePath;
use moat_protocol::workspace::FileEdits;
use moat_sandbox::Interrupt;
use serde_json::{Value, json};

use super::answer::Unwanted;
use super::frame::framed;
use super::place::address;
use super::state::{Asked, Document};
use super::table::language_id;
use crate::limits::{LANGUAGE_ASKS_MAX, LANGUAGE_OUTBOX_BYTES_MAX, LANGUAGE_WAIT_MAX};

/// What waits to be read by a server.
#[derive(Clone, Debug)]
pub(super) struct Outbox {
    pub(super) queue: SyncSender<Vec<u8>>,
    /// How many bytes wait.
    pub(super) bytes: Arc<AtomicUsize>,
}

impl Outbox {
    /// Whether there was room.
    fn send(&self, message: &Value) -> bool {
        let bytes = framed(message);
        let length = bytes.len();
        let waiting = self.bytes.fetch_add(length, Ordering::Relaxed);
        // One message has room always.
        (waiting == 0 || waiting + length <= LANGUAGE_OUTBOX_BYTES_MAX)
            && self.queue.try_send(bytes).is_ok()
    }
}

/// Something that a server was asked.
#[derive(Debug)]
pub(super) struct Pending {
    /// For whom; nothing where it is the gateway's own.
    pub(super) asked: Option<Asked>,
    pub(super) step: Step,
    until: Duration,
}

/// What comes when it is answered.
#[derive(Debug)]
pub(super) enum Step {
    /// The server is ready.
    Initialized,
    /// The front end's answer.
    Answer,
    /// An action, in full.
    Action,
    /// What a command changes was told in the meantime.
    Command(Result<Vec<FileEdits>, Unwanted>),
}

/// The talk with one server.
#[derive(Debug)]
pub(super) struct Session {
    /// Nothing when the server has ended.
    out: Option<Outbox>,
    interrupt: Interrupt,
    /// What it can; nothing as long as it is not ready.
    pub(super) abilities: Option<Value>,
    /// What it wants to be told beside.
    pub(super) registered: BTreeSet<String>,
    next: i64,
    pub(super) pending: BTreeMap<i64, Pending>,
    /// When it was heard last, or was first asked after it had answered all.
    heard: Duration,
    /// Whether it is ended on purpose.
    pub(super) ending: bool,
    /// Why it is ended otherwise.
    pub(super) trouble: Option<String>,
}

impl Session {
    pub(super) fn new(out: Outbox, interrupt: Interrupt, now: Duration) -> Self {
        Self {
            out: Some(out),
            interrupt,
            abilities: None,
            registered: BTreeSet::new(),
            next: 1,
            pending: BTreeMap::new(),
            heard: now,
            ending: false,
            trouble: None,
        }
    }

    /// Ends the server on purpose.
    pub(super) fn end(&mut self) {
        self.ending = true;
        self.interrupt.trigger();
    }

    /// Ends the server since it does not behave.
    pub(super) fn fail(&mut self, why: &str) {
        if self.trouble.is_none() {
            self.trouble = Some(why.to_owned());
        }
        self.interrupt.trigger();
    }

    /// The server has ended: it is sent nothing more.
    pub(super) fn hang_up(&mut self) {
        self.out = None;
    }

    pub(super) const fn hear(&mut self, now: Duration) {
        self.heard = now;
    }

    /// How long it has said nothing although it was asked something.
    pub(super) fn silent(&self, now: Duration) -> Duration {
        if self.pending.is_empty() { Duration::ZERO } else { now.saturating_sub(self.heard) }
    }

    fn send(&mut self, message: &Value) {
        let Some(out) = &self.out else { return };
        if !out.send(message) {
            self.fail("it does not read what it is sent");
        }
    }

    pub(super) fn notify(&mut self, method: &str, parameters: &Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": parameters }));
    }

    /// Asks the server something. An answer that does not come in time is none, but what gets
    /// the server ready has no time of its own.
    pub(super) fn request(
        &mut self,
        now: Duration,
        (method, parameters): (&str, &Value),
        asked: Option<Asked>,
        step: Step,
    ) {
        let id = self.next;
        self.next += 1;
        if self.pending.is_empty() {
            self.heard = now;
        }
        self.pending.insert(id, Pending { asked, step, until: now + LANGUAGE_WAIT_MAX });
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": parameters }));
    }

    /// Answers the server.
    pub(super) fn respond(&mut self, id: &Value, result: &Value) {
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "result": result }));
    }

    /// Says to the server that it asks for what is not there.
    pub(super) fn decline(&mut self, id: &Value) {
        let error = json!({ "code": -32601, "message": "not supported" });
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "error": error }));
    }

    /// Whether it takes one question more.
    pub(super) fn has_room(&self) -> bool {
        self.pending.len() < LANGUAGE_ASKS_MAX
    }

    /// Takes questions back; the caller answers them.
    pub(super) fn withdraw(&mut self, which: impl Fn(&Asked) -> bool) -> Vec<Asked> {
        let meant = |it: &Pending| it.asked.as_ref().is_some_and(&which);
        let ids = self.pending.iter().filter(|(_, it)| meant(it)).map(|(id, _)| *id);
        self.drop_pending(ids.collect())
    }

    /// Takes back what was not answered in time; the caller answers it.
    pub(super) fn overdue(&mut self, now: Duration) -> Vec<Asked> {
        let late = |it: &Pending| it.asked.is_some() && it.until < now;
        let ids = self.pending.iter().filter(|(_, it)| late(it)).map(|(id, _)| *id);
        self.drop_pending(ids.collect())
    }

    fn drop_pending(&mut self, ids: Vec<i64>) -> Vec<Asked> {
        let mut gone = Vec::new();
        for id in ids {
            gone.extend(self.pending.remove(&id).and_then(|pending| pending.asked));
            self.notify("$/cancelRequest", &json!({ "id": id }));
        }
        gone
    }

    /// Everything that is asked, since there will be no answer.
    pub(super) fn abandon(self) -> Vec<Asked> {
        self.pending.into_values().filter_map(|it| it.asked).collect()
    }

    /// Tells it of a file in an editor.
    pub(super) fn open(&mut self, root: &Path, path: &TreePath, document: &Document) {
        if self.abilities.is_none() {
            return;
        }
        let item = json!({
            "uri": address(root, path),
            "languageId": language_id(&document.language, path),
            "version": document.number,
            "text": document.text,
        });
        self.notify("textDocument/didOpen", &json!({ "textDocument": item }));
    }

    /// Tells it of a new text.
    pub(super) fn change(&mut self, root: &Path, path: &TreePath, document: &Document) {
        if self.abilities.is_none() {
            return;
        }
        let meant = json!({ "uri": address(root, path), "version": document.number });
        let changes = json!([{ "text": document.text }]);
        self.notify(
            "textDocument/didChange",
            &json!({ "textDocument": meant, "contentChanges": changes }),
        );
    }

    /// Tells it that a file was written.
    pub(super) fn save(&mut self, root: &Path, path: &TreePath) {
        let Some(abilities) = &self.abilities else { return };
        let uri = address(root, path);
        let sync = abilities.get("textDocumentSync").and_then(|sync| sync.get("save"));
        if sync.is_some_and(|save| !matches!(save, Value::Null | Value::Bool(false))) {
            self.notify("textDocument/didSave", &json!({ "textDocument": { "uri": uri } }));
        }
        if self.registered.contains("workspace/didChangeWatchedFiles") {
            let changes = json!([{ "uri": uri, "type": 2 }]);
            self.notify("workspace/didChangeWatchedFiles", &json!({ "changes": changes }));
        }
    }

    /// Tells it that a file is in no editor any more.
    pub(super) fn close(&mut self, root: &Path, path: &TreePath) {
        if self.abilities.is_some() {
            let meant = json!({ "uri": address(root, path) });
            self.notify("textDocument/didClose", &json!({ "textDocument": meant }));
        }
    }
}
