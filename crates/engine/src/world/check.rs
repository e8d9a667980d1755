// SPDX-License-Identifier: Apache-2.0
//! Runs commands in a sandbox, shows them as they run, and reads what checks say.

use std::ffi::OsString;
use std::time::Duration;

use moat_protocol::{Bound, Event, RunStatus, Stream, TestSummary};
use moat_sandbox::{
    Bound as Passed, Command, Limits, OutputSink, Sandbox, Status, Stream as Output, Variable,
};
use moat_tools::{Exit, TestReport, parse_report};

use super::{Setback, StopFlag};
use crate::invocation::Invocation;
use crate::limits::{CHECK_OUTPUT_BYTES_MAX, COMMAND_OUTPUT_BYTES_MAX, FAILING_NAMES_MAX};

/// What a command is run with.
pub(super) struct Run<'a> {
    pub(super) number: u32,
    pub(super) invocation: Invocation,
    pub(super) place: &'static str,
    pub(super) wall: Duration,
    pub(super) root: &'a str,
    pub(super) limits: &'a Limits,
    pub(super) reading: Reading,
}

/// Whether the output is that of a test run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// It is: a report is read out of it.
    Tests,
    /// It is just output.
    Plain,
}

/// A command that ended.
pub(super) struct Ran {
    pub(super) status: RunStatus,
    pub(super) output: String,
    pub(super) report: TestReport,
    pub(super) summary: TestSummary,
}

/// Runs one command to its end.
pub(super) fn run(
    sandbox: &Sandbox,
    run: Run<'_>,
    stop: &StopFlag,
    live: &mut dyn FnMut(Event),
) -> Result<Ran, Setback> {
    live(Event::CommandStarted {
        command: run.number,
        argv: run.invocation.argv.clone(),
        place: run.place.to_owned(),
    });
    let mut sink = Sink { number: run.number, kept: Kept::default(), live };
    let exit = sandbox
        .run(&command(&run), &mut sink, stop.switch())
        .map_err(|error| Setback::of(&error))?;
    let (kept, live) = (sink.kept, sink.live);
    let status = status_of(exit.status);
    if status == RunStatus::Interrupted {
        return Err(Setback::Stopped);
    }
    let bytes = kept.bytes();
    let duration_ms = u64::try_from(exit.usage.wall.as_millis()).unwrap_or(u64::MAX);
    let report = parse_report(&bytes, exit_of(status), run.root);
    let summary = summary(status, &report, duration_ms);
    live(Event::CommandFinished {
        command: run.number,
        status,
        duration_ms,
        summary: (run.reading == Reading::Tests).then(|| summary.clone()),
    });
    let output = String::from_utf8_lossy(&bytes).replace(run.root, ".");
    Ok(Ran { status, output, report, summary })
}

/// The way back from what is stored to the report that it was read from.
pub(super) fn report_of(summary: &TestSummary, output: &str, root: &str) -> TestReport {
    parse_report(output.as_bytes(), exit_of(summary.status), root)
}

fn command(run: &Run<'_>) -> Command {
    let Invocation { argv, environment, directory, place: _ } = &run.invocation;
    let mut command = Command::new(argv.iter().map(OsString::from));
    command.directory = directory.clone();
    let set = |(name, value): &(String, String)| Variable::Set(name.into(), value.into());
    command.environment = environment.iter().map(set).collect();
    command.limits = Limits {
        wall: run.wall,
        // No fewer than the processes of a large machine can use in that time.
        cpu_all: run.limits.cpu_all.max(run.wall.saturating_mul(PROCESSORS_USUAL)),
        output_bytes: COMMAND_OUTPUT_BYTES_MAX,
        ..run.limits.clone()
    };
    command
}

const fn status_of(status: Status) -> RunStatus {
    match status {
        Status::Code(code) => RunStatus::Code(code),
        Status::Signal(signal) => RunStatus::Signal(signal),
        Status::TimedOut => RunStatus::TimedOut,
        Status::Interrupted => RunStatus::Interrupted,
        Status::OutputLimit => RunStatus::OutputLimit,
        Status::Limit(bound) => RunStatus::Limit(bound_of(bound)),
    }
}

