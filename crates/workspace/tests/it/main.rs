// SPDX-License-Identifier: Apache-2.0
//! Tests of a workspace: real files, a real watch, git in a real sandbox.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests prepare and inspect the host's side themselves"
)]

mod canary;
mod desk;
mod files;
mod git;
mod hostile;
mod search;
mod support;
mod watch;
