// SPDX-License-Identifier: Apache-2.0
//! The crossing log: what it says, how its lines are chained, how they are verified.
//!
//! *Responsibility*: the entry types, their one canonical byte form, the chain,
//! verification, and the decision what to cut after a crash. All of it is pure.
//!
//! *Not here*: reading and writing files and the order of writing and sending
//! (`moat-net`, `journal`), showing the log (`moat-cli`).
//!
//! *Map*: [`Entry`] one line's content · [`Seal`] the interface behind which
//! a Merkle tree can come later · [`HashChain`] today's chain · [`verify`] finds
//! a change anywhere · [`recover`] decides what a crash left behind.
//!
//! ```
//! use moat_base::Timestamp;
//! use moat_log::{Event, HashChain, Seal, Trim, verify};
//!
//! let mut chain = HashChain::genesis();
//! let event = Event::Recovered(Trim { bytes: 0, sha256: moat_log::Digest::of(b"") });
//! let line = chain.seal(Timestamp(0), event).unwrap();
//! assert_eq!(verify(line.as_bytes()).unwrap().entries, 1);
//! assert!(verify(line.replace("\"bytes\":0", "\"bytes\":1").as_bytes()).is_err());
//! ```

mod chain;
mod digest;
mod entry;
pub mod limits;
mod recover;
mod verify;

pub use chain::{Error, HashChain, Seal};
pub use digest::{Digest, DigestError};
pub use entry::{
    Attribution, Closing, Destination, Entry, Event, Opening, Outcome, Purpose, Refused, Sent,
    Trim, Verdict, Who,
};
pub use recover::{Recovery, recover};
pub use verify::{Break, Summary, Verifier, verify};