const fn bound_of(bound: Passed) -> Bound {
    match bound {
        Passed::Memory => Bound::Memory,
        Passed::MachineMemory => Bound::MachineMemory,
        Passed::MachineFiles => Bound::MachineFiles,
        Passed::Cpu => Bound::Cpu,
        Passed::FileSize => Bound::FileSize,
        Passed::Disk => Bound::Disk,
        Passed::MachineDisk => Bound::MachineDisk,
    }
}

const fn exit_of(status: RunStatus) -> Exit {
    match status {
        RunStatus::Code(code) => Exit::Code(code),
        RunStatus::Signal(signal) => Exit::Signal(signal),
        RunStatus::TimedOut
        | RunStatus::Interrupted
        | RunStatus::OutputLimit
        | RunStatus::Limit(_) => Exit::TimeOut,
    }
}

fn summary(status: RunStatus, report: &TestReport, duration_ms: u64) -> TestSummary {
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let failing = report.failed.iter().map(|failure| failure.name.clone());
    let errors = report.errors.iter().map(|error| error.message.clone());
    TestSummary {
        status,
        passed: number(report.passed_count),
        failed: number(report.failed.len().max(report.total.saturating_sub(report.passed_count))),
        failing: failing.chain(errors).take(FAILING_NAMES_MAX).collect(),
        duration_ms,
    }
}

/// The processors of a machine on which nothing is ended for its time that is not
/// ended by the clock first.
const PROCESSORS_USUAL: u32 = 60;

struct Sink<'a> {
    number: u32,
    kept: Kept,
    live: &'a mut dyn FnMut(Event),
}

impl OutputSink for Sink<'_> {
    fn output(&mut self, stream: Output, bytes: &[u8]) {
        self.kept.push(bytes);
        let stream = match stream {
            Output::Output => Stream::Out,
            Output::Error => Stream::Err,
        };
        let text = String::from_utf8_lossy(bytes).into_owned();
        (self.live)(Event::CommandOutput { command: self.number, stream, text });
    }
}

/// The beginning and the end of an output, in bounded memory.
#[derive(Debug, Default)]
struct Kept {
    head: Vec<u8>,
    tail: Vec<u8>,
    dropped: usize,
}

impl Kept {
    fn push(&mut self, bytes: &[u8]) {
        const HALF: usize = CHECK_OUTPUT_BYTES_MAX / 2;
        let room = HALF.saturating_sub(self.head.len()).min(bytes.len());
        let (first, rest) = bytes.split_at(room);
        self.head.extend_from_slice(first);
        self.tail.extend_from_slice(rest);
        if self.tail.len() > 2 * HALF {
            let cut = self.tail.len() - HALF;
            self.tail.drain(..cut);
            self.dropped += cut;
        }
    }

    fn bytes(self) -> Vec<u8> {
        if self.dropped == 0 {
            return [self.head, self.tail].concat();
        }
        let note = format!("\n[{} bytes left out]\n", self.dropped);
        [self.head, note.into_bytes(), self.tail].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_keeps_its_beginning_and_its_end() {
        let mut kept = Kept::default();
        kept.push(b"first\n");
        for _ in 0..100_000 {
            kept.push(b"flood flood flood\n");
        }
        kept.push(b"last\n");
        assert!(kept.head.len() + kept.tail.len() <= 2 * CHECK_OUTPUT_BYTES_MAX);
        let bytes = kept.bytes();
        assert!(bytes.starts_with(b"first\n") && bytes.ends_with(b"last\n"));
        assert!(String::from_utf8(bytes).unwrap().contains("bytes left out]"));
    }

    #[test]
    fn a_short_output_is_kept_whole() {
        let mut kept = Kept::default();
        kept.push(b"a");
        kept.push(b"b");
        assert_eq!(kept.bytes(), b"ab");
    }
}
