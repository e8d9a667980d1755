// SPDX-License-Identifier: Apache-2.0
//! The engine against a scripted world: rebuilt, killed and cut at every point.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks at the variants it is about")]

mod archive;
mod crash;
mod fork;
mod journal;
mod prompts;
mod rewind;
mod scripted;
mod turn;
mod write;
