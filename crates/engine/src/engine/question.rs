// SPDX-License-Identifier: Apache-2.0
//! Asking a person, and acting on what they said.
//!
//! Invariant: what is carried out after a yes is what was shown with the question.

use moat_protocol::{Answer, Event, Level};

use super::{Attendance, Engine};
use crate::Error;
use crate::limits::CHECK_LINE_BYTES_MAX;
use crate::operation::no_check;
use crate::record::{Effect, Record};
use crate::state::{AskedCheck, Question, Turn};
use crate::world::World;

impl<W: World> Engine<W> {
    /// Asks about an effect; where nobody can answer it is denied.
    pub(super) fn ask(&mut self, intent: Effect, rule: &str) -> Result<(), Error> {
        if self.settings.attendance == Attendance::Headless {
            return self.deny_unasked(intent, rule);
        }
        let proposal = self.world.proposal(&intent, rule);
        let request = self.state.questions.saturating_add(1);
        self.record(Record::Asked { request, intent, proposal: proposal.clone() })?;
        self.emit(Event::ApprovalAsked { request, proposal });
        Ok(())
    }

    /// Carries out what was approved, if it still is exactly that: the question may be of an
    /// earlier process, and of another version of this program.
    pub(super) fn perform_approved(&mut self, question: Question) -> Result<(), Error> {
        let rule = question.proposal.rule.clone();
        if self.world.proposal(&question.intent, &rule) == question.proposal {
            return self.perform(question.intent, rule);
        }
        self.notice(
            Level::Warning,
            "what would run now is not exactly what was approved, so it is asked again",
        );
        self.ask(question.intent, &rule)
    }

    /// Shows a question again that an earlier process was not answered.
    pub(super) fn ask_again(&mut self) -> Result<(), Error> {
        if self.state.turn().is_some_and(|turn| self.waits_for_check(turn)) {
            self.emit(Event::CheckAsked);
        }
        let Some(question) = self.state.question.clone() else { return Ok(()) };
        let Question { request, intent, proposal, answer } = question;
        match (answer, self.settings.attendance) {
            (Some(Answer::Once | Answer::No), _) => Ok(()),
            (None, Attendance::Headless) => self.deny_unasked(intent, &proposal.rule),
            // What is shown is what would run now.
            (None, Attendance::Attended)
                if self.world.proposal(&intent, &proposal.rule) != proposal =>
            {
                self.ask(intent, &proposal.rule)
            }
            (None, Attendance::Attended) => {
                self.emit(Event::ApprovalAsked { request, proposal });
                Ok(())
            }
        }
    }

    /// Asks which command tells right from wrong; where nobody can answer the turn ends.
    pub(super) fn ask_check(&mut self) -> Result<(), Error> {
        if self.settings.attendance == Attendance::Headless {
            return self.finish(no_check("nobody can be asked for one here"));
        }
        self.record(Record::CheckAsked)?;
        self.emit(Event::CheckAsked);
        Ok(())
    }

    /// Takes the answer to [`Engine::ask_check`].
    pub(super) fn give_check(&mut self, line: Option<String>) -> Result<(), Error> {
        let waits = |turn: &Turn| !turn.stopped && self.waits_for_check(turn);
        if !self.state.turn().is_some_and(waits) {
            return self.refuse("no check is asked for", "give one with `--check COMMAND`");
        }
        let line = line.map(|line| line.trim().to_owned()).filter(|line| !line.is_empty());
        let is_odd = |line: &String| line.len() > CHECK_LINE_BYTES_MAX || line.contains('\0');
        if line.as_ref().is_some_and(is_odd) {
            return self.refuse(
                "the check is longer than 64 KiB, or has a NUL in it",
                "put the commands into a script of the workspace and name that",
            );
        }
        self.record(Record::CheckGiven { line: line.clone() })?;
        self.emit(Event::CheckGiven { line });
        Ok(())
    }

    /// Whether a turn goes on only after somebody who is there has named a check.
    pub(super) fn waits_for_check(&self, turn: &Turn) -> bool {
        turn.asked_check == Some(AskedCheck::Open)
            && self.settings.attendance == Attendance::Attended
    }

    fn deny_unasked(&mut self, intent: Effect, rule: &str) -> Result<(), Error> {
        let what = intent.describe();
        self.notice(
            Level::Warning,
            format!(
                "to {what} would be asked by the rule `{rule}`; nobody can answer, so it is denied"
            ),
        );
        self.deny(intent, rule)
    }
}
