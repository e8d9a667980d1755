// SPDX-License-Identifier: Apache-2.0
//! What else the machine did while it was measured (proc_loadavg(5), proc_stat(5)).
//!
//! Invariant: a machine that does not say it is called unknown, not quiet.

use std::path::Path;

use serde_json::{Value, json};

use crate::bench::place;

/// More than this share of the time taken by others on the same hardware makes times doubtful.
const STEAL_MAX: f64 = 0.02;

/// The load at one moment, or between two.
pub(super) struct Load {
    /// Processes that wanted to run, over the last minute.
    average: Option<f64>,
    /// Ticks of all processors, and those of them that the host of a virtual machine took.
    ticks: Option<[f64; 2]>,
    processors: usize,
}

impl Load {
    /// Asks the kernel.
    pub(super) fn now() -> Self {
        let read = |name: &str| place::text(&Path::new("/proc").join(name)).unwrap_or_default();
        Self::read(&read("loadavg"), &read("stat"))
    }

    fn read(average: &str, stat: &str) -> Self {
        let words = stat.lines().find_map(|line| line.strip_prefix("cpu "));
        let ticks: Vec<f64> =
            words.unwrap_or_default().split_whitespace().flat_map(str::parse).collect();
        let is_one = |line: &&str| line.starts_with("cpu") && !line.starts_with("cpu ");
        Self {
            average: average.split_whitespace().next().and_then(|word| word.parse().ok()),
            // The time of guests is part of the user's.
            ticks: ticks.get(7).map(|stolen| [ticks.iter().take(8).sum(), *stolen]),
            processors: stat.lines().filter(is_one).count(),
        }
    }

    /// The average now, and the share that was taken since `before`.
    pub(super) fn since(self, before: &Self) -> Self {
        let ticks = self.ticks.zip(before.ticks);
        let ticks = ticks.map(|([all, stolen], [all_before, stolen_before])| {
            [all - all_before, stolen - stolen_before]
        });
        Self { ticks, ..self }
    }

    fn steal(&self) -> Option<f64> {
        self.ticks.map(|[all, stolen]| stolen / all.max(1.0))
    }

    fn is_doubtful(&self) -> bool {
        let processors = u32::try_from(self.processors).unwrap_or(u32::MAX);
        // The measurement itself keeps one processor busy.
        self.average.is_none_or(|average| average > f64::from(processors.max(1)))
            || self.steal().is_none_or(|steal| steal > STEAL_MAX)
    }

    /// One line for a person.
    pub(super) fn text(&self) -> String {
        let number = |value: Option<f64>, unit: &str| {
            value.map_or_else(|| "unknown".to_owned(), |value| format!("{value:.2}{unit}"))
        };
        let average = number(self.average, "");
        let steal = number(self.steal().map(|steal| steal * 100.0), " %");
        let doubt = if self.is_doubtful() {
            "; DOUBTFUL: others used the machine, so only ratios and minima count"
        } else {
            ""
        };
        format!("load {average} on {} processors, steal {steal}{doubt}", self.processors)
    }

    /// The same for programs.
    pub(super) fn document(&self) -> Value {
        json!({
            "average": self.average, "steal": self.steal(), "processors": self.processors,
            "doubtful": self.is_doubtful(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "cpu  100 0 50 800 10 0 0 40 5 0\ncpu0 1 2\ncpu1 1 2\nintr 7\n";

    #[test]
    fn load_and_steal_are_read_and_judged() {
        let busy = Load::read("2.50 1.0 1.0 1/100 5\n", STAT);
        assert_eq!((busy.average, busy.processors), (Some(2.5), 2));
        assert_eq!(busy.ticks, Some([1000.0, 40.0]));
        assert!(busy.is_doubtful());
        let quiet = Load::read("0.50 1 1 1/9 5", &STAT.replace(" 40 ", " 0 "));
        assert!(!quiet.is_doubtful());
        assert!(Load::read("", "").is_doubtful());
    }

    #[test]
    fn what_was_before_does_not_count() {
        let before = Load::read("0.1 0 0", STAT);
        let after = Load::read("0.1 0 0", "cpu  200 0 50 1600 10 0 0 50 5 0\ncpu0 1\n");
        assert_eq!(after.since(&before).ticks, Some([910.0, 10.0]));
    }
}
