// SPDX-License-Identifier: Apache-2.0
//! Bounds of this crate, each with what happens at it.

/// The longest file that is parsed for its keys; a longer one counts as touching.
pub(crate) const PARSED_BYTES_MAX: usize = 1024 * 1024;

/// The longest file that is searched for words; a longer one counts as touching, and
/// nobody need read it.
pub const SEARCHED_BYTES_MAX: usize = 32 * 1024 * 1024;

/// The longest name that is an ordinary one, in bytes; a longer one is told.
pub(crate) const NAME_BYTES_USUAL: usize = 160;
