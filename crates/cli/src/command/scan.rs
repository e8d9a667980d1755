// SPDX-License-Identifier: Apache-2.0
//! `moat scan`: what a foreign tree would do, before anything opens it.
//!
//! `moat-survey` looks, this tells: for people, as JSON, as SARIF, and as an exit code.
//! `docs/scan.md` describes it for people.
//!
//! Invariant: no configuration is read, no process is started and nothing is written but the
//! files that the command line names.

mod baseline;
mod json;
mod lines;
mod sarif;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use moat_scan::{Act, Level, When};
use moat_survey::{Ended, Error, Found, Progress, Source, Survey, survey};
use moat_tui::Frame;
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::arguments::{FailOn, Scan};
use crate::environment::{Environment, Output};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::terminal::{Terminal, complain};
use baseline::Baseline;

/// How long a scan runs before it tells how far it is.
const SILENT: Duration = Duration::from_secs(1);
/// How often it tells.
const STEP: Duration = Duration::from_millis(200);

/// Carries the verb out.
pub(crate) fn run(environment: &Environment, scan: &Scan) -> Result<Exit, Failure> {
    if scan.json && matches!(scan.sarif, Some(None)) {
        let hint = "write SARIF to a file with `--sarif=FILE`";
        return Err(Failure::usage("JSON and SARIF cannot both be printed", hint));
    }
    let known = match &scan.baseline {
        Some(path) => Baseline::read(environment, path)?,
        None => Baseline::default(),
    };
    let path = scan.path.as_deref().unwrap_or_else(|| Path::new("."));
    let source = Source::open(path).map_err(|error| failed(&error))?;
    let seen = look(environment, scan, &source)?;
    let told = Told::of(seen, &known, source.path());
    show(environment, scan, &told)?;
    Ok(exit(scan, &told))
}

/// What is told, whatever the form.
#[derive(Debug)]
struct Told {
    /// The canonical path of what was looked through.
    root: PathBuf,
    seen: Survey,
    /// What the baseline accepts, by position.
    accepted: Vec<bool>,
    /// How many entries of the baseline were not found again.
    stale: usize,
}

impl Told {
    fn of(seen: Survey, known: &Baseline, root: PathBuf) -> Self {
        let accepted: Vec<bool> = seen.findings.iter().map(|it| known.accepts(it)).collect();
        let stale = known.stale(&seen.findings);
        Self { root, seen, accepted, stale }
    }

    /// The findings, each with whether it is accepted.
    fn all(&self) -> impl Iterator<Item = (&Found, bool)> {
        self.seen.findings.iter().zip(self.accepted.iter().copied())
    }

    /// The findings that nobody accepted.
    fn fresh(&self) -> impl Iterator<Item = &Found> {
        self.all().filter(|(_, accepted)| !accepted).map(|(found, _)| found)
    }

    const fn is_whole(&self) -> bool {
        matches!(self.seen.ended, Ended::Whole)
    }
}

fn look(environment: &Environment, scan: &Scan, source: &Source) -> Result<Survey, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop)).map_err(|error| {
            Failure::environment("could not wait for Ctrl-C", "run the command again")
                .because(&error)
        })?;
    }
    let is_shown = !scan.no_progress
        && !scan.json
        && scan.sarif != Some(None)
        && environment.output == Output::Terminal;
    let progress = Progress::default();
    let seen = std::thread::scope(|scope| {
        let (done, wait) = sync_channel(1);
        let (stop, progress) = (&stop, &progress);
        let worker = scope.spawn(move || {
            let seen = survey(source, progress, stop);
            // The reader waits for this alone, and sees the end of the thread too.
            let _nobody_waits = done.send(());
            seen
        });
        let mut terminal = Terminal::new(environment.output);
        let start = environment.clock.monotonic();
        while matches!(wait.recv_timeout(STEP), Err(RecvTimeoutError::Timeout)) {
            if is_shown && environment.clock.monotonic().saturating_sub(start) >= SILENT {
                let counts = progress.counts();
                let status = format!("{} files read, {} findings", counts.files, counts.findings);
                terminal.show(&Frame { lines: String::new(), status: Some(status) });
            }
        }
        terminal.show(&Frame { lines: String::new(), status: None });
        worker.join()
    });
    match seen {
        Ok(seen) => seen.map_err(|error| failed(&error)),
        Err(_panic) => Err(Failure::environment(
            "the scan failed, which is a fault of this program",
            "report it with the tree, and take the tree for dangerous until then",
        )),
    }
}

fn show(environment: &Environment, scan: &Scan, told: &Told) -> Result<(), Failure> {
    let mut terminal = Terminal::new(environment.output);
    if let Some(Some(path)) = &scan.sarif {
        write(environment, path, &sarif::text(told))?;
    }
    match (&scan.sarif, scan.json) {
        (Some(None), _) => terminal.write(&sarif::text(told)),
        (_, true) => terminal.write(&json::text(told)),
        (_, false) => {
            for piece in lines::pieces(told, environment.paint) {
                terminal.write(&piece);
            }
        }
    }
    if let Some(path) = &scan.write_baseline {
        if !told.is_whole() {
            complain("no baseline was written: the scan was interrupted");
            return Ok(());
        }
        write(environment, path, &baseline::text(told))?;
    }
    Ok(())
}

fn exit(scan: &Scan, told: &Told) -> Exit {
    if !told.is_whole() {
        return Exit::Interrupted;
    }
    if scan.write_baseline.is_some() {
        return Exit::Success;
    }
    let least = match scan.fail_on {
        FailOn::High => Level::High,
        FailOn::Medium => Level::Medium,
        FailOn::Low => Level::Low,
        FailOn::Never => return Exit::Success,
    };
    if told.fresh().any(|it| it.finding.level >= least) { Exit::NotSolved } else { Exit::Success }
}

fn write(environment: &Environment, path: &Path, text: &str) -> Result<(), Failure> {
    let absolute = std::path::absolute(path);
    let written = absolute.and_then(|path| environment.fs.replace(&path, text.as_bytes()));
    written.map_err(|error| {
        let hint = "name a file in a directory that you may write";
        Failure::usage(format!("could not write `{}`", path.display()), hint).because(&error)
    })
}

fn failed(error: &Error) -> Failure {
    let is_ours = matches!(error, Error::Thread { .. });
    Failure::of(if is_ours { Exit::Environment } else { Exit::Usage }, error)
}

/// JSON of any form, in which nothing hides or acts on a terminal, and which is the same text to
/// whoever reads it as JSON.
fn plain_json(value: &impl serde::Serialize) -> String {
    // These types have no keys but text.
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    let mut plain = String::with_capacity(text.len() + 1);
    for character in text.chars() {
        if moat_base::hides(character) {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                plain.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            plain.push(character);
        }
    }
    plain.push('\n');
    plain
}

const fn level(level: Level) -> &'static str {
    match level {
        Level::High => "high",
        Level::Medium => "medium",
        Level::Low => "low",
    }
}

const fn when(when: When) -> &'static str {
    match when {
        When::Open => "open",
        When::Action => "action",
    }
}

const fn effect(effect: Act) -> &'static str {
    match effect {
        Act::Execute => "execute",
        Act::Redirect => "redirect",
        Act::Relax => "relax",
        Act::Instruct => "instruct",
        Act::Render => "render",
    }
}
