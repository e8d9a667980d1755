// SPDX-License-Identifier: Apache-2.0
//! The names that a stretch of source uses.

use std::ops::Range;

use crate::Language;

/// The names that the range calls, in order, each once: `f`, and for `x.f()` both `f` and `x.f`.
#[must_use]
pub fn calls(language: Language, source: &[u8], range: Range<usize>) -> Vec<String> {
    let _ = (language, source, range);
    Vec::new()
}

/// The identifiers in the range, in order, each once.
#[must_use]
pub fn words(language: Language, source: &[u8], range: Range<usize>) -> Vec<String> {
    let _ = (language, source, range);
    Vec::new()
}
