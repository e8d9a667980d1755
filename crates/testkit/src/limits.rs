// SPDX-License-Identifier: Apache-2.0
//! Every bound of this crate, by name.

use std::time::Duration;

/// The longest request that the model server takes.
pub const REQUEST_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The most connections at once.
pub const CONNECTIONS_MAX: usize = 64;

/// The most candidates of one answer.
pub const CANDIDATES_MAX: u64 = 64;

/// How long a hanging answer waits before it looks again whether its client is there.
pub const HANG_SLICE: Duration = Duration::from_millis(5);
