// SPDX-License-Identifier: Apache-2.0
//! What a crash may leave at the end of a file, told apart from tampering.
//!
//! A line is acknowledged only after its whole text and newline are durable, so
//! a crash leaves whole lines and at most one torn piece without a newline (or,
//! where the file grew before its data, a tail of NUL bytes). Only that piece is
//! cut. Anything else that does not verify is tampering or a broken disk and is
//! left untouched.
//!
//! Invariant: nothing that ends in a newline is ever cut.

use crate::{Break, Digest, Trim, Verifier};

/// The state of a file after its last writer ended.
#[derive(Debug, Clone)]
pub struct Recovery {
    /// The verified lines: where the chain goes on and what is still open.
    pub verifier: Verifier,
    /// How many bytes of the file are whole lines.
    pub keep_bytes: u64,
    /// The torn piece after them, if there is one.
    pub torn: Option<Trim>,
}

/// Verifies the whole lines of `bytes` and finds a torn last piece.
///
/// # Errors
/// The first whole line that does not hold.
pub fn recover(mut verifier: Verifier, bytes: &[u8]) -> Result<Recovery, Break> {
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let (lines, piece) = bytes.split_at(whole);
    verifier.feed(lines)?;
    let torn =
        (!piece.is_empty()).then(|| Trim { bytes: piece.len() as u64, sha256: Digest::of(piece) });
    Ok(Recovery { verifier, keep_bytes: whole as u64, torn })
}
