// SPDX-License-Identifier: Apache-2.0
//! How far a transfer of weights is, for people who wait for it.
//!
//! A terminal has one line that is written anew. Where there is none (a pipe, a file, the
//! log of a build), lines would pile up: there is one for each tenth, and one when ten
//! seconds brought less than that. What is shown comes from the store; nothing is
//! measured here.
//!
//! Invariant: as soon as there is a rate, each line has it and the time left.

use std::time::Duration;

use moat_base::Clock;
use moat_inference::weights::Progress;
use moat_tui::{Frame, duration};

use crate::environment::Output;
use crate::terminal::Terminal;

/// The longest that nothing is said where no line can be written anew.
const SILENCE_MAX: Duration = Duration::from_secs(10);

/// Shows one transfer.
#[derive(Debug)]
pub(crate) struct Transfer<'a> {
    terminal: &'a mut Terminal,
    clock: &'a dyn Clock,
    said: Option<Said>,
}

/// What the last line was about.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Said {
    from: String,
    tenth: u64,
    at: Duration,
}

impl<'a> Transfer<'a> {
    pub(crate) const fn new(terminal: &'a mut Terminal, clock: &'a dyn Clock) -> Self {
        Self { terminal, clock, said: None }
    }

    /// Shows the state, where it is due.
    pub(crate) fn show(&mut self, progress: &Progress) {
        if self.terminal.output() == Output::Terminal {
            let status = Some(line(progress));
            self.terminal.show(&Frame { lines: String::new(), status });
        } else if self.is_due(progress) {
            self.terminal.write(&format!("{}\n", line(progress)));
        }
    }

    /// Takes the line away that a terminal still has.
    pub(crate) fn end(self) {
        self.terminal.show(&Frame::default());
    }

    fn is_due(&mut self, progress: &Progress) -> bool {
        let now = Said {
            from: progress.from.clone(),
            tenth: percent(progress) / 10,
            at: self.clock.monotonic(),
        };
        let due = self.said.as_ref().is_none_or(|said| {
            let silence = now.at.saturating_sub(said.at);
            said.from != now.from || said.tenth != now.tenth || silence >= SILENCE_MAX
        });
        if due {
            self.said = Some(now);
        }
        due
    }
}

/// The source stands last, because a narrow terminal cuts the end off.
fn line(progress: &Progress) -> String {
    let mut text = format!(
        "{:>3} %  {} of {}",
        percent(progress),
        megabytes(progress.done_bytes),
        megabytes(progress.total_bytes)
    );
    if let Some(left) = progress.left {
        let ms = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
        text.push_str(&format!(", {}/s", megabytes(progress.bytes_per_second)));
        text.push_str(&format!(", {} left", duration(ms)));
    }
    text.push_str(&format!(", from {}", progress.from));
    moat_base::visible(&text).into_owned()
}

fn percent(progress: &Progress) -> u64 {
    let all = u128::from(progress.total_bytes);
    let hundredths = u128::from(progress.done_bytes) * 100;
    hundredths.checked_div(all).and_then(|percent| u64::try_from(percent).ok()).unwrap_or(100)
}

/// A number of bytes in the unit in which weights are counted.
pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use moat_base::Timestamp;

    use super::*;

    /// A clock that stands where it was put.
    #[derive(Debug, Default)]
    struct Hand(Mutex<Duration>);

    impl Clock for Hand {
        fn now(&self) -> Timestamp {
            Timestamp(0)
        }

        fn monotonic(&self) -> Duration {
            *self.0.lock().unwrap()
        }
    }

    fn at(done_bytes: u64, total_bytes: u64) -> Progress {
        let left = Some(Duration::from_secs(125));
        let from = "pip-parts".to_owned();
        Progress { from, done_bytes, total_bytes, bytes_per_second: 4_500_000, left }
    }

    #[test]
    fn a_line_has_the_rate_and_the_time_left_and_its_source_last() {
        let mut progress = at(134_078_492, 1_117_320_768);
        assert_eq!(
            line(&progress),
            " 11 %  134.0 MB of 1117.3 MB, 4.5 MB/s, 2 min 5 s left, from pip-parts"
        );
        progress.left = None;
        assert_eq!(line(&progress), " 11 %  134.0 MB of 1117.3 MB, from pip-parts");
        progress.from = "file:/a\u{1b}[2Jb".to_owned();
        assert!(!line(&progress).contains('\u{1b}'), "a terminal obeys no name");
        assert_eq!(percent(&at(0, 0)), 100);
        assert_eq!(percent(&at(u64::MAX, u64::MAX)), 100);
    }

    #[test]
    fn where_no_line_is_written_anew_there_is_one_a_tenth_or_every_ten_seconds() {
        let hand = Hand::default();
        let mut terminal = Terminal::new(Output::Stream);
        let mut transfer = Transfer::new(&mut terminal, &hand);
        let mut due = |seconds: u64, percent: u64| {
            *hand.0.lock().unwrap() = Duration::from_secs(seconds);
            transfer.is_due(&at(percent, 100))
        };
        assert!(due(0, 0), "the beginning is told");
        assert!(!due(1, 1) && !due(9, 9));
        assert!(due(9, 10));
        assert!(!due(18, 19));
        assert!(due(19, 19), "ten seconds are over");
        assert!(due(19, 20));
        assert!(due(20, 100), "and so is the end");
        assert!(!due(20, 100));
        // A transfer of a gigabyte in an instant is no flood.
        let lines = (0..1000).filter(|step| due(100, step / 10)).count();
        assert!(lines <= 11, "{lines}");
        // Another source begins anew.
        let other = Progress { from: "hf".to_owned(), ..at(99, 100) };
        assert!(transfer.is_due(&other));
        assert!(!transfer.is_due(&other));
    }
}
