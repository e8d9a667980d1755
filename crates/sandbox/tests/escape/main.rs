// SPDX-License-Identifier: Apache-2.0
//! Tests of the confinement from outside: real processes, a real kernel, real attacks.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests prepare and inspect the host's side themselves, and say what they skip"
)]

mod ask;
mod attack;
mod doctor;
mod durable;
mod group;
mod host;
mod hostile;
mod ladder;
mod live;
mod load;
mod matrix;
mod redundancy;
mod running;
mod secret;
mod service;
mod soak;
mod steps;
mod support;
mod table;
mod waiting;
mod work;
