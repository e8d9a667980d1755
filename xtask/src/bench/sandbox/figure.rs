// SPDX-License-Identifier: Apache-2.0
//! The figures of the sandbox, and how they are judged.
//!
//! Invariant: both sides of a ratio were measured in turn, in the same run.

use super::Taken;
use super::statistics::{Estimate, ratio};

/// What is compared with a goal.
pub(super) struct Figure {
    /// Its name.
    pub(super) name: &'static str,
    /// What the program that takes the samples is asked for.
    pub(super) source: &'static str,
    /// The kind of sample.
    kind: &'static str,
    /// Which of its clocks counts.
    clock: Clock,
    /// What it is measured by.
    scale: Scale,
    /// The most that it may be.
    pub(super) goal: f64,
}

enum Clock {
    Wall,
    Processor,
}

/// What a figure is measured by.
enum Scale {
    /// Times the median of another kind.
    Times(&'static str),
    /// Milliseconds.
    Milliseconds,
}

/// How a figure compares with its goal.
pub(super) enum Verdict {
    /// The estimate is within the goal.
    Met(Estimate),
    /// It is not.
    Missed(Estimate),
    /// There are no samples of it in this run.
    Unmeasured,
}

impl Figure {
    /// Compares the samples with the goal.
    pub(super) fn judge(&self, taken: &Taken) -> Verdict {
        let times = match self.clock {
            Clock::Wall => &taken.wall,
            Clock::Processor => &taken.cpu,
        };
        let Some(samples) = times.get(self.kind) else {
            return Verdict::Unmeasured;
        };
        let estimate = match self.scale {
            Scale::Milliseconds => samples.median().scaled(1e-3),
            Scale::Times(other) => match times.get(other) {
                Some(other) => ratio(samples, other),
                None => return Verdict::Unmeasured,
            },
        };
        if estimate.value <= self.goal { Verdict::Met(estimate) } else { Verdict::Missed(estimate) }
    }

    fn unit(&self) -> String {
        match self.scale {
            Scale::Times(other) => format!("times {other}"),
            Scale::Milliseconds => "ms".to_owned(),
        }
    }
}

impl Verdict {
    /// One word for tables.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Met(_) => "met",
            Self::Missed(_) => "missed",
            Self::Unmeasured => "not measured",
        }
    }

    /// Whether the goal was missed with the whole interval.
    pub(super) fn is_missed_beyond_doubt(&self, figure: &Figure) -> bool {
        matches!(self, Self::Missed(estimate) if estimate.low > figure.goal)
    }

    /// The figure's value, if there is one.
    pub(super) fn estimate(&self) -> Option<&Estimate> {
        match self {
            Self::Met(estimate) | Self::Missed(estimate) => Some(estimate),
            Self::Unmeasured => None,
        }
    }

    /// One line for a person.
    pub(super) fn text(&self, figure: &Figure) -> String {
        let goal = figure.goal;
        let Some(estimate) = self.estimate() else {
            return format!("goal {goal}: not measured");
        };
        let Estimate { value, low, high } = estimate;
        let doubt = if *low <= goal && goal < *high { ", within the interval" } else { "" };
        let (unit, word) = (figure.unit(), self.word());
        format!("{value:.2} {unit} ({low:.2} to {high:.2}); goal {goal}: {word}{doubt}")
    }
}

const fn wall([name, source, kind]: [&'static str; 3], other: &'static str, goal: f64) -> Figure {
    Figure { name, source, kind, clock: Clock::Wall, scale: Scale::Times(other), goal }
}

/// The figures of the project.
pub(super) const FIGURES: [Figure; 8] = [
    wall(["cold", "start", "cold"], "bwrap", 0.8),
    wall(["warm", "start", "warm"], "plain", 1.6),
    wall(["fallback", "start", "fallback"], "plain", 2.0),
    Figure {
        name: "build",
        source: "build",
        kind: "build_inside",
        clock: Clock::Processor,
        scale: Scale::Times("build_plain"),
        goal: 1.03,
    },
    wall(["status", "status", "status_inside"], "status_plain", 1.5),
    wall(["status-bwrap", "status", "status_inside"], "status_bwrap", 1.0),
    Figure {
        name: "fork",
        source: "fork",
        kind: "fork",
        clock: Clock::Wall,
        scale: Scale::Milliseconds,
        goal: 50.0,
    },
    Figure {
        name: "checkpoint",
        source: "checkpoint",
        kind: "checkpoint",
        clock: Clock::Wall,
        scale: Scale::Milliseconds,
        goal: 10.0,
    },
];
