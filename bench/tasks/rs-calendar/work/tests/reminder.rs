use reminder::date::Date;
use reminder::Reminder;

fn every(days: u32, year: i32, month: u32, day: u32) -> Reminder {
    Reminder {
        text: "water the plants".to_string(),
        start: Date::new(year, month, day).unwrap(),
        every_days: days,
    }
}

fn written(reminder: &Reminder, count: usize) -> Vec<String> {
    reminder.schedule(count).iter().map(Date::to_string).collect()
}

#[test]
fn weekly_over_a_leap_day() {
    let weekly = every(7, 2024, 2, 20);
    assert_eq!(written(&weekly, 3), ["2024-02-20", "2024-02-27", "2024-03-05"]);
}

#[test]
fn weekly_over_the_end_of_february_2100() {
    let weekly = every(7, 2100, 2, 20);
    assert_eq!(written(&weekly, 3), ["2100-02-20", "2100-02-27", "2100-03-06"]);
}

#[test]
fn due_a_year_later() {
    assert!(every(365, 2023, 1, 1).due_on(Date::new(2024, 1, 1).unwrap()));
}
