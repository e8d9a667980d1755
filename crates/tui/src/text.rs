// SPDX-License-Identifier: Apache-2.0
//! Numbers as people read them.

/// A duration: `340 ms`, `4.2 s`, `3 min 5 s`.
#[must_use]
pub fn duration(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..100_000 => format!("{}.{} s", ms / 1000, ms % 1000 / 100),
        _ => format!("{} min {} s", ms / 60_000, ms % 60_000 / 1000),
    }
}

/// A count with its noun: `1 test`, `3 tests`.
#[must_use]
pub fn count(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// A number of bytes, its digits in groups of three: `1,234 bytes`.
pub(crate) fn bytes(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if number == 1 { format!("{grouped} byte") } else { format!("{grouped} bytes") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well_at_every_size() {
        let cases = [(0, "0 ms"), (999, "999 ms"), (1_000, "1.0 s"), (99_949, "99.9 s")];
        for (ms, text) in cases {
            assert_eq!(duration(ms), text);
        }
        assert_eq!(duration(185_000), "3 min 5 s");
        assert_eq!((count(1, "test"), count(2, "test")), ("1 test".into(), "2 tests".into()));
    }

    #[test]
    fn bytes_are_grouped_by_thousands() {
        let cases = [(0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1_234, "1,234 bytes")];
        for (number, text) in cases.into_iter().chain([(12_345_678, "12,345,678 bytes")]) {
            assert_eq!(bytes(number), text);
        }
    }
}
