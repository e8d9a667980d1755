//! Days of the Gregorian calendar.

use std::fmt;

/// A day. Months and days count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    pub year: i32,
    pub month: u32,
    pub day: u32,
}

/// Whether the year has a 29th of February.
pub fn is_leap_year(year: i32) -> bool {
    year % 4 == 0 || (year % 100 != 0 && year % 400 == 0)
}

/// How many days the month has.
pub fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        2 if is_leap_year(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl Date {
    /// A day, or nothing if there is no such day.
    pub fn new(year: i32, month: u32, day: u32) -> Option<Date> {
        if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
            return None;
        }
        Some(Date { year, month, day })
    }

    /// The day that comes `days` days later.
    pub fn plus_days(self, days: u32) -> Date {
        let mut date = self;
        let mut left = days;
        while left > 0 {
            let rest = days_in_month(date.year, date.month) - date.day;
            if left <= rest {
                date.day += left;
                return date;
            }
            left -= rest + 1;
            date.day = 1;
            date.month += 1;
            if date.month > 12 {
                date.month = 1;
                date.year += 1;
            }
        }
        date
    }

    /// Days since 0001-01-01.
    pub fn ordinal(self) -> i64 {
        let years = i64::from(self.year) - 1;
        let mut days = years * 365 + years / 4 - years / 100 + years / 400;
        for month in 1..self.month {
            days += i64::from(days_in_month(self.year, month));
        }
        days + i64::from(self.day) - 1
    }

    /// How many days lie between this day and a later one.
    pub fn days_until(self, later: Date) -> i64 {
        later.ordinal() - self.ordinal()
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}
