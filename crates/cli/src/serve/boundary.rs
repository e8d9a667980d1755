// SPDX-License-Identifier: Apache-2.0
//! What crosses, live, and what this machine enforces.
//!
//! The crossing log belongs to the broker; here it is only read, and verified as it is read.
//! A line that does not hold is told, and nothing after it is shown.
//!
//! Invariant: what is shown of a crossing is what the log says of it.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use moat_base::Report;
use moat_log::{Entry, Event, Sent, Verdict, Verifier};
use moat_protocol::workspace::{
    BoundaryQuery, BoundaryReply, Crossing, Enforcement, Protection, WorkspaceNews,
};
use moat_sandbox::Effect;
use serde::Deserialize;

use super::fronts::Fronts;
use super::terminals::UserTerminals;
use crate::command::log;
use crate::environment::Environment;
use crate::failure::Failure;

/// Crossings that are kept to be shown; the oldest are left to `moat log`.
const KEPT_MAX: usize = 5000;
/// How soon a crossing is seen.
const LOOK_EVERY: Duration = Duration::from_millis(400);

/// The boundary of this user's Moat.
#[derive(Debug)]
pub(super) struct Boundary {
    environment: Environment,
    terminals: Arc<UserTerminals>,
    /// The workspace.
    root: PathBuf,
    log: Mutex<Log>,
}

/// The crossing log as far as it was read.
#[derive(Debug)]
struct Log {
    verifier: Verifier,
    /// How many bytes of which file were read; files are read in the order of their names.
    read: Vec<(String, usize)>,
    crossings: VecDeque<Crossing>,
    count: u64,
    broken: Option<String>,
    /// What not every front end was told: whoever asks reads on, and the others hear of it too.
    untold: Vec<Crossing>,
}

impl Boundary {
    pub(super) fn new(
        environment: &Environment,
        terminals: Arc<UserTerminals>,
        root: PathBuf,
    ) -> Self {
        let log = Log {
            verifier: Verifier::from_start(),
            read: Vec::new(),
            crossings: VecDeque::new(),
            count: 0,
            broken: None,
            untold: Vec::new(),
        };
        Self { environment: environment.clone(), terminals, root, log: Mutex::new(log) }
    }

    /// Answers a question.
    pub(super) fn answer(&self, query: BoundaryQuery) -> Result<BoundaryReply, Report> {
        let answered = match query {
            BoundaryQuery::Crossings { limit } => self.crossings(limit),
            BoundaryQuery::Doctor => self.doctor(),
        };
        answered.map_err(|failure| failure.report)
    }

    /// Tells every front end of what crosses, until `ended` is closed.
    pub(super) fn follow(&self, fronts: &Fronts, ended: &Receiver<()>) {
        while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(LOOK_EVERY) {
            // Who comes later asks for all that there is.
            if fronts.is_empty() {
                self.log().untold.clear();
                continue;
            }
            // What cannot be read now is told to who asks.
            let _told_to_who_asks = self.read();
            let untold = std::mem::take(&mut self.log().untold);
            for crossing in untold {
                fronts.announce(&WorkspaceNews::Crossed { crossing });
            }
        }
    }

