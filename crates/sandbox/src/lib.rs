// SPDX-License-Identifier: Apache-2.0
//! The only door to processes.
//!
//! *Responsibility*: to start programs so that the kernel keeps them inside a
//! plan, to end them without remainder, and to say truthfully what is enforced.
//!
//! *Not here*: what may run (`moat-policy`), what runs (`moat-engine`), which
//! bytes may leave (`moat-net`), the workspace's files (`moat-files`), whether it all
//! holds on this machine (`moat-probe`).
//!
//! *Map*: [`Settings`] and [`Plan`] go in, [`Launcher`] and [`Sandbox`] come out,
//! [`Command`] runs to an [`Exit`]. `wire` carries messages and descriptors,
//! `view` compiles the mount list, `inside` is the code of the launcher, the
//! holder and the reaper, `mount`, `landlock`, `seccomp` and `kernel` speak to the
//! kernel. How it all holds together is in `docs/sandbox.md`.

#[doc(hidden)]
pub mod attempt;
mod cgroup;
mod command;
mod confinement;
mod control;
mod disk;
mod environment;
mod error;
mod footing;
mod inherit;
mod inside;
mod kernel;
mod landlock;
mod launcher;
mod limits;
mod live;
mod lockdown;
mod mount;
mod plan;
mod poll;
mod rewrite;
mod run;
mod sandbox;
mod seccomp;
mod service;
mod settings;
mod storage;
mod view;
mod wire;

pub use command::{
    Bound, Collected, Command, Exit, Input, InputPipe, Interrupt, Limits, Network, OutputSink,
    Status, Stream, Usage, Variable,
};
pub use confinement::{Confinement, Effect, Standing};
pub use error::Error;
pub use footing::Step;
pub use inherit::{inherited_listener, inherited_stream};
pub use inside::helper_main;
pub use landlock::version as landlock_version;
pub use launcher::Launcher;
pub use live::Live;
pub use lockdown::{SelfPlan, Sockets, confine_self, gained_by_start, give_up_inet};
#[doc(hidden)]
pub use plan::Layer;
pub use plan::{Files, Plan, Writes};
pub use sandbox::Sandbox;
pub use service::{Service, ServiceConfinement, ServiceProcess, start_service};
pub use settings::{HELPER_WORD, Settings};
