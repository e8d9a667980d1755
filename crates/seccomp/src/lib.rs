// SPDX-License-Identifier: Apache-2.0
//! The system call filter as data: what each process may ask of the kernel, and the
//! program that says so to it.
//!
//! *Responsibility*: the table of denied calls, the families of sockets, what makes up for
//! a namespace that is missing, and the assembler that makes a program for the kernel of them.
//!
//! *Not here*: putting a program in force, and answering calls that wait for a supervisor
//! (`moat-sandbox`). Why each call is denied is in `docs/sandbox.md`.
//!
//! *Map*: `table` what is denied · `shared` what is denied besides where a namespace is
//! missing · `program` the assembler, and an interpreter for tests.
//!
//! ```
//! use moat_seccomp::{Families, Programs, confined};
//!
//! let program = confined(Families::InetAndPairs, Programs::Denied);
//! assert!(program.finished().len() > 100);
//! ```
//!
//! Invariant: pure: it makes no system call.

mod program;
mod shared;
mod table;

pub use program::{Instruction, Program, Rule};
pub use shared::FCHMODAT2;
pub use table::{Families, Programs, Shared, confined, sharing, without_inet};