    fn crossings(&self, limit: u32) -> Result<BoundaryReply, Failure> {
        self.read()?;
        let log = self.log();
        let limit = usize::try_from(limit).unwrap_or(KEPT_MAX);
        let from = log.crossings.len().saturating_sub(limit);
        let crossings = log.crossings.iter().skip(from).cloned().collect();
        Ok(BoundaryReply::Crossings { crossings, of: log.count, broken: log.broken.clone() })
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads on. What is new or changed is left for [`Boundary::follow`] to tell.
    fn read(&self) -> Result<(), Failure> {
        let mut log = self.log();
        if log.broken.is_some() {
            return Ok(());
        }
        for (name, length) in log::lengths(&self.environment)? {
            let read = log.read.iter().find(|(other, _)| *other == name);
            let from = read.map_or(0, |(_, bytes)| *bytes);
            if u64::try_from(from).is_ok_and(|from| from == length) {
                continue;
            }
            let bytes = log::contents(&self.environment, &name)?;
            let rest = bytes.get(from..).unwrap_or_default();
            // A line that is being written is read when it is whole.
            let whole = rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            log.feed(rest.get(..whole).unwrap_or_default());
            log.read.retain(|(other, _)| *other != name);
            log.read.push((name, from + whole));
        }
        Ok(())
    }

    /// Has `moat doctor` try it, outside of what this process has given up.
    fn doctor(&self) -> Result<BoundaryReply, Failure> {
        let program = self.environment.own_program()?;
        let words = [OsStr::new("doctor"), "--json".as_ref(), "-C".as_ref(), self.root.as_ref()];
        let output = self.terminals.output(&program, &words)?;
        let found: Diagnosis = serde_json::from_slice(&output).map_err(|error| {
            Failure::environment("`moat doctor` gave no report", "run it in a terminal")
                .because(&error)
        })?;
        Ok(BoundaryReply::Doctor(found.into()))
    }
}

impl Log {
    fn feed(&mut self, bytes: &[u8]) {
        let (crossings, count) = (&mut self.crossings, &mut self.count);
        let untold = &mut self.untold;
        let fed = self.verifier.feed_entries(bytes, &mut |entry| {
            if let Some(crossing) = heard(crossings, entry) {
                *count += u64::from(crossing.sent.is_none());
                untold.push(crossing);
            }
        });
        while self.crossings.len() > KEPT_MAX {
            self.crossings.pop_front();
        }
        // What is not kept is not told either.
        let oldest = self.untold.len().saturating_sub(KEPT_MAX);
        self.untold.drain(..oldest);
        self.broken = fed.err().map(|broken| broken.to_string());
    }
}

/// What an entry adds to the crossings, and to which.
fn heard(crossings: &mut VecDeque<Crossing>, entry: &Entry) -> Option<Crossing> {
    match &entry.event {
        Event::Opened(opening) => {
            let (rule, allowed) = match &opening.verdict {
                Verdict::Allowed => (opening.rule.clone(), true),
                Verdict::Denied(refused) => {
                    (format!("{}: {}", opening.rule, refused.reason), false)
                }
            };
            let to = &opening.to;
            let crossing = Crossing {
                number: entry.sequence,
                at: entry.time,
                to: format!(
                    "{} {}://{}:{}{}",
                    opening.method, to.scheme, to.host, to.port, opening.path
                ),
                zone: to.zone.to_string(),
                purpose: opening.who.purpose.to_string(),
                session: opening.who.attribution.session.clone(),
                allowed,
                rule,
                sent: None,
                received: None,
            };
            let crossing = shown(crossing);
            crossings.push_back(crossing.clone());
            Some(crossing)
        }
        Event::Closed(closing) => {
            let known = crossings.iter_mut().rev().find(|it| it.number == closing.opened)?;
            let bytes = |sent: Option<&Sent>| Some(sent.map_or(0, |sent| sent.bytes));
            known.sent = bytes(closing.sent.as_ref());
            known.received = bytes(closing.received.as_ref());
            Some(known.clone())
        }
        Event::Recovered(_) => None,
    }
}

/// Makes every text of it safe to show: a client chose some of them.
fn shown(crossing: Crossing) -> Crossing {
    let safe = |text: &str| moat_base::visible(text).into_owned();
    Crossing {
        to: safe(&crossing.to),
        zone: safe(&crossing.zone),
        purpose: safe(&crossing.purpose),
        session: crossing.session.as_deref().map(safe),
        rule: safe(&crossing.rule),
        ..crossing
    }
}

/// What is read of the report of `moat doctor --json`.
#[derive(Debug, Deserialize)]
struct Diagnosis {
    summary: String,
    effects: Vec<Held>,
    #[serde(default)]
    findings: Vec<Finding>,
    #[serde(default)]
    warnings: Vec<String>,
    refused: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Held {
    effect: Effect,
    enforced: bool,
}

/// One attack.
#[derive(Debug, Deserialize)]
struct Finding {
    effect: Effect,
    attempt: String,
    verdict: String,
}

impl From<Diagnosis> for Enforcement {
    fn from(found: Diagnosis) -> Self {
        let evidence = |effect: Effect| {
            let of = found.findings.iter().filter(|it| it.effect == effect);
            let lines: Vec<String> =
                of.map(|it| format!("{}: {}", it.attempt, it.verdict.replace('_', " "))).collect();
            lines.join("\n")
        };
        let held = found.effects.iter().map(|held| Protection {
            effect: held.effect.name().to_owned(),
            standing: if held.enforced { "enforced" } else { "not" }.to_owned(),
            evidence: evidence(held.effect),
            hint: (!held.enforced).then(|| "`moat doctor` says what is missing".to_owned()),
        });
        let other = |effect: &str, standing: &str, evidence: String| Protection {
            effect: effect.to_owned(),
            standing: standing.to_owned(),
            evidence,
            hint: None,
        };
        let refused =
            found.refused.iter().map(|reason| other("a sandbox starts", "not", reason.clone()));
        let warnings =
            found.warnings.iter().map(|text| other("to be looked at", "unknown", text.clone()));
        let protections = refused.chain(held).chain(warnings).collect();
        Self { summary: found.summary.clone(), protections }
    }
}
