// SPDX-License-Identifier: Apache-2.0
//! What a person sees of a session, event by event.
//!
//! Every foreign text passes through [`moat_base::visible`], so that nothing a
//! program, a repository or a model writes can act on the terminal.
//!
//! Invariant: without colour a frame holds no escape byte at all.

mod keep;
mod outcome;
mod question;
mod rewind;

use moat_base::{clip, visible};
use moat_protocol::{
    CandidateVerdict, ChangeSet, Event, ForkedFrom, Level, RunStatus, TestSummary,
};

use self::question::command_line;
use crate::{Paint, Tone, change_set, count, duration};

/// How much is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Plan, actions and results.
    Usual,
    /// Also what commands and models write.
    Everything,
}

/// What to write for one event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// Whole lines, to be written once.
    pub lines: String,
    /// A line that stands below them until the next frame, for terminals only.
    pub status: Option<String>,
}

/// Turns events into frames.
#[derive(Debug)]
pub struct Screen {
    paint: Paint,
    detail: Detail,
    asked: Option<Asked>,
    running: Option<String>,
    session: String,
    telling: Telling,
}

/// Whether what is shown happens now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Telling {
    /// It does: at the end of a turn stands what to do next.
    Live,
    /// It is told again: what to do next was said then.
    Again,
}

#[derive(Debug)]
struct Asked {
    purpose: String,
    model: String,
    candidates: u32,
    pieces: u64,
}

const NAMES_SHOWN: usize = 5;
const PLACES_SHOWN: usize = 3;
const COMMAND_BYTES_SHOWN: usize = 100;

impl Screen {
    /// Makes a screen that has shown nothing yet.
    #[must_use]
    pub const fn new(paint: Paint, detail: Detail) -> Self {
        Self {
            paint,
            detail,
            asked: None,
            running: None,
            session: String::new(),
            telling: Telling::Live,
        }
    }

    /// Shows what happened before: without what to do next.
    #[must_use]
    pub const fn retelling(mut self) -> Self {
        self.telling = Telling::Again;
        self
    }

    /// Names the session in the advice at the end of a turn.
    #[must_use]
    pub fn for_session(mut self, session: impl Into<String>) -> Self {
        self.session = session.into();
        self
    }

    /// Shows one event.
    pub fn show(&mut self, event: &Event) -> Frame {
        let lines = self.lines(event);
        Frame { lines, status: self.status() }
    }

    fn status(&self) -> Option<String> {
        if let Some(asked) = &self.asked {
            let answers = count(u64::from(asked.candidates), "answer");
            let tokens = count(asked.pieces, "piece");
            return Some(format!(
                "model   {} ({}, {answers}): {tokens}",
                asked.purpose, asked.model
            ));
        }
        self.running.as_ref().map(|running| format!("running {running}"))
    }

    fn lines(&mut self, event: &Event) -> String {
        match event {
            Event::SessionOpened { workspace, boundary } => {
                let place =
                    self.line("session", Tone::Label, &format!("{} in {workspace}", self.session));
                place + &self.line("boundary", Tone::Label, boundary)
            }
            Event::Forked(forked) => self.forked(forked),
            Event::TurnStarted { task, .. } => self.line("task", Tone::Label, &task.text),
            Event::PlanMade { steps } => self.plan(steps),
            Event::Notice { level: Level::Note, text } => self.line("note", Tone::Faint, text),
            Event::Notice { level: Level::Warning, text } => {
                self.line("warning", Tone::Warning, text)
            }
            Event::CommandStarted { argv, place, .. } => self.command_started(argv, place),
            Event::CommandOutput { text, .. } => self.output(text),
            Event::CommandFinished { status, duration_ms, summary, .. } => {
                self.command_finished(*status, *duration_ms, summary.as_ref())
            }
            Event::Located { suspects } => self.located(suspects),
            Event::ModelAsked { model, purpose, candidates, .. } => {
                self.model_asked(model, purpose, *candidates)
            }
            Event::ModelText { text, .. } => self.model_text(text),
            Event::ModelAnswered { prompt_tokens, completion_tokens, duration_ms, .. } => {
                self.model_answered(*prompt_tokens, *completion_tokens, *duration_ms)
            }
            Event::CandidateJudged { candidate, path, symbol, verdict } => {
                self.judged(*candidate, &format!("{symbol} in {path}"), verdict)
            }
            Event::Edited { path, symbols } => self.edited(path, symbols),
            Event::ApprovalAsked { request, proposal } => self.question(*request, proposal),
            Event::ApprovalAnswered { answer, .. } => {
                let text = match answer {
                    moat_protocol::Answer::Once => "yes, once",
                    moat_protocol::Answer::No => "no",
                };
                self.line("answer", Tone::Label, text)
            }
            Event::CheckAsked => self.check_asked(),
            Event::CheckGiven { line } => self.check_given(line.as_deref()),
            Event::CommitsPending(set) => crate::commits::pending(set, self.paint),
            Event::CommitsTaken { taken, refused } => {
                crate::commits::taken(taken, refused, self.paint)
            }
            Event::CommitsReturned { returned, refused } => {
                crate::commits::returned(returned, refused, self.paint)
            }
            Event::ChangesPending(set) => self.pending(set),
            Event::KeepPlanned { unconfirmed } => self.keep_planned(unconfirmed),
            Event::Kept { paths, refused } => self.kept(paths, refused),
            Event::Discarded { paths, refused } => {
                self.moved("dropped", "from the session", paths, refused)
            }
            Event::KeepUndone { paths, refused } => {
                self.moved("undone", "in your tree", paths, refused)
            }
            Event::Checkpointed(checkpoint) => self.checkpointed(checkpoint),
            Event::RewindPlanned(plan) => self.rewind_planned(plan),
            Event::Rewound(rewound) => self.rewound(rewound),
            // How a command ended is said when it ends; that it is stored is for programs.
            Event::CommandEnded(_) => String::new(),
            Event::TurnFinished { outcome, evidence } => self.finished(outcome, evidence),
            Event::Failed { report } => format!("{}\n", visible(&report.to_string())),
            Event::SessionClosed => String::new(),
        }
    }

