// SPDX-License-Identifier: Apache-2.0
//! Tests of terminals: a real keeper, real shells, real pseudo-terminals.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests prepare and inspect the host's side themselves"
)]

mod ending;
mod flow;
mod support;
mod work;
