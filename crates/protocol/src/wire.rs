// SPDX-License-Identifier: Apache-2.0
//! Lines on the wire: one JSON object with a version, ending in a newline.
//!
//! Unknown fields are ignored so that a newer peer can add some; an unknown
//! variant or another version is an error.

use moat_base::clip;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Envelope, Op};

const VERSION: u32 = 1;
const QUOTE_BYTES_MAX: usize = 120;

/// Why a line is not of this protocol.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// It is not a JSON object of a known form.
    #[error("`{line}` is not a line of this protocol")]
    Malformed {
        /// The beginning of the line.
        line: String,
        /// The parser's error.
        #[source]
        source: serde_json::Error,
    },
    /// It is of another version.
    #[error("the line is of protocol version {found}, this is version {VERSION}")]
    Version {
        /// The version of the line.
        found: u32,
    },
}

#[derive(Serialize, Deserialize)]
struct Line<T> {
    v: u32,
    #[serde(flatten)]
    body: T,
}

#[derive(Deserialize)]
struct VersionOnly {
    v: u32,
}

/// Writes an operation as a line with its newline.
#[must_use]
pub fn write_op(op: &Op) -> String {
    write(op)
}

/// Writes an event as a line with its newline.
#[must_use]
pub fn write_event(envelope: &Envelope) -> String {
    write(envelope)
}

/// Reads a line as an operation.
///
/// # Errors
/// [`WireError`] as its variants say.
pub fn read_op(line: &str) -> Result<Op, WireError> {
    read(line)
}

/// Reads a line as an event.
///
/// # Errors
/// [`WireError`] as its variants say.
pub fn read_event(line: &str) -> Result<Envelope, WireError> {
    read(line)
}

fn write<T: Serialize>(body: &T) -> String {
    // Every type of this crate has text keys and serialises without failing.
    let mut line = serde_json::to_string(&Line { v: VERSION, body }).unwrap_or_default();
    line.push('\n');
    line
}

fn read<T: DeserializeOwned>(line: &str) -> Result<T, WireError> {
    let malformed = |source| WireError::Malformed {
        line: clip(line.trim_end(), QUOTE_BYTES_MAX).to_owned(),
        source,
    };
    let version: VersionOnly = serde_json::from_str(line).map_err(malformed)?;
    if version.v != VERSION {
        return Err(WireError::Version { found: version.v });
    }
    serde_json::from_str::<Line<T>>(line).map(|line| line.body).map_err(malformed)
}

#[cfg(test)]
mod tests {
    use moat_base::{Timestamp, TreePath};

    use super::*;
    use crate::{
        Change, ChangeClass, ChangeKind, ChangeSet, Checkpoint, CommandEnd, Confirmation,
        Confirmer, Event, Merge, Mode, Proposal, ProposedCandidate, RewindScope, RunStatus,
        Selection, Side, Surface, SurfaceEffect,
    };

    fn events() -> Vec<Event> {
        let surface = Surface {
            at: None,
            reader: "x".into(),
            keys: String::new(),
            effects: vec![SurfaceEffect::ExecOpen],
            does: "y".into(),
            gated: true,
        };
        let change = Change {
            path: TreePath::parse("bin").unwrap(),
            kind: ChangeKind::Type,
            class: ChangeClass::Edit,
            before: Side::Directory { mode: Mode(0o755) },
            after: Side::Link { target: Some("a\\xff".into()) },
            lines_added: 0,
            lines_removed: 0,
            hunks: Vec::new(),
            conflict: None,
            renamed_from: None,
            renamed_to: None,
            merge: Merge::Alone,
            surfaces: vec![surface],
            confirm: Some("deleted".into()),
        };
        let proposal = Proposal {
            argv: vec!["/bin/sh".into(), "-c".into(), "true\n".into()],
            environment: vec![("A".into(), "b".into())],
            directory: TreePath::root(),
            candidate: Some(ProposedCandidate {
                number: 3,
                path: TreePath::from_bytes(b"odd\xff").unwrap(),
                symbol: "f".into(),
                tests: None,
            }),
            writes: "a fork".into(),
            network: "none".into(),
            rule: "commands-ask".into(),
        };
        let set = ChangeSet { changes: vec![change], left_out: Vec::new(), truncated: true };
        let end = CommandEnd::Ran { status: RunStatus::Code(3) };
        let taken = Checkpoint {
            number: 3,
            at: Timestamp(4),
            after: "run `x`".into(),
            differing: 5,
            uncovered: 0,
        };
        vec![
            Event::SessionClosed,
            Event::CheckAsked,
            Event::CheckGiven { line: Some("make".into()) },
            Event::CheckGiven { line: None },
            Event::ApprovalAsked { request: 2, proposal },
            Event::ChangesPending(set),
            Event::CommandEnded(end),
            Event::Checkpointed(taken),
        ]
    }

    #[test]
    fn ops_and_events_survive_the_wire() {
        let selection = Selection::Hunks {
            path: TreePath::from_bytes(b"odd\xff name").unwrap(),
            numbers: vec![1, 3],
        };
        let confirmed = vec![Confirmation {
            path: TreePath::from_bytes(b"odd\xff =name").unwrap(),
            id: "deleted".into(),
            by: Confirmer::Terminal,
        }];
        let keep = Op::Keep { selection, confirmed };
        let run = Op::Run { argv: vec!["sh".into()], directory: TreePath::root() };
        let rewind = Op::Rewind { to: 3, scope: RewindScope::Conversation };
        let steer = Op::Steer { text: "a\nb".into() };
        let given = Op::GiveCheck { line: Some("make\ttest".into()) };
        let none = Op::GiveCheck { line: None };
        for op in [Op::Interrupt, keep, steer, run, rewind, given, none] {
            let line = write_op(&op);
            assert_eq!(line.matches('\n').count(), 1);
            assert_eq!(read_op(&line).unwrap(), op);
        }
        for event in events() {
            let session = "0123456789".parse().unwrap();
            let envelope = Envelope { session, sequence: 7, at: Timestamp(1), event };
            assert_eq!(read_event(&write_event(&envelope)).unwrap(), envelope);
        }
    }

    #[test]
    fn other_versions_and_garbage_are_told_apart() {
        assert!(matches!(read_op(r#"{"v":2,"op":"show"}"#), Err(WireError::Version { found: 2 })));
        for line in ["", "{}", "[]", "\u{0}", r#"{"v":1,"op":"fly"}"#, r#"{"v":1}"#] {
            assert!(matches!(read_op(line), Err(WireError::Malformed { .. })), "{line:?}");
        }
        assert!(read_op(r#"{"v":1,"op":"close","later":true}"#).is_ok());
        let selection = Selection::All;
        let earlier = r#"{"v":1,"op":"keep","selection":{"select":"all"}}"#;
        assert_eq!(read_op(earlier).unwrap(), Op::Keep { selection, confirmed: Vec::new() });
    }
}
