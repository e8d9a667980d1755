// SPDX-License-Identifier: Apache-2.0
//! The turn as a re-entrant state machine over the stored session, and the one
//! orchestrator that carries its effects out.
//!
//! *Responsibility*: the session's file and its chain, the state as a fold over
//! it, what happens next in a turn, and the five stations of every effect: decide,
//! approve, confine, run, record.
//!
//! *Not here*: rendering and arguments (`moat-tui`, `moat-cli`), enforcement
//! (`moat-sandbox`), what a test run says and where a bug may be (`moat-tools`).
//!
//! *Map*: `engine` the orchestrator, and what it tells of stored sessions · `operation` the state machine, one file per
//! operation · `record` what is stored · `origin` the workspace's path as text · `state` the fold · `story` which records count · `fork` a session out of another one · `store` the file and
//! its chain · `world` the door to effects · `grant` the right to one effect ·
//! `invocation` what an effect runs · `boundary` what is enforced, in a line ·
//! [`limits`] bounds.

mod boundary;
mod check_command;
mod engine;
mod error;
mod fork;
mod grant;
mod invocation;
pub mod limits;
mod operation;
mod origin;
mod record;
mod state;
mod store;
mod story;
mod world;

pub use boundary::boundary_line;
pub use check_command::CheckCommand;
pub use engine::archive;
pub use engine::{Attendance, Engine, Settings, Sink};
pub use error::Error;
pub use fork::{Forge, ForkError, ForkPoint, Forked};
pub use grant::Grant;
pub use operation::{Step, next, plan};
pub use origin::workspace_path;
pub use record::{
    AnswerRef, CommitTip, Cost, Effect, EffectOutcome, Place, Point, Prompt, PromptMessage,
    PromptRole, Record, Skill, TestForm, TestPlace, Trace, Verdict,
};
pub use state::{AskedCheck, Decided, Done, Given, Pending, Question, State, Trial, Turn};
pub use store::{ChainKey, History, Line, Store, StoreError, read_history};
pub use world::{
    LocalWorld, ModelSource, ReadyModel, Setback, Settled, StartError, StopFlag, Waypoint, World,
    WorldSettings,
};
