// SPDX-License-Identifier: Apache-2.0
//! The parts of the verified edit that need no model: checks, reports, places, costs.
//!
//! *Responsibility*: which command tests a workspace, what its output says, which
//! functions are worth editing, what the model has to see, which code its answer
//! holds, and which of several repairs is the smallest.
//!
//! *Not here*: running commands (`moat-sandbox`), asking models (`moat-model`),
//! the order of the steps (`moat-engine`), parsing and splicing (`moat-index`).
//!
//! *Map*: [`detect`] finds checks · [`parse_report`] reads their output ·
//! [`compare`] two reports · [`localise`] ranks the functions to edit ·
//! [`context`] what the prompt says about one of them ·
//! [`commission`] which function a task wants written · [`mentioned`] which it names · [`convention`] where its
//! tests go · [`suite`] a test file out of an answer · [`answer`] code from a
//! model's answer · [`cost`] orders repairs · [`limits`] bounds.

pub mod answer;
mod check;
mod commission;
mod convention;
#[cfg(test)]
mod fixture;
pub mod limits;
mod localise;
mod rank;
mod report;
mod suite;

pub use check::{Check, CheckKind, detect, shown_line};
pub use commission::{Commission, commission, mentioned};
pub use convention::{Convention, SuiteForm, convention};
pub use localise::{Context, Evidence, Reason, Section, Suspect, context, is_test_path, localise};
pub use rank::{Change, Cost, cost};
pub use report::{
    Comparison, Confidence, Diagnostic, Exit, Failure, Format, Frame, TestReport, compare,
    parse as parse_report,
};
pub use suite::{Suite, suite};
