// SPDX-License-Identifier: Apache-2.0
//! The `moat` command: arguments, wiring, exit codes.
//!
//! *Responsibility*: reads the environment and the configuration, fills each
//! crate's settings. Each command gives up network sockets before it works on
//! anything, those that start sandboxes or the broker once their launcher runs.
//!
//! *Not here*: what a turn does (`moat-engine`), how it looks (`moat-tui`).
//!
//! *Map*: `arguments` the command line · `environment` what is read · `command`
//! one file per verb · `host` the session's engine and socket · `front` this
//! process's front end · `models`, `broker` what runs beside · `sessions` the
//! directories · `privilege`, `places` what is refused before anything is read ·
//! `workspace_settings` what a workspace may tighten · `exit`, `failure` how it ends.

mod arguments;
mod broker;
mod command;
mod environment;
mod exit;
mod failure;
mod front;
mod host;
mod models;
mod pip;
mod places;
mod privilege;
mod serve;
mod sessions;
mod start;
mod task;
mod terminal;
mod workspace_settings;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;
use clap::error::ErrorKind;

use arguments::{Arguments, ModelVerb, Verb};
use environment::{Environment, Output};
use exit::Exit;
use failure::Failure;
use terminal::{Terminal, complain};

const VERSION: &str = concat!("moat ", env!("CARGO_PKG_VERSION"), "\n");

fn main() -> ExitCode {
    if let Err(failure) = privilege::refuse_acquired() {
        return end(Err(failure));
    }
    let words: Vec<OsString> = std::env::args_os().collect();
    if words.get(1).is_some_and(|word| word == moat_sandbox::HELPER_WORD) {
        return moat_sandbox::helper_main(words.get(2..).unwrap_or_default());
    }
    if words.get(1).is_some_and(|word| word == moat_probe::WORD) {
        return moat_probe::main(words.get(2..).unwrap_or_default());
    }
    if words.get(1).is_some_and(|word| word == moat_terminal::KEEPER_WORD) {
        return moat_terminal::keeper_main(words.get(2..).unwrap_or_default());
    }
    if let Err(failure) = privilege::close() {
        return end(Err(failure));
    }
    if let [_, word] = words.as_slice()
        && (word == "--version" || word == "-V")
    {
        // Scripts ask this often: it is answered before the arguments are described.
        Terminal::new(Output::Stream).write(VERSION);
        return Exit::Success.into();
    }
    let arguments = match Arguments::try_parse_from(words) {
        Ok(arguments) => arguments,
        Err(error) => return explain(&error),
    };
    end(begin(arguments))
}

fn end(ended: Result<Exit, Failure>) -> ExitCode {
    match ended {
        Ok(exit) => exit.into(),
        Err(Failure { report, exit }) => {
            complain(&report.to_string());
            exit.into()
        }
    }
}

/// Services that are sealed off get no environment and read no configuration.
fn begin(arguments: Arguments) -> Result<Exit, Failure> {
    if let Verb::Model { verb: ModelVerb::Serve { arguments } } = &arguments.verb {
        return command::model::serve_model(arguments);
    }
    let environment = Environment::read()?;
    places::check(&environment)?;
    run(&environment, arguments)
}

fn run(environment: &Environment, arguments: Arguments) -> Result<Exit, Failure> {
    let overrides = arguments.overrides;
    match arguments.verb {
        Verb::Exec(exec) => {
            let loaded = environment.loaded(&overrides)?;
            command::exec::run(environment, loaded, &exec)
        }
        Verb::Session { verb } => {
            let loaded = environment.loaded(&overrides)?;
            command::session::run(environment, loaded, verb)
        }
        Verb::Model { verb } => {
            let config = environment.config(&overrides)?;
            command::model::run(environment, &config, verb)
        }
        Verb::Scan(scan) => {
            environment.give_up_inet()?;
            command::scan::run(environment, &scan)
        }
        Verb::Doctor(doctor) => command::doctor::run(environment, &overrides, &doctor),
        Verb::Log { verb } => {
            environment.give_up_inet()?;
            command::log::run(environment, &verb)
        }
        Verb::Config { verb } => {
            environment.give_up_inet()?;
            command::config::run(environment, &overrides, &verb)
        }
        Verb::Serve(arguments) => {
            let loaded = environment.loaded(&overrides)?;
            serve::run(environment, loaded, &arguments)
        }
        Verb::Broker => broker::run(environment).map(|()| Exit::Success),
    }
}

/// Help and version are answers; anything else is bad input.
fn explain(error: &clap::Error) -> ExitCode {
    // A reader that went away (a closed pipe) has what it wanted.
    let _closed_pipe = error.print();
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        Exit::Success.into()
    } else {
        Exit::Usage.into()
    }
}
