// SPDX-License-Identifier: Apache-2.0
//! The user's own terminals, and the few programs that the server has their keeper start: what
//! opens a browser, and `moat doctor`, which needs sockets that this process has given up.
//!
//! Invariant: nothing of the agent is started here, and no word of the workspace but the path of its
//! root becomes an argument.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use moat_base::{Fs, Report};
use moat_protocol::workspace::{TerminalQuery, TerminalReply};
use moat_server::Front;
use moat_terminal::{
    Flow, FrontId, Keeper, KeeperSettings, OutputSink, Size, TerminalSettings, Terminals,
};

use super::fronts::Fronts;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;

const OUTPUT_BYTES_MAX: u64 = 4 * 1024 * 1024;
const OUTPUT_FILE: &str = "doctor.json";
const OPENER: &str = "xdg-open";

/// Starts the process that starts terminals. Must come before sockets are given up.
pub(super) fn keeper(environment: &Environment) -> Result<Keeper, Failure> {
    let settings = KeeperSettings {
        helper: environment.own_program()?,
        shell: environment.shell(),
        environment: environment.for_terminals(),
    };
    Keeper::start(settings).map_err(|error| Failure::of(Exit::Environment, &error))
}

/// The user's terminals.
#[derive(Debug)]
pub(super) struct UserTerminals {
    terminals: Terminals,
    fs: Arc<dyn Fs>,
    output: PathBuf,
}

impl UserTerminals {
    pub(super) fn start(
        environment: &Environment,
        keeper: Keeper,
        root: &Path,
        state: &Path,
        fronts: Arc<Fronts>,
    ) -> Result<Self, Failure> {
        let terminals = Terminals::start(TerminalSettings {
            keeper,
            root: root.to_owned(),
            fs: Arc::clone(&environment.fs),
            alive: state.join("terminals.json"),
            news: Arc::new(move |news| fronts.announce(&news)),
        })
        .map_err(|error| Failure::of(Exit::Environment, &error))?;
        let output = environment.layout.runtime.join(OUTPUT_FILE);
        Ok(Self { terminals, fs: Arc::clone(&environment.fs), output })
    }

    /// Answers a question.
    pub(super) fn answer(
        &self,
        front: &Front,
        query: TerminalQuery,
    ) -> Result<TerminalReply, Report> {
        let id = FrontId(front.id());
        let size = |columns, rows| Size { columns, rows };
        let answered = match query {
            TerminalQuery::List => Ok(TerminalReply::Listed { terminals: self.terminals.list() }),
            TerminalQuery::Open { directory, columns, rows } => self
                .terminals
                .open(&directory, size(columns, rows), id, sink(front))
                .map(|terminal| TerminalReply::Opened { terminal }),
            TerminalQuery::Attach { terminal } => {
                self.terminals.attach(terminal, id, sink(front)).map(|()| TerminalReply::Done)
            }
            TerminalQuery::Resize { terminal, columns, rows } => {
                self.terminals.resize(terminal, size(columns, rows)).map(|()| TerminalReply::Done)
            }
            TerminalQuery::Close { terminal } => {
                self.terminals.close(terminal).map(|()| TerminalReply::Done)
            }
        };
        answered.map_err(|error| Report::of(&error))
    }

    /// Passes on what was typed. A program that does not take it is stuck, which its user sees.
    pub(super) fn typed(&self, terminal: u32, bytes: &[u8]) {
        let _stuck = self.terminals.write(terminal, bytes);
    }

    /// A front end left.
    pub(super) fn left(&self, front: u64) {
        self.terminals.detach(FrontId(front));
    }

    /// What a program of ours prints, run with all that the user has.
    pub(super) fn output(&self, program: &Path, words: &[&OsStr]) -> Result<Vec<u8>, Failure> {
        let failed = |error: &dyn std::error::Error| {
            let hint = "run it in a terminal";
            let words = words.join(OsStr::new(" "));
            let what = format!("could not run `{} {}`", program.display(), words.display());
            Failure::environment(what, hint).because(error)
        };
        let all = std::iter::once(program.as_os_str()).chain(words.iter().copied());
        let all: Vec<&OsStr> = all.collect();
        self.terminals.run(&all, &self.output).map_err(|error| failed(&error))?;
        let output = self.fs.read(&self.output, OUTPUT_BYTES_MAX).map_err(|error| failed(&error));
        let _kept_until_the_next = self.fs.remove(&self.output);
        output
    }

    /// Opens a browser, where the user has one.
    pub(super) fn browse(&self, opener: &Path, link: &str) {
        // The link is printed too.
        let _not_opened = self.terminals.launch(&[opener.as_os_str(), OsStr::new(link)]);
    }
}

/// The program that opens an address in the user's browser.
pub(super) fn opener(environment: &Environment) -> Option<PathBuf> {
    environment.has_screen().then(|| environment.find(OPENER))?
}

fn sink(front: &Front) -> OutputSink {
    let front = front.clone();
    Arc::new(move |terminal, bytes| match front.print(terminal, bytes) {
        Ok(()) => Flow::Taken,
        Err(_gone) => Flow::Gone,
    })
}
