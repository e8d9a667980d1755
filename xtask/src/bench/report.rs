// SPDX-License-Identifier: Apache-2.0
//! What a run of the bench found, as Markdown and as JSON.
//!
//! Invariant: a share is never printed without its interval and its count.

use serde_json::{Value, json};

use super::task::{Language, Task};
use super::trial::Verdict;

/// How a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Score {
    /// Visible and hidden tests pass.
    Solved,
    /// The visible check passes, the hidden tests do not.
    Overfitted,
    /// The visible check fails.
    NotSolved,
}

impl Score {
    /// The score for the verdicts of the visible and the hidden check.
    pub(super) fn of(visible: Verdict, hidden: Verdict) -> Self {
        match (visible, hidden) {
            (Verdict::Pass, Verdict::Pass) => Self::Solved,
            (Verdict::Pass, Verdict::Fail | Verdict::Hang) => Self::Overfitted,
            (Verdict::Fail | Verdict::Hang, _) => Self::NotSolved,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Solved => "solved",
            Self::Overfitted => "overfitted",
            Self::NotSolved => "not solved",
        }
    }
}

/// Who tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arm {
    /// `moat exec`.
    Agent,
    /// Best of n without localisation.
    Baseline,
}

impl Arm {
    fn word(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Baseline => "baseline",
        }
    }
}

/// What an attempt used up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Usage {
    /// Tokens read by the model.
    pub(super) prompt_tokens: u64,
    /// Tokens written by the model.
    pub(super) completion_tokens: u64,
    /// Answers that were tried.
    pub(super) candidates: u64,
}

impl Usage {
    /// All tokens.
    pub(super) fn tokens(self) -> u64 {
        self.prompt_tokens + self.completion_tokens
    }
}

/// One attempt at one task.
pub(super) struct Row {
    /// The task's id.
    pub(super) id: String,
    /// Its language.
    pub(super) language: Language,
    /// `hand` or `mutator`.
    pub(super) origin: &'static str,
    /// Who tried.
    pub(super) arm: Arm,
    /// How it ended.
    pub(super) score: Score,
    /// Wall time of the attempt, without the hidden tests.
    pub(super) seconds: f64,
    /// What it used up.
    pub(super) usage: Usage,
    /// What the attempt said about itself.
    pub(super) claim: String,
}

impl Row {
    /// A row about `task`.
    pub(super) fn new(task: &Task, arm: Arm, score: Score) -> Self {
        Self {
            id: task.id.clone(),
            language: task.language,
            origin: task.origin_kind(),
            arm,
            score,
            seconds: 0.0,
            usage: Usage::default(),
            claim: String::new(),
        }
    }

    /// The row as a line of the table of attempts.
    pub(super) fn line(&self) -> String {
        format!(
            "| {} | {} | {} | {:.0} s | {} | {} | {} |",
            self.id,
            self.arm.word(),
            self.score.word(),
            self.seconds,
            self.usage.tokens(),
            self.usage.candidates,
            self.claim.replace('|', "/").replace('\n', " ")
        )
    }

    fn json(&self) -> Value {
        json!({
            "task": self.id,
            "language": self.language.name(),
            "origin": self.origin,
            "arm": self.arm.word(),
            "score": self.score.word(),
            "seconds": self.seconds,
            "prompt_tokens": self.usage.prompt_tokens,
            "completion_tokens": self.usage.completion_tokens,
            "candidates": self.usage.candidates,
            "claim": self.claim,
        })
    }
}

/// The head of the table of attempts.
pub(super) const HEAD: &str = "| task | arm | score | time | tokens | candidates | it said |\n\
                               |---|---|---|---|---|---|---|";

/// The table of sums: per arm in all, by language and by origin.
pub(super) fn sums(rows: &[Row]) -> String {
    let mut lines = vec![
        "| arm | tasks of | solved | 95 % interval | overfitted | not solved | time | tokens | candidates |"
            .to_owned(),
        "|---|---|---|---|---|---|---|---|---|".to_owned(),
    ];
    for arm in [Arm::Agent, Arm::Baseline] {
        let of_arm: Vec<&Row> = rows.iter().filter(|row| row.arm == arm).collect();
        lines.extend(sum(arm, "all", &of_arm));
        for language in Language::ALL {
            let part: Vec<&Row> =
                of_arm.iter().copied().filter(|row| row.language == language).collect();
            lines.extend(sum(arm, language.name(), &part));
        }
        for origin in ["hand", "mutator"] {
            let part: Vec<&Row> =
                of_arm.iter().copied().filter(|row| row.origin == origin).collect();
            lines.extend(sum(arm, origin, &part));
        }
    }
    lines.join("\n")
}

