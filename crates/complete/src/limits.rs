// SPDX-License-Identifier: Apache-2.0
//! Bounds of inline completion. A small model on two cores reads some hundred tokens in the
//! time that a person waits, so little is shown to it, the nearest first.

/// Bytes of the text before the cursor that a model is shown; the nearest ones.
pub const BEFORE_BYTES_MAX: usize = 3000;
/// Bytes of the text behind the cursor that a model is shown; the nearest ones.
pub const AFTER_BYTES_MAX: usize = 1000;
/// Bytes of declarations of other files; further ones are left out.
pub const DECLARED_BYTES_MAX: usize = 1200;
/// Files whose declarations are shown; further ones are left out.
pub const NEIGHBOURS_MAX: usize = 4;
/// Declarations of one file; further ones are left out.
pub const DECLARATIONS_MAX: usize = 24;
/// The longest declaration that is shown; a longer one is left out.
pub const DECLARATION_BYTES_MAX: usize = 160;
/// Tokens that a model may write.
pub const TOKENS_MAX: u32 = 64;
/// Lines of an answer that are shown; further ones are cut off.
pub const LINES_MAX: usize = 12;
