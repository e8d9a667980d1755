// SPDX-License-Identifier: Apache-2.0
//! Has the model write a commit message for the changes of the working tree.
//!
//! Git runs inside the sandbox, on a fork that is thrown away, so that nothing a
//! repository's configuration starts can reach further than that fork.

use moat_protocol::RunStatus;

use super::prompt::{Sampling, head, messages, request};
use super::{Step, answered, effect, not_solved};
use crate::limits::DIFF_PROMPT_BYTES_MAX;
use crate::record::{Effect, EffectOutcome};
use crate::state::Turn;

const SYSTEM: &str = "You write git commit messages. The first line is an imperative sentence of \
                      at most 72 characters. Then a blank line, then why, in at most three short \
                      lines. You answer with the message and nothing else.";
const TOKENS_MAX: u32 = 200;
const DIFF: &[&str] = &["git", "--no-pager", "diff", "--no-ext-diff", "--no-textconv", "HEAD"];

/// The files that git does not track and does not ignore, their names first. They are put
/// into the fork's index without their content, so that git shows them as it shows others.
const NEW_FILES: &str = "git add --intent-to-add . 2>/dev/null; exec git --no-pager diff \
                         --no-ext-diff --no-textconv --diff-filter=A --summary --patch";

/// Takes the difference between the working tree and the last commit, then the new files.
pub(super) fn observe(turn: &Turn) -> Option<Step> {
    let mut observed = observed(turn);
    let Some((status, changed)) = observed.next() else {
        let argv = DIFF.iter().map(|word| (*word).to_owned()).collect();
        return effect(Effect::Observe { argv });
    };
    if status != RunStatus::Code(0) {
        return not_solved("`git diff` failed; is this a git repository with a commit?");
    }
    let Some((status, new)) = observed.next() else {
        let argv = ["/bin/sh", "-c", NEW_FILES].map(str::to_owned).to_vec();
        return effect(Effect::Observe { argv });
    };
    if status != RunStatus::Code(0) {
        return not_solved("`git diff` of the files that git does not track failed");
    }
    if changed.trim().is_empty() && new.trim().is_empty() {
        return not_solved("there are no changes since the last commit");
    }
    None
}

pub(super) fn next(turn: &Turn) -> Option<Step> {
    if let Some((_, texts)) = turn.answered().next() {
        let messages: Vec<String> = texts.iter().map(|text| unfenced(text).to_owned()).collect();
        return answered(&messages);
    }
    let mut observed = observed(turn).map(|(_, output)| output);
    let (changed, new) = (observed.next()?, observed.next()?);
    // What one of them does not need the other may have; each is sure of half.
    let changed = head(changed, DIFF_PROMPT_BYTES_MAX - new.len().min(DIFF_PROMPT_BYTES_MAX / 2));
    let new = head(new, DIFF_PROMPT_BYTES_MAX - changed.len());
    let shown = |title: &str, diff: &str| match diff.trim().is_empty() {
        true => String::new(),
        false => format!("{title}:\n```diff\n{diff}\n```\n\n"),
    };
    let (changed, new) = (shown("The change", changed), shown("New files", new));
    let text = format!("{changed}{new}Task: {}\n", turn.task.text);
    let sampling =
        Sampling { temperature_percent: 0, seed: 0, candidates: 1, tokens_max: TOKENS_MAX };
    let purpose = "write a commit message".to_owned();
    effect(Effect::Ask { prompt: request(purpose, messages(SYSTEM, text), sampling) })
}

/// What the programs that looked said, in order.
fn observed(turn: &Turn) -> impl Iterator<Item = (RunStatus, &str)> {
    turn.outcomes().filter_map(|outcome| {
        let EffectOutcome::Observed { status, output } = outcome else { return None };
        Some((*status, output.as_str()))
    })
}

/// A message without the fence that small models put around it.
fn unfenced(text: &str) -> &str {
    let text = text.trim();
    let inside = text.strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    // The rest of the first line is the fence's label.
    inside.and_then(|rest| rest.split_once('\n')).map_or(text, |(_label, rest)| rest.trim())
}

#[cfg(test)]
mod tests {
    use super::unfenced;

    #[test]
    fn a_fence_around_the_whole_message_goes() {
        let cases = [
            ("Fix it\n\nBecause.", "Fix it\n\nBecause."),
            ("```diff\nFix it\n\n- a\n```\n", "Fix it\n\n- a"),
            ("```\nFix it\n```", "Fix it"),
            ("Fix `a`\n```\ncode\n```", "Fix `a`\n```\ncode\n```"),
            ("```", "```"),
            ("``````", "``````"),
            ("", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(unfenced(text), expected, "{text}");
        }
    }
}
