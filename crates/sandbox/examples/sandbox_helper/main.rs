// SPDX-License-Identifier: Apache-2.0
//! The program that tests use in the place of `moat`: launcher, service, and attacker.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test program says plainly what went wrong"
)]

mod attack;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use moat_sandbox::{SelfPlan, Sockets};
use rustix::event::{PollFd, PollFlags, Timespec};

/// Longer than any test waits.
const ASKED_WITHIN_S: i64 = 300;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let Some((word, rest)) = arguments.split_first() else {
        return ExitCode::FAILURE;
    };
    match word.to_str() {
        Some(moat_sandbox::HELPER_WORD) => moat_sandbox::helper_main(rest),
        Some(moat_probe::WORD) => moat_probe::main(rest),
        Some("attack") => attack::main(rest),
        Some("serve") => serve(rest),
        Some(how @ ("give-up-inet" | "confine-self" | "nothing")) => confined(how, rest),
        _ => ExitCode::FAILURE,
    }
}

/// Answers one connection on the inherited socket with what the attacks gave.
fn serve(questions: &[OsString]) -> ExitCode {
    let listener = moat_sandbox::inherited_listener().expect("a listener is inherited");
    // Whoever failed before it asked is gone, and nobody else ends this process.
    let mut fds = [PollFd::new(&listener, PollFlags::IN)];
    let wait = Timespec { tv_sec: ASKED_WITHIN_S, tv_nsec: 0 };
    if rustix::event::poll(&mut fds, Some(&wait)) != Ok(1) {
        return ExitCode::FAILURE;
    }
    let (mut peer, _address) = listener.accept().expect("a connection comes");
    peer.write_all(answers(questions).as_bytes()).expect("the answer is taken");
    ExitCode::SUCCESS
}

/// Gives rights up, then attacks.
fn confined(how: &str, rest: &[OsString]) -> ExitCode {
    let (directory, questions) = rest.split_first().expect("a directory is given");
    match how {
        "give-up-inet" => moat_sandbox::give_up_inet().expect("INET can be given up"),
        "confine-self" => moat_sandbox::confine_self(&SelfPlan {
            read: vec!["/usr".into()],
            write: vec![directory.into()],
            sockets: Sockets::Inet,
        })
        .expect("the process can be confined"),
        _ => {}
    }
    print!("{}", answers(questions));
    ExitCode::SUCCESS
}

fn answers(questions: &[OsString]) -> String {
    questions.chunks(2).map(|question| format!("{}\n", attack::answer(question))).collect()
}
