// SPDX-License-Identifier: Apache-2.0
//! How long an attempt may take, and what the attempts on limits ask for.

use std::time::Duration;

/// How long one attempt may take before it counts as one that could not be made.
pub(crate) const ATTEMPT_WAIT_MAX: Duration = Duration::from_secs(5);

/// How long all attempts of one process may take together.
pub(crate) const ATTEMPTS_WAIT_MAX: Duration = Duration::from_secs(60);

/// The bounds of the command that attacks: far below the usual ones, so that reaching them
/// costs little. Processes cannot be bounded lower everywhere.
pub(crate) const PROCESSES: u64 = 310;
/// See [`PROCESSES`].
pub(crate) const MEMORY_BYTES: u64 = 64 << 20;
/// See [`PROCESSES`].
pub(crate) const MEMORY_BYTES_ALL: u64 = 96 << 20;
/// See [`PROCESSES`].
pub(crate) const OPEN_FILES: u64 = 256;
/// See [`PROCESSES`].
pub(crate) const FILE_BYTES: u64 = 1 << 20;

/// What the attempts ask for: more than the bound, and little for a machine.
pub(crate) const PROCESSES_ASKED: usize = 330;
/// See [`PROCESSES_ASKED`].
pub(crate) const MEMORY_BYTES_ASKED: usize = 72 << 20;
/// What so many processes ask for together.
pub(crate) const MEMORY_PROCESSES: usize = 4;
/// See [`MEMORY_PROCESSES`].
pub(crate) const MEMORY_BYTES_EACH: usize = 32 << 20;
/// See [`PROCESSES_ASKED`].
pub(crate) const OPEN_FILES_ASKED: usize = 300;
/// See [`PROCESSES_ASKED`].
pub(crate) const FILE_BYTES_ASKED: u64 = 2 << 20;

/// Outside, the attempts on limits are not made where less than this many times of what
/// they ask for is left.
pub(crate) const ROOM: u64 = 4;

/// How long the processes that take memory together may take for it.
pub(crate) const MEMORY_WAIT_MAX: Duration = Duration::from_secs(4);

/// How long they keep it inside before they count as unbounded: longer than the watch over a
/// command's memory rests at most.
pub(crate) const HOLD: Duration = Duration::from_secs(3);

/// The longest file of the kernel's that is read.
pub(crate) const FACT_BYTES_MAX: u64 = 1 << 20;
