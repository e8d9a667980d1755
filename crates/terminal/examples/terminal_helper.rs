// SPDX-License-Identifier: Apache-2.0
//! The program that tests use in the place of `moat`: the keeper of terminals.

use std::ffi::OsString;
use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    match words.split_first() {
        Some((word, rest)) if word == moat_terminal::KEEPER_WORD => {
            moat_terminal::keeper_main(rest)
        }
        _ => ExitCode::FAILURE,
    }
}
