// SPDX-License-Identifier: Apache-2.0
//! Looks through a tree, an archive or one file for everything that makes a tool act.
//!
//! *Responsibility*: which files are read, how much of each, and what could not be read. A tree is
//! foreign: whoever made it knows this program and wants something of it passed over.
//!
//! *Not here*: what a file does to whom (`moat-scan`), how it is told (`moat-cli`), opening files
//! (`moat-files`).
//!
//! *Map*: [`Source`] what a path turned out to be · [`survey`] the work, with [`Progress`] · `tree`
//! directories, by `queue` on a few threads · `archive` a tar, never unpacked · `window` long files,
//! piece by piece · `judge` what is asked of `moat-scan` · `notice` what could not be read ·
//! `sink` what was found, with a bound.
//!
//! Invariant: what was not read is a [`Found`], never silence. Invariant: nothing outside of the
//! root is opened, nothing is written, no process is started.
//!
//! ```
//! use std::sync::atomic::AtomicBool;
//! use moat_survey::{Progress, Source, survey};
//!
//! let directory = tempfile::tempdir().unwrap();
//! let source = Source::open(directory.path()).unwrap();
//! let seen = survey(&source, &Progress::default(), &AtomicBool::new(false)).unwrap();
//! assert!(seen.findings.is_empty());
//! ```

mod archive;
mod error;
mod judge;
pub mod limits;
mod notice;
mod progress;
mod queue;
mod sink;
mod source;
mod survey;
mod tree;
mod window;

pub use error::Error;
pub use progress::{Counts, Progress};
pub use sink::Found;
pub use source::Source;
pub use survey::{Ended, Survey, survey};
