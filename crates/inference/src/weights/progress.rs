// SPDX-License-Identifier: Apache-2.0
//! How far a transfer is, how fast, and how long it will take.

use std::collections::VecDeque;
use std::time::Duration;

use moat_base::Clock;

use super::limits::{PROGRESS_INTERVAL, RATE_SAMPLES_MAX, RATE_WINDOW};

/// How far a transfer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Where the bytes come from, as `weights.sources` names it, or what is done with them.
    pub from: String,
    /// How many are there.
    pub done_bytes: u64,
    /// How many there will be.
    pub total_bytes: u64,
    /// The rate over the last seconds.
    pub bytes_per_second: u64,
    /// The time left at this rate; `None` while there is no rate.
    pub left: Option<Duration>,
}

/// Measures and reports, not more often than a person can read.
pub(super) struct Meter<'a> {
    clock: &'a dyn Clock,
    report: &'a mut dyn FnMut(&Progress),
    from: String,
    samples: VecDeque<(Duration, u64)>,
    reported: Option<Duration>,
}

impl<'a> Meter<'a> {
    pub(super) fn new(clock: &'a dyn Clock, report: &'a mut dyn FnMut(&Progress)) -> Self {
        Self { clock, report, from: String::new(), samples: VecDeque::new(), reported: None }
    }

    /// Begins to measure anew.
    pub(super) fn begin(&mut self, from: &str) {
        from.clone_into(&mut self.from);
        self.samples.clear();
        self.reported = None;
    }

    /// Takes the state of the transfer; the last one is always reported.
    pub(super) fn at(&mut self, done_bytes: u64, total_bytes: u64) {
        let now = self.clock.monotonic();
        let due = self.reported.is_none_or(|at| now.saturating_sub(at) >= PROGRESS_INTERVAL);
        if !due && done_bytes != total_bytes {
            return;
        }
        self.reported = Some(now);
        self.samples.push_back((now, done_bytes));
        let old = |at: Duration| now.saturating_sub(at) > RATE_WINDOW;
        while self.samples.len() > 2
            && (self.samples.len() > RATE_SAMPLES_MAX
                || self.samples.front().is_some_and(|(at, _)| old(*at)))
        {
            self.samples.pop_front();
        }
        let rate = self.samples.front().map_or(0, |(at, bytes)| {
            let ms = now.saturating_sub(*at).as_millis();
            let gained = u128::from(done_bytes.saturating_sub(*bytes));
            u64::try_from((gained * 1000).checked_div(ms).unwrap_or(0)).unwrap_or(u64::MAX)
        });
        let left = total_bytes.saturating_sub(done_bytes).checked_div(rate);
        (self.report)(&Progress {
            from: self.from.clone(),
            done_bytes,
            total_bytes,
            bytes_per_second: rate,
            left: left.map(Duration::from_secs),
        });
    }
}
