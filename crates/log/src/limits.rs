// SPDX-License-Identifier: Apache-2.0
//! The bounds of the crossing log.

/// The longest line; an entry that would be longer is refused before anything is sent.
pub const LINE_BYTES_MAX: usize = 64 * 1024;
