// SPDX-License-Identifier: Apache-2.0
//! Many attacks in one command, each in a process of its own, so that none spoils the next.
//!
//! They come on the standard input, name and target separated by a tab, one a line; the
//! answers go out in the same order, one a line.

use std::io::{self, BufRead as _, Write as _};
use std::process::ExitCode;

use super::answer;

/// Runs them all.
pub(super) fn main() -> ExitCode {
    let lines: Vec<String> = io::stdin().lock().lines().map_while(Result::ok).collect();
    for line in lines {
        let (name, target) = line.split_once('\t').unwrap_or((&line, ""));
        if MAKING.contains(&name) && !is_ours(target) {
            println!("refused");
            continue;
        }
        // SAFETY: this program has one thread.
        let child = unsafe { libc::fork() };
        if child == 0 {
            // An attack that waits for what never comes counts as held.
            // SAFETY: plain numbers.
            unsafe { libc::alarm(SECONDS_MAX) };
            println!("{}", answer(&[name.into(), target.into()]));
            let _nobody_reads = io::stdout().flush();
            // SAFETY: ends the child.
            unsafe { libc::_exit(0) };
        }
        let mut status = 0;
        // SAFETY: the status outlives the call.
        unsafe { libc::waitpid(child, &raw mut status, 0) };
        if libc::WIFSIGNALED(status) {
            println!("killed {}", libc::WTERMSIG(status));
        }
    }
    ExitCode::SUCCESS
}

/// Whether what is made there is the test's own: below the scratch directory, of which the
/// working directory is `home/project`, or in a view, where the host's places are not.
fn is_ours(target: &str) -> bool {
    let Ok(directory) = std::env::current_dir() else {
        return false;
    };
    let scratch = directory.ancestors().nth(2).filter(|scratch| {
        scratch.file_name().is_some_and(|name| name.to_string_lossy().starts_with("moat-test-"))
    });
    let places = || target.split(' ').map(std::path::Path::new);
    let beneath = scratch.is_some_and(|scratch| {
        places().all(|place| {
            place.starts_with(scratch) && !place.components().any(|part| part.as_os_str() == "..")
        })
    });
    // A view's own file systems; `/usr` and what leads there are the host's in a view, too.
    // The test starts it by its whole path, which is asked for because not every view has the
    // list of processes that would tell.
    let own = std::env::args_os().next().map(std::path::PathBuf::from);
    let in_view = own.is_some_and(|own| own.starts_with("/run"));
    let private = ["/tmp/", "/planted", "/dev/planted", "/etc/ld.so.preload"];
    beneath || in_view && private.iter().any(|place| target.starts_with(place))
}

/// The attacks that leave something behind where nothing holds them. Without a view they
/// would leave it on the host.
const MAKING: &[&str] = &[
    "create",
    "whiteout",
    "block-device",
    "old-whiteout",
    "old-block-device",
    "rename-over",
    "remove",
];

/// Long, because what only is slow on a busy machine would count as held.
const SECONDS_MAX: u32 = 60;
