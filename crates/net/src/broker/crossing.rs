// SPDX-License-Identifier: Apache-2.0
//! One crossing's two lines in the log.
//!
//! Invariant: a [`Crossing`] exists only after its `opened` line is durable, and
//! writes exactly one `closed` line, also when its thread unwinds.

use std::net::SocketAddr;
use std::time::Duration;

use moat_log::{
    Closing, Destination, Digest, Event, Opening, Outcome, Refused, Sent, Verdict, Who,
};
use sha2::{Digest as _, Sha256};

use crate::journal::{Journal, JournalError};
use crate::policy::{Denial, Zone};
use crate::url::{Host, Scheme, Url};

/// What is known about a crossing before it is decided.
#[derive(Debug, Clone)]
pub(crate) struct Proposal {
    pub(crate) who: Who,
    pub(crate) to: Destination,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query_sha256: Option<Digest>,
    pub(crate) body: Sent,
}

impl Proposal {
    /// A proposal for something that could not even be parsed or found.
    pub(crate) fn nowhere(who: Who, method: &str, body: Sent) -> Self {
        let to = Destination {
            scheme: String::new(),
            host: String::new(),
            port: 0,
            zone: String::new(),
            addresses: Vec::new(),
        };
        Self { who, to, method: method.to_owned(), path: String::new(), query_sha256: None, body }
    }

    pub(crate) fn aim(&mut self, url: &Url) {
        self.aim_at(url.scheme(), url.host(), url.port());
        self.path = url.path().to_owned();
        self.query_sha256 = url.query().map(|query| Digest::of(query.as_bytes()));
    }

    pub(crate) fn aim_at(&mut self, scheme: Scheme, host: &Host, port: u16) {
        self.to = Destination {
            scheme: scheme.as_str().to_owned(),
            host: host.to_string(),
            port,
            zone: String::new(),
            addresses: Vec::new(),
        };
    }

    pub(crate) fn place(&mut self, zone: &Zone) {
        self.to.zone = zone.to_string();
    }

    /// Writes that it was denied.
    pub(crate) fn deny(self, journal: &Journal, denial: &Denial) -> Result<(), JournalError> {
        let verdict = Verdict::Denied(Refused { reason: denial.reason.clone() });
        journal.write(self.opening(verdict, &denial.rule)).map(|_number| ())
    }

    /// Writes that it is allowed; from here on bytes may leave.
    pub(crate) fn open<'a>(
        self,
        journal: &'a Journal,
        rule: &str,
    ) -> Result<Crossing<'a>, JournalError> {
        let opened = journal.write(self.opening(Verdict::Allowed, rule))?;
        Ok(Crossing {
            journal,
            started: journal.now(),
            closing: Some(Closing {
                opened,
                dialled: None,
                status: None,
                sent: None,
                received: None,
                duration_ms: 0,
                outcome: Outcome::Complete,
            }),
        })
    }

    fn opening(self, verdict: Verdict, rule: &str) -> Event {
        Event::Opened(Box::new(Opening {
            who: self.who,
            to: self.to,
            method: self.method,
            path: self.path,
            query_sha256: self.query_sha256,
            verdict,
            rule: rule.to_owned(),
            body: self.body,
        }))
    }
}

/// An allowed crossing that has not ended.
#[derive(Debug)]
pub(crate) struct Crossing<'a> {
    journal: &'a Journal,
    started: Duration,
    closing: Option<Closing>,
}

impl Crossing<'_> {
    pub(crate) fn dialled(&mut self, address: Option<SocketAddr>) {
        self.note(|closing| closing.dialled = address);
    }

    pub(crate) fn status(&mut self, status: u16) {
        self.note(|closing| closing.status = Some(status));
    }

    pub(crate) fn sent(&mut self, sent: Sent) {
        self.note(|closing| closing.sent = Some(sent));
    }

    pub(crate) fn received(&mut self, received: Sent) {
        self.note(|closing| closing.received = Some(received));
    }

    /// Makes the closing line durable.
    pub(crate) fn close(mut self, outcome: Outcome) -> Result<(), JournalError> {
        self.finish(outcome)
    }

    fn note(&mut self, change: impl FnOnce(&mut Closing)) {
        if let Some(closing) = &mut self.closing {
            change(closing);
        }
    }

    fn finish(&mut self, outcome: Outcome) -> Result<(), JournalError> {
        let Some(mut closing) = self.closing.take() else {
            return Ok(());
        };
        let took = self.journal.now().saturating_sub(self.started);
        closing.duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        closing.outcome = outcome;
        self.journal.write(Event::Closed(Box::new(closing))).map(|_number| ())
    }
}

impl Drop for Crossing<'_> {
    fn drop(&mut self) {
        // A log that takes no line has refused every further crossing already.
        let _refused = self.finish(Outcome::Failed("the broker gave up on it".to_owned()));
    }
}

/// Counts and hashes bytes as they pass.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    bytes: u64,
    hash: Sha256,
}

impl Meter {
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.hash.update(bytes);
    }

    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn finish(self) -> Sent {
        Sent { bytes: self.bytes, sha256: Digest::from_bytes(self.hash.finalize().into()) }
    }

    pub(crate) fn of(bytes: &[u8]) -> Sent {
        let mut meter = Self::default();
        meter.add(bytes);
        meter.finish()
    }
}
