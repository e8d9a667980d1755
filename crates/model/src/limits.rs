// SPDX-License-Identifier: Apache-2.0
//! Every bound of this crate, by name.

use std::time::Duration;

/// The longest line of a stream; a longer one is not an answer.
pub const LINE_BYTES_MAX: usize = 1024 * 1024;

/// The most bytes of one answer, all candidates together.
pub const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The most bytes read of an answer that reports an error.
pub const ERROR_BODY_BYTES_MAX: usize = 64 * 1024;

/// The most candidates of one request.
pub const CANDIDATES_MAX: u32 = 64;

/// The most stop texts of one request, as the OpenAI API has it.
pub const STOPS_MAX: usize = 4;

/// How often one request is sent when nobody listens or the server is busy.
pub const ATTEMPTS_MAX: u32 = 4;

/// The most pieces of an answer that wait between the reading thread and the caller.
pub const PIECES_WAITING_MAX: usize = 16;

/// The most bytes of one piece.
pub const PIECE_BYTES_MAX: usize = 16 * 1024;

/// How long one wait lasts before the interrupt and the deadlines are looked at again.
pub const WAIT_SLICE: Duration = Duration::from_millis(20);

/// The most bytes of foreign text that an error quotes.
pub const QUOTE_BYTES_MAX: usize = 300;
