// SPDX-License-Identifier: Apache-2.0
//! Attacks the boundary of this machine's sandbox: what `moat doctor` reports.
//!
//! *Responsibility*: the attempts, their controls outside of the sandbox, and the judgement
//! of both. An attempt that fails without a sandbox, too, proves nothing and is reported so.
//!
//! *Not here*: the sandbox (`moat-sandbox`), the report's words and layout (`moat-cli`), the
//! suite of attacks that the sandbox is developed against (the tests of `moat-sandbox`).
//!
//! *Map*: [`examine`] does all of it · [`look`] at one workspace · `attempt` the table ·
//! `target` what is aimed at · `bystander` the process outside that is aimed at, and that
//! makes the controls · `trial` the process that attacks · `judge` what it means.
//!
//! Invariant: nothing is reported as enforced that did not get through where it is not.

mod attempt;
mod bystander;
mod examination;
mod judge;
mod limits;
mod service;
mod target;
mod trial;
mod workspace;

pub use examination::{Examination, examine, examine_without};
pub use judge::{Finding, Verdict};
pub use service::{Basis, BrokerPlan, Part, Standing};
pub use target::Outcome;
pub use trial::{WORD, main};
pub use workspace::{Look, look};
