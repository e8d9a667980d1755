// SPDX-License-Identifier: Apache-2.0
//! Bounds of this crate, each with what happens at it.

/// The longest file that is parsed for its keys; a longer one counts as touching.
pub(crate) const PARSED_BYTES_MAX: usize = 1024 * 1024;

/// The longest file that is searched for words; a longer one counts as touching, and
/// nobody need read it.
pub const SEARCHED_BYTES_MAX: usize = 32 * 1024 * 1024;

/// The longest name that is an ordinary one, in bytes; a longer one is told.
pub(crate) const NAME_BYTES_USUAL: usize = 160;

/// The most of a file that one finding carries, in bytes and in lines; how much more there is
/// is told.
pub(crate) const CARRIED_BYTES_MAX: usize = 4 * 1024;
pub(crate) const CARRIED_LINES_MAX: usize = 40;

/// The most keys of one configuration of git that are told one by one; the rest are counted.
pub(crate) const GIT_KEYS_MAX: usize = 200;

/// The most lines of one text that are told one by one; the rest are counted.
pub(crate) const HAZARDS_MAX: usize = 50;
