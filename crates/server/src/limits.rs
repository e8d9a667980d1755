// SPDX-License-Identifier: Apache-2.0
//! Bounds of the server, each with what happens at it.

use std::time::Duration;

/// Connections at once; further ones wait to be accepted.
pub(crate) const CONNECTIONS_MAX: usize = 128;
/// How long a request's head may take; then the connection ends.
pub(crate) const HEAD_WAIT_MAX: Duration = Duration::from_secs(10);
/// How long a request's head may be; then it is refused.
pub(crate) const HEAD_BYTES_MAX: usize = 32 * 1024;
/// The longest message of a front end: the largest text that can be saved, as JSON. Then the
/// connection ends.
pub(crate) const MESSAGE_BYTES_MAX: usize = 128 * 1024 * 1024;
/// Messages that wait for a front end. Who sends to it alone waits; what is sent to all is not
/// waited for, and the connection of one that cannot follow ends: it comes again, and reads
/// everything anew.
pub(crate) const QUEUE_MESSAGES_MAX: usize = 256;
/// Questions of one front end that are answered at once; further ones wait.
pub(crate) const QUESTIONS_AT_ONCE_MAX: usize = 6;
/// Questions that are answered one after another and wait for their turn; then the connection
/// is read no further.
pub(crate) const ORDERED_WAITING_MAX: usize = 256;
/// Front ends at once; a further one is refused.
pub(crate) const FRONTS_MAX: usize = 16;
/// Links that were made and not used yet; the oldest is forgotten.
pub(crate) const LINKS_MAX: usize = 8;