fn sum(arm: Arm, name: &str, rows: &[&Row]) -> Option<String> {
    if rows.is_empty() {
        return None;
    }
    let count = |score| rows.iter().filter(|row| row.score == score).count();
    let solved = count(Score::Solved);
    let (low, high) = wilson(solved, rows.len());
    Some(format!(
        "| {} | {name} | {solved} of {} ({:.0} %) | {:.0} to {:.0} % | {} | {} | {:.0} s | {} | {} |",
        arm.word(),
        rows.len(),
        100.0 * share(solved, rows.len()),
        100.0 * low,
        100.0 * high,
        count(Score::Overfitted),
        count(Score::NotSolved),
        rows.iter().map(|row| row.seconds).sum::<f64>(),
        rows.iter().map(|row| row.usage.tokens()).sum::<u64>(),
        rows.iter().map(|row| row.usage.candidates).sum::<u64>(),
    ))
}

/// The whole run as JSON.
pub(super) fn json(rows: &[Row]) -> Value {
    let summary = |arm: Arm| {
        let of_arm: Vec<&Row> = rows.iter().filter(|row| row.arm == arm).collect();
        let solved = of_arm.iter().filter(|row| row.score == Score::Solved).count();
        let (low, high) = wilson(solved, of_arm.len());
        json!({ "tasks": of_arm.len(), "solved": solved, "low": low, "high": high })
    };
    json!({
        "version": 1,
        "agent": summary(Arm::Agent),
        "baseline": summary(Arm::Baseline),
        "attempts": rows.iter().map(Row::json).collect::<Vec<_>>(),
    })
}

fn share(part: usize, whole: usize) -> f64 {
    number(part) / number(whole).max(1.0)
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// The 95 % score interval of a share (Wilson 1927).
fn wilson(successes: usize, trials: usize) -> (f64, f64) {
    /// The 97.5 % point of the normal distribution.
    const Z: f64 = 1.959_964;
    if trials == 0 {
        return (0.0, 1.0);
    }
    let (count, share) = (number(trials), share(successes, trials));
    let scale = 1.0 + Z * Z / count;
    let centre = (share + Z * Z / (2.0 * count)) / scale;
    let spread = (share * (1.0 - share) / count + Z * Z / (4.0 * count * count)).sqrt();
    let half = Z * spread / scale;
    ((centre - half).max(0.0), (centre + half).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals() {
        // Values of Newcombe 1998, table I, method 3, and the two ends.
        for (successes, trials, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let (got_low, got_high) = wilson(successes, trials);
            assert!((got_low - low).abs() < 1e-4, "{successes}/{trials}: {got_low}");
            assert!((got_high - high).abs() < 1e-4, "{successes}/{trials}: {got_high}");
        }
        assert_eq!(wilson(0, 0), (0.0, 1.0));
    }

    #[test]
    fn scores() {
        use Verdict::{Fail, Hang, Pass};
        for (visible, hidden, want) in [
            (Pass, Pass, Score::Solved),
            (Pass, Fail, Score::Overfitted),
            (Pass, Hang, Score::Overfitted),
            (Fail, Pass, Score::NotSolved),
            (Hang, Pass, Score::NotSolved),
        ] {
            assert_eq!(Score::of(visible, hidden), want);
        }
    }

    #[test]
    fn sums_count_each_arm_by_itself() {
        let row = |id: &str, arm, score| Row {
            id: id.to_owned(),
            language: Language::C,
            origin: "hand",
            arm,
            score,
            seconds: 1.0,
            usage: Usage { prompt_tokens: 5, completion_tokens: 2, candidates: 1 },
            claim: "a|b".to_owned(),
        };
        let rows = [
            row("x", Arm::Agent, Score::Solved),
            row("y", Arm::Agent, Score::Overfitted),
            row("x", Arm::Baseline, Score::NotSolved),
        ];
        let text = sums(&rows);
        assert!(
            text.contains("| agent | all | 1 of 2 (50 %) | 9 to 91 % | 1 | 0 | 2 s | 14 | 2 |"),
            "{text}"
        );
        assert!(text.contains("| baseline | c | 0 of 1 (0 %) |"), "{text}");
        assert!(!text.contains("python"), "{text}");
        assert_eq!(json(&rows)["agent"]["solved"], 1);
        assert!(rows[0].line().ends_with("| a/b |"));
    }
}
