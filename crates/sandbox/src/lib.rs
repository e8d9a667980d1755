// SPDX-License-Identifier: Apache-2.0
//! The only door to processes and to the files of a workspace.
//!
//! *Responsibility*: to start programs so that the kernel keeps them inside a
//! plan, to end them without remainder, and to say truthfully what is enforced.
//!
//! *Not here*: what may run (`moat-policy`), what runs (`moat-engine`), which
//! bytes may leave (`moat-net`).
//!
//! *Map*: [`Settings`] and [`Plan`] go in, [`Launcher`] and [`Sandbox`] come out,
//! [`Command`] runs to an [`Exit`]. `wire` carries messages and descriptors,
//! `view` compiles the mount list, `inside` is the code of the launcher, the
//! holder and the reaper, `mount`, `landlock`, `seccomp` and `kernel` speak to the
//! kernel. How it all holds together is in `docs/sandbox.md`.

mod blob;
mod change;
mod checkpoint;
mod class;
mod command;
mod confinement;
mod diff;
mod environment;
mod error;
mod file_error;
mod files;
mod inherit;
mod inside;
mod keep;
mod kernel;
mod landlock;
mod launcher;
mod limits;
mod lockdown;
mod mount;
mod node;
mod plan;
mod poll;
mod probe;
mod removal;
mod resolver;
mod root;
mod run;
mod sandbox;
mod seccomp;
mod service;
mod settings;
mod stat;
mod tree;
mod upper;
mod view;
mod wire;

pub use blob::{BlobId, BlobStore};
pub use change::{Change, ChangeKind, ChangeSet, Content, LeftOut};
pub use checkpoint::{Checkpoint, Checkpoints, Rewind, Wish};
pub use class::Class;
pub use command::{
    Collected, Command, Exit, Input, Interrupt, Limits, Network, OutputSink, Status, Stream, Usage,
    Variable,
};
pub use confinement::{Confinement, Effect, Finding, Level, Standing};
pub use diff::Hunk;
pub use error::Error;
pub use file_error::FileError;
pub use files::SessionFiles;
pub use inherit::inherited_listener;
pub use inside::helper_main;
pub use keep::{KeepRecord, KeepStep, Outcome, Phase, Selection};
pub use launcher::Launcher;
pub use limits::PROXY_PORT;
pub use lockdown::{SelfPlan, Sockets, confine_self, give_up_inet};
pub use node::{Node, NodeKind};
#[doc(hidden)]
pub use plan::Layer;
pub use plan::{Files, Plan};
pub use probe::probe;
pub use removal::remove_files;
pub use root::Root;
pub use sandbox::Sandbox;
pub use service::{Service, ServiceConfinement, ServiceProcess, start_service};
pub use settings::{HELPER_WORD, Settings};
pub use tree::{DirTree, Expected, FileMode};