    fn forked(&self, forked: &ForkedFrom) -> String {
        let ForkedFrom { from, checkpoint } = forked;
        self.line("forked", Tone::Label, &format!("from session {from} at checkpoint {checkpoint}"))
    }

    fn pending(&self, set: &ChangeSet) -> String {
        let first = if set.changes.is_empty() {
            self.line("change", Tone::Label, "nothing is pending")
        } else {
            "\n".into()
        };
        first + &change_set(set, self.paint, self.detail)
    }

    fn line(&self, label: &str, tone: Tone, text: &str) -> String {
        let text = visible(text);
        let mut lines = text.lines();
        let first = lines.next().unwrap_or_default();
        let mut shown = format!("{} {first}\n", self.paint.paint(tone, &format!("{label:<7}")));
        for line in lines {
            shown.push_str(&format!("        {line}\n"));
        }
        shown
    }

    fn plan(&self, steps: &[String]) -> String {
        let numbered = steps.iter().enumerate().map(|(at, step)| format!("{}. {step}", at + 1));
        self.line("plan", Tone::Label, &numbered.collect::<Vec<_>>().join("\n"))
    }

    fn edited(&self, path: &moat_base::TreePath, symbols: &[String]) -> String {
        let symbols = symbols.join(", ");
        let text = format!("{path}: {symbols} (in the session; your tree is untouched)");
        self.line("edited", Tone::Label, &text)
    }

    fn command_started(&mut self, argv: &[String], place: &str) -> String {
        let command = command_line(argv);
        self.running = Some(clip(&visible(&command), COMMAND_BYTES_SHOWN).replace('\n', " "));
        self.line("run", Tone::Label, &format!("{command}  ({place})"))
    }

    fn output(&self, text: &str) -> String {
        match self.detail {
            Detail::Usual => String::new(),
            Detail::Everything => {
                let shown = visible(text);
                shown.lines().map(|line| format!("      | {line}\n")).collect()
            }
        }
    }

    fn command_finished(
        &mut self,
        status: RunStatus,
        duration_ms: u64,
        summary: Option<&TestSummary>,
    ) -> String {
        self.running = None;
        let tone = if status.is_success() { Tone::Good } else { Tone::Bad };
        let said = summary.map_or_else(|| status_words(status), summary_words);
        let mut text = format!(
            "        {}  {}\n",
            self.paint.paint(tone, &visible(&said)),
            self.paint.paint(Tone::Faint, &duration(duration_ms))
        );
        let failing = summary.map_or(&[][..], |summary| summary.failing.as_slice());
        for name in failing.iter().take(NAMES_SHOWN) {
            text.push_str(&format!("          {}\n", visible(name)));
        }
        if failing.len() > NAMES_SHOWN {
            text.push_str(&format!("          and {} more\n", failing.len() - NAMES_SHOWN));
        }
        text
    }

    fn located(&self, suspects: &[moat_protocol::Suspect]) -> String {
        let places = suspects.iter().take(PLACES_SHOWN).map(|suspect| {
            let why = suspect.reasons.first().map(String::as_str).unwrap_or_default();
            format!("{} in {}: {why}", suspect.symbol, suspect.path)
        });
        self.line("found", Tone::Label, &places.collect::<Vec<_>>().join("\n"))
    }

    fn model_asked(&mut self, model: &str, purpose: &str, candidates: u32) -> String {
        let (purpose, model) = (visible(purpose).into_owned(), visible(model).into_owned());
        self.asked = Some(Asked { purpose, model, candidates, pieces: 0 });
        String::new()
    }

    fn model_text(&mut self, text: &str) -> String {
        if let Some(asked) = &mut self.asked {
            asked.pieces += 1;
        }
        match self.detail {
            Detail::Usual => String::new(),
            Detail::Everything => visible(text).into_owned(),
        }
    }

