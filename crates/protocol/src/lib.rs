// SPDX-License-Identifier: Apache-2.0
//! The protocol between front ends and the engine: [`Op`] in, [`Event`] out.
//!
//! *Responsibility*: two closed enums and the types inside them, and their form
//! on the wire: one JSON object per line, on the session's local socket and in
//! `moat exec --json`.
//!
//! *Not here*: what is stored (`moat-engine` has its own records), transport
//! (`moat-net`), rendering (`moat-tui`).
//!
//! *Map*: `op` what a front end asks for · `event` what it is shown · `task` what
//! a turn is about · `change` the change set · `surface` what a change would make
//! other tools do · `commits` what a session committed · `evidence` commands, tests and the
//! outcome · `archive` questions about stored sessions · `wire` lines · [`workspace`] everything about the user's own
//! tree.
//!
//! ```
//! use moat_protocol::{Op, read_op, write_op};
//!
//! let line = write_op(&Op::Interrupt);
//! assert_eq!(read_op(&line).unwrap(), Op::Interrupt);
//! ```

mod archive;
mod change;
mod checkpoint;
mod commits;
mod event;
mod evidence;
mod op;
mod surface;
mod task;
mod wire;
pub mod workspace;

pub use archive::{ForkedFrom, Query, Reply, SessionSummary, Standing, Unreadable};
pub use change::{
    Change, ChangeClass, ChangeKind, ChangeSet, Clash, FileContent, Hunk, Merge, Mode, Refusal,
    Selection, Side,
};
pub use checkpoint::{Checkpoint, CommandEnd, PathChange, RewindPlan, RewindScope, Rewound};
pub use commits::{Branch, BranchRefusal, Commit, Commits, OtherRef, TakenBranch};
pub use event::{CandidateVerdict, Envelope, Event, Level, Stream};
pub use evidence::{Bound, Evidence, Nearest, Outcome, RunStatus, Suspect, TestSummary};
pub use op::{Answer, Op, Proposal, ProposedCandidate};
pub use surface::{Confirmation, Confirmer, Surface, SurfaceEffect};
pub use task::{Task, TaskKind};
pub use wire::{WireError, read_event, read_op, write_event, write_op};
