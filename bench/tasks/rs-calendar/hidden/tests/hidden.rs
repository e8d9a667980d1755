use reminder::date::{days_in_month, is_leap_year, Date};
use reminder::Reminder;

fn date(year: i32, month: u32, day: u32) -> Date {
    Date::new(year, month, day).unwrap()
}

#[test]
fn leap_years() {
    for (year, leap) in [
        (1900, false), (1996, true), (2000, true), (2023, false), (2024, true),
        (2100, false), (2200, false), (2400, true), (1600, true), (1700, false),
    ] {
        assert_eq!(is_leap_year(year), leap, "{year}");
        assert_eq!(days_in_month(year, 2), if leap { 29 } else { 28 }, "{year}");
    }
}

#[test]
fn plus_days_and_days_until_agree() {
    for start in [date(1899, 12, 31), date(1999, 2, 27), date(2100, 1, 31), date(2000, 2, 29)] {
        for days in [0, 1, 27, 28, 29, 59, 60, 365, 366, 800] {
            assert_eq!(start.days_until(start.plus_days(days)), i64::from(days), "{start} + {days}");
        }
    }
}

#[test]
fn no_such_day() {
    assert_eq!(Date::new(2100, 2, 29), None);
    assert_eq!(Date::new(2023, 4, 31), None);
    assert_eq!(Date::new(2023, 13, 1), None);
    assert_eq!(Date::new(2023, 1, 0), None);
    assert!(Date::new(2000, 2, 29).is_some());
}

#[test]
fn schedule_and_due_agree() {
    let reminder = Reminder { text: String::new(), start: date(1900, 2, 1), every_days: 14 };
    for day in reminder.schedule(30) {
        assert!(reminder.due_on(day), "{day}");
    }
    assert!(!reminder.due_on(date(1900, 1, 18)));
    assert!(reminder.due_on(date(1900, 3, 1)));
}
