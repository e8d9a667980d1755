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

/// Takes the difference between the working tree and the last commit.
pub(super) fn observe(turn: &Turn) -> Option<Step> {
    let Some((status, output)) = observed(turn) else {
        let argv = DIFF.iter().map(|word| (*word).to_owned()).collect();
        return effect(Effect::Observe { argv });
    };
    if status != RunStatus::Code(0) {
        return not_solved("`git diff` failed; is this a git repository with a commit?");
    }
    if output.trim().is_empty() {
        return not_solved("there are no changes since the last commit");
    }
    None
}

pub(super) fn next(turn: &Turn) -> Option<Step> {
    if let Some((_, texts)) = turn.answered().next() {
        let messages: Vec<String> = texts.iter().map(|text| unfenced(text).to_owned()).collect();
        return answered(&messages);
    }
    let (_, diff) = observed(turn)?;
    let text = format!(
        "The change:\n```diff\n{}\n```\n\nTask: {}\n",
        head(diff, DIFF_PROMPT_BYTES_MAX),
        turn.task.text
    );
    let sampling =
        Sampling { temperature_percent: 0, seed: 0, candidates: 1, tokens_max: TOKENS_MAX };
    let purpose = "write a commit message".to_owned();
    effect(Effect::Ask { prompt: request(purpose, messages(SYSTEM, text), sampling) })
}

fn observed(turn: &Turn) -> Option<(RunStatus, &str)> {
    turn.outcomes().find_map(|outcome| match outcome {
        EffectOutcome::Observed { status, output } => Some((*status, output.as_str())),
        EffectOutcome::CheckFound { .. }
        | EffectOutcome::Checked { .. }
        | EffectOutcome::Located { .. }
        | EffectOutcome::Answers { .. }
        | EffectOutcome::Tried { .. }
        | EffectOutcome::Applied { .. }
        | EffectOutcome::Moved { .. }
        | EffectOutcome::Ran { .. }
        | EffectOutcome::Rewound(_)
        | EffectOutcome::Denied { .. }
        | EffectOutcome::CommitsTaken { .. }
        | EffectOutcome::CommitsReturned { .. }
        | EffectOutcome::Failed { .. } => None,
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
