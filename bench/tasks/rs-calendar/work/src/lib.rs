//! Reminders that come back after a number of days.

pub mod date;

use date::Date;

/// Something to be reminded of, every `every_days` days from `start`.
#[derive(Debug, Clone)]
pub struct Reminder {
    pub text: String,
    pub start: Date,
    pub every_days: u32,
}

impl Reminder {
    /// The first `count` days on which the reminder is due.
    pub fn schedule(&self, count: usize) -> Vec<Date> {
        let mut dates = Vec::with_capacity(count);
        let mut next = self.start;
        for _ in 0..count {
            dates.push(next);
            next = next.plus_days(self.every_days);
        }
        dates
    }

    /// Whether the reminder is due on the given day.
    pub fn due_on(&self, day: Date) -> bool {
        let passed = self.start.days_until(day);
        passed >= 0 && passed % i64::from(self.every_days) == 0
    }
}
