// SPDX-License-Identifier: Apache-2.0
//! Bounds of terminals; each says what it protects.

use std::time::Duration;

/// The most terminals that are open at once; one more is refused.
pub(crate) const TERMINALS_MAX: usize = 64;

/// What is kept of what a terminal printed, for who attaches later; older bytes go.
pub(crate) const TAIL_BYTES_MAX: usize = 1024 * 1024;

/// What is read from a terminal, or handed to a front end, at once.
pub(crate) const PIECE_BYTES: usize = 32 * 1024;

/// What is typed and not yet taken by the program; more is refused.
pub(crate) const TYPED_BYTES_MAX: usize = 1024 * 1024;

/// The longest message between the keeper and its owner.
pub(crate) const MESSAGE_BYTES_MAX: usize = 64 * 1024;

/// How long a shell has to end after it was told that its terminal is gone; then it is
/// killed.
pub(crate) const END_WAIT_MAX: Duration = Duration::from_secs(2);

/// How long the keeper has to answer; then it counts as gone.
pub(crate) const ANSWER_WAIT_MAX: Duration = Duration::from_secs(10);

/// The longest stored list of the terminals that were alive.
pub(crate) const ALIVE_BYTES_MAX: u64 = 64 * 1024;

/// How long a program may run that the server waits for; then it counts as failed.
pub(crate) const RUN_WAIT_MAX: Duration = Duration::from_secs(120);
