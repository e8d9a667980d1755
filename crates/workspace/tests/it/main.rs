// SPDX-License-Identifier: Apache-2.0
//! Tests of a workspace: real files, a real watch, git in a real sandbox.
#![cfg(test)]
#![expect(
    clippy::disallowed_methods,
    clippy::string_slice,
    clippy::wildcard_enum_match_arm,
    reason = "tests prepare and inspect the host's side themselves, and name the one answer that they expect"
)]

mod canary;
mod desk;
mod files;
mod git;
mod hostile;
mod language;
mod search;
mod support;
mod watch;
