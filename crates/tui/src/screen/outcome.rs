// SPDX-License-Identifier: Apache-2.0
//! The end of a turn: what came of it, what shows it, what to do next.

use moat_protocol::{Evidence, Nearest, Outcome};

use super::{Screen, Telling, summary_words};
use crate::{Tone, count, duration};

impl Screen {
    pub(super) fn finished(&mut self, outcome: &Outcome, evidence: &Evidence) -> String {
        self.asked = None;
        self.running = None;
        let (label, tone, text) = headline(outcome);
        let mut shown = String::from("\n");
        shown.push_str(&self.line(label, tone, &text));
        if let Some(check) = &evidence.check {
            shown.push_str(&self.line("check", Tone::Label, check));
        }
        if let Some(before) = &evidence.before {
            shown.push_str(&self.line("before", Tone::Label, &summary_words(before)));
        }
        if let Some(after) = &evidence.after {
            shown.push_str(&self.line("after", Tone::Label, &summary_words(after)));
        }
        if let Some(nearest) = &evidence.nearest {
            shown.push_str(&self.line("nearest", Tone::Label, &nearest_words(nearest)));
        }
        if evidence.requests > 0 {
            let text = format!(
                "{}, {}, {} read, {} written, {}",
                count(u64::from(evidence.candidates), "candidate"),
                count(u64::from(evidence.requests), "model request"),
                count(evidence.prompt_tokens, "token"),
                evidence.completion_tokens,
                duration(evidence.duration_ms)
            );
            shown.push_str(&self.line("spent", Tone::Label, &text));
        }
        let advice = advice(outcome, &self.session);
        if !advice.is_empty() && self.telling == Telling::Live {
            shown.push_str(&self.line("next", Tone::Label, &advice.join("\n")));
        }
        shown
    }
}

fn headline(outcome: &Outcome) -> (&'static str, Tone, String) {
    match outcome {
        Outcome::Solved => {
            ("solved", Tone::Good, "the check passes with the change, and nothing broke".into())
        }
        Outcome::Unverified { reason } => ("done", Tone::Warning, reason.clone()),
        Outcome::NothingToFix => {
            ("done", Tone::Good, "the check passes already; nothing was changed".into())
        }
        Outcome::NotSolved { reason } | Outcome::Failed { reason } => {
            ("failed", Tone::Bad, reason.clone())
        }
        Outcome::Answered { text } => ("answer", Tone::Label, text.clone()),
        Outcome::Stopped { reason } => ("stopped", Tone::Warning, reason.clone()),
        Outcome::Denied { reason } => ("denied", Tone::Bad, reason.clone()),
        Outcome::Unknown { effect } => (
            "unknown",
            Tone::Bad,
            format!("the process died while it was about to {effect}; look before you go on"),
        ),
    }
}

/// The best of the candidates that failed, in one line.
fn nearest_words(nearest: &Nearest) -> String {
    let Nearest { candidate, path, symbol, lines, summary, broken } = nearest;
    let size = lines
        .map_or_else(String::new, |lines| format!(", {} changed", count(u64::from(lines), "line")));
    let mut said = summary_words(summary);
    if !broken.is_empty() {
        said.push_str(&format!(", breaks {} that passed", broken.len()));
    }
    format!("candidate {candidate}, `{symbol}` in {path}{size}: {said}; not applied")
}

fn advice(outcome: &Outcome, session: &str) -> Vec<String> {
    let keep = [
        format!("moat session keep {session}    write the change into your tree"),
        format!("moat session undo {session}    drop it, or take a keep back"),
        format!("moat session show {session}    see everything that happened"),
    ];
    match outcome {
        Outcome::Solved | Outcome::Unverified { .. } => keep.to_vec(),
        Outcome::Unknown { .. } => keep.into_iter().skip(2).collect(),
        Outcome::Stopped { .. } => {
            vec![format!("moat session resume {session}    go on where it stopped")]
        }
        Outcome::NotSolved { .. } => vec![
            "name the function or file in the task, or a larger model with `--model`".into(),
            format!("moat session show {session}    see every candidate and what it failed"),
        ],
        Outcome::Failed { .. } => {
            vec!["`moat doctor` says what this machine can do; then start the task again".into()]
        }
        Outcome::Denied { .. } => {
            vec!["run it in a terminal to be asked, or see `docs/config.md`".into()]
        }
        Outcome::NothingToFix | Outcome::Answered { .. } => Vec::new(),
    }
}
