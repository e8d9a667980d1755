// SPDX-License-Identifier: Apache-2.0
//! Medians with the interval in which they lie with 95 % confidence.
//!
//! The intervals come from the bootstrap (Efron 1979) with a fixed seed: the same
//! samples always give the same numbers.
//!
//! Invariant: reads no clock.

use crate::bench::random::Random;

const RESAMPLES: usize = 1000;
const SEED: u64 = 1979;

/// Times of one kind, in the order in which they were taken.
#[derive(Clone, Default)]
pub(super) struct Samples {
    times: Vec<f64>,
}

/// A value and the interval that holds the true one with 95 % confidence.
pub(super) struct Estimate {
    /// The value.
    pub(super) value: f64,
    /// The interval's lower end.
    pub(super) low: f64,
    /// The interval's upper end.
    pub(super) high: f64,
}

impl Samples {
    /// Adds one.
    pub(super) fn add(&mut self, time: f64) {
        self.times.push(time);
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.times.len()
    }

    /// The time that this percentage of the samples stays below.
    pub(super) fn at(&self, percent: usize) -> f64 {
        at(&sorted(self.times.clone()), percent)
    }

    /// The median.
    pub(super) fn median(&self) -> Estimate {
        estimate(|draw| at(&draw(&self.times), 50))
    }
}

impl Estimate {
    /// The same in another unit.
    pub(super) fn scaled(self, factor: f64) -> Self {
        Self { value: self.value * factor, low: self.low * factor, high: self.high * factor }
    }
}

/// The ratio of two medians.
pub(super) fn ratio(one: &Samples, other: &Samples) -> Estimate {
    estimate(|draw| at(&draw(&one.times), 50) / at(&draw(&other.times), 50).max(f64::MIN_POSITIVE))
}

/// Computes a figure from the samples, and again and again from samples of the samples.
fn estimate(figure: impl Fn(&mut dyn FnMut(&[f64]) -> Vec<f64>) -> f64) -> Estimate {
    let value = figure(&mut |times| sorted(times.to_vec()));
    let mut random = Random::new(SEED);
    let mut again = |times: &[f64]| {
        let draw = |_index| times.get(random.below(times.len())).copied().unwrap_or_default();
        sorted((0..times.len()).map(draw).collect())
    };
    let values = sorted((0..RESAMPLES).map(|_round| figure(&mut again)).collect());
    let end = |index: usize| values.get(index).copied().unwrap_or(value);
    Estimate { value, low: end(RESAMPLES / 40), high: end(RESAMPLES - RESAMPLES / 40 - 1) }
}

fn sorted(mut times: Vec<f64>) -> Vec<f64> {
    times.sort_by(f64::total_cmp);
    times
}

fn at(sorted: &[f64], percent: usize) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get((sorted.len() * percent / 100).min(last)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(times: impl IntoIterator<Item = u32>) -> Samples {
        Samples { times: times.into_iter().map(f64::from).collect() }
    }

    #[test]
    fn the_middle_and_its_surroundings_are_found() {
        let samples = samples((0..=100).rev());
        assert_eq!([0, 10, 50].map(|percent| samples.at(percent)), [0.0, 10.0, 50.0]);
        let Estimate { value, low, high } = samples.median();
        assert!((value - 50.0).abs() < 1e-9, "{value}");
        // By order statistics the interval of 101 samples is the 41st to the 61st.
        assert!((36.0..46.0).contains(&low) && (54.0..64.0).contains(&high), "{low} {high}");
    }

    #[test]
    fn equal_samples_leave_no_doubt() {
        let ratio = ratio(&samples([300; 9]), &samples([200; 9]));
        for value in [ratio.value, ratio.low, ratio.high] {
            assert!((value - 1.5).abs() < 1e-9, "{value}");
        }
        assert_eq!(samples([]).median().value.to_bits(), 0);
    }
}
