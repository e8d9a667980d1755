// SPDX-License-Identifier: Apache-2.0
//! Bounds of this crate, each with what happens at it.

/// The longest file whose keys are compared; a longer one counts as touching.
pub(crate) const PARSED_BYTES_MAX: usize = 1024 * 1024;

/// The longest name that is an ordinary one, in bytes; a longer one is told.
pub(crate) const NAME_BYTES_USUAL: usize = 160;
