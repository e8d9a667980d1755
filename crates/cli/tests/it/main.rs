// SPDX-License-Identifier: Apache-2.0
//! Tests of the real `moat` program: a home of its own for each, a scripted model
//! behind the real broker, no internet.
#![cfg(test)]
#![expect(
    clippy::disallowed_methods,
    reason = "these tests stand outside of the product, as a person's shell does"
)]

mod approval;
mod argument;
mod asking;
mod behaviour;
mod boundary;
mod checkpoint;
mod commits;
mod container;
mod day;
mod doctor;
mod embedded;
mod failing;
mod fallback;
mod fork;
mod help;
mod input;
mod kinds;
mod other_user;
mod program;
mod repair;
mod requirements;
mod scan;
mod secrets;
mod serve;
mod settings;
mod stopping;
mod support;
mod surface;
mod user;
mod weights;
