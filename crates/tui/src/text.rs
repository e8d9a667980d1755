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
}