    fn model_answered(&mut self, read: u64, written: u64, duration_ms: u64) -> String {
        let Some(asked) = self.asked.take() else { return String::new() };
        let text = format!(
            "{} ({}, {}): read {}, wrote {}, {}",
            asked.purpose,
            asked.model,
            count(u64::from(asked.candidates), "answer"),
            count(read, "token"),
            written,
            duration(duration_ms)
        );
        let gap = if self.detail == Detail::Everything { "\n" } else { "" };
        format!("{gap}{}", self.line("model", Tone::Label, &text))
    }

    fn judged(&self, candidate: u32, place: &str, verdict: &CandidateVerdict) -> String {
        let (tone, said) = match verdict {
            CandidateVerdict::Rejected { reason } => (Tone::Faint, reason.clone()),
            CandidateVerdict::Unjudged => {
                (Tone::Warning, "accepted; no check could judge it".into())
            }
            CandidateVerdict::Failed { summary } => (Tone::Bad, summary_words(summary)),
            CandidateVerdict::Passed { summary } => (Tone::Good, summary_words(summary)),
        };
        let said = self.paint.paint(tone, &visible(&said));
        let label = self.paint.paint(Tone::Label, &format!("{:<7}", format!("try {candidate}")));
        format!("{label} {}: {said}\n", visible(place))
    }

    fn moved(
        &self,
        label: &str,
        place: &str,
        paths: &[moat_base::TreePath],
        refused: &[moat_protocol::Refusal],
    ) -> String {
        let mut shown = String::new();
        for path in paths {
            shown.push_str(&self.line(label, Tone::Good, &format!("{path} ({place})")));
        }
        for refusal in refused {
            let text = format!("{}: {}", refusal.path, refusal.reason);
            shown.push_str(&self.line("left", Tone::Warning, &text));
        }
        if paths.is_empty() && refused.is_empty() {
            shown.push_str(&self.line(label, Tone::Label, "nothing"));
        }
        shown
    }
}

fn status_words(status: RunStatus) -> String {
    match status {
        RunStatus::Code(0) => "succeeded".into(),
        RunStatus::Code(code) => format!("failed with exit code {code}"),
        RunStatus::Signal(signal) => format!("ended by signal {signal}"),
        RunStatus::TimedOut => "ended: its time was over".into(),
        RunStatus::Interrupted => "ended: interrupted".into(),
        RunStatus::OutputLimit => "ended: it printed more than the limit".into(),
        RunStatus::Limit(bound) => format!("ended: {} ({})", bound.cause(), bound.hint()),
    }
}

fn summary_words(summary: &TestSummary) -> String {
    let (passed, failed) = (u64::from(summary.passed), u64::from(summary.failed));
    match (summary.status.is_success(), passed, failed) {
        (_, 0, 0) => status_words(summary.status),
        (true, ..) => format!("passes: {}", count(passed, "test")),
        (false, _, 0) => {
            format!("{} ({} passed before)", status_words(summary.status), count(passed, "test"))
        }
        (false, ..) => format!("fails {failed} of {}", count(passed + failed, "test")),
    }
}

#[cfg(test)]
mod tests {
    use moat_protocol::{Bound, Evidence, Outcome, Stream};

    use super::*;

    #[test]
    fn nothing_foreign_reaches_the_terminal_unseen() {
        let evil = "\u{1b}]52;c;aGk=\u{7}\u{202e}x".to_owned();
        let events = [
            Event::Notice { level: Level::Warning, text: evil.clone() },
            Event::CommandStarted { command: 1, argv: vec![evil.clone()], place: evil.clone() },
            Event::CommandOutput { command: 1, stream: Stream::Out, text: evil.clone() },
            Event::ModelText { request: 1, candidate: 0, text: evil.clone() },
            Event::TurnFinished {
                outcome: Outcome::Answered { text: evil.clone() },
                evidence: Evidence { check: Some(evil), ..Evidence::default() },
            },
        ];
        let mut screen = Screen::new(Paint::Plain, Detail::Everything);
        for event in &events {
            let frame = screen.show(event);
            assert!(frame.lines.contains("<U+001B>"), "{event:?}");
            for text in [frame.lines, frame.status.unwrap_or_default()] {
                assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
                assert!(!text.contains('\u{202e}'));
            }
        }
    }

    #[test]
    fn words_for_test_runs() {
        let summary = |status, passed, failed| TestSummary {
            status,
            passed,
            failed,
            failing: Vec::new(),
            duration_ms: 0,
        };
        let cases = [
            (summary(RunStatus::Code(0), 3, 0), "passes: 3 tests"),
            (summary(RunStatus::Code(1), 2, 1), "fails 1 of 3 tests"),
            (summary(RunStatus::Code(2), 0, 0), "failed with exit code 2"),
            (summary(RunStatus::TimedOut, 0, 0), "ended: its time was over"),
            (
                summary(RunStatus::Limit(Bound::Memory), 0, 0),
                "ended: its processes together took more memory than they may \
                 (let it run fewer processes, or raise `limits.command_memory_mib`)",
            ),
            (
                summary(RunStatus::TimedOut, 2, 0),
                "ended: its time was over (2 tests passed before)",
            ),
        ];
        for (summary, words) in cases {
            assert_eq!(summary_words(&summary), words);
        }
    }
}
