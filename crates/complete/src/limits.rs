// SPDX-License-Identifier: Apache-2.0
//! Bounds of inline completion.

/// How much of what is around the cursor a model is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Bytes of the text before the cursor; the nearest ones.
    pub before_bytes: usize,
    /// Bytes of the text behind the cursor; the nearest ones.
    pub after_bytes: usize,
    /// Bytes of declarations from elsewhere; further ones are left out.
    pub declared_bytes: usize,
}

/// For the embedded model on a few cores, which reads some eighty tokens a second. What stands
/// before the cursor is read once and kept from question to question; what stands behind it is
/// read at each one, so it is short.
pub const SMALL: Budget = Budget { before_bytes: 1200, after_bytes: 160, declared_bytes: 400 };

/// For a server that reads thousands of tokens a second.
pub const LARGE: Budget = Budget { before_bytes: 8000, after_bytes: 3000, declared_bytes: 3000 };

/// Into how many steps the text before the cursor is cut where it is longer than its budget: the
/// beginning then stays the same while somebody types, and a model need not read it again.
pub const STEPS: usize = 4;
/// Files whose declarations are shown; further ones are left out.
pub const NEIGHBOURS_MAX: usize = 4;
/// The longest text whose declarations are looked for; a longer one has none.
pub const NEIGHBOUR_BYTES_MAX: usize = 256 * 1024;
/// Declarations of one file; further ones are left out.
pub const DECLARATIONS_MAX: usize = 24;
/// The longest declaration that is shown; a longer one is left out.
pub const DECLARATION_BYTES_MAX: usize = 160;
/// Tokens that a model may write.
pub const TOKENS_MAX: u32 = 64;
/// Lines of an answer that are shown; further ones are cut off.
pub const LINES_MAX: usize = 12;
