// SPDX-License-Identifier: Apache-2.0
//! The program that tests use in the place of `moat`: launcher, and attacker.

use std::ffi::OsString;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    match arguments.split_first() {
        Some((word, rest)) if word == moat_sandbox::HELPER_WORD => moat_sandbox::helper_main(rest),
        _ => ExitCode::FAILURE,
    }
}
