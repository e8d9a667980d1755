//! A ring buffer and what can be shown of it.
#![allow(dead_code)]

use std::collections::VecDeque;
use std::fmt;

/// The most values that a ring holds by default.
pub const CAPACITY: usize = 16;

/// Why a value was refused.
#[derive(Debug, Clone, PartialEq)]
pub enum RingError {
    /// It is full.
    Full { capacity: usize },
    Closed,
}

/// Values in the order in which they came.
#[derive(Debug)]
pub struct Ring<T> {
    values: VecDeque<T>,
    capacity: usize,
}

impl<T: Clone> Ring<T> {
    /// Makes an empty one.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            values: VecDeque::with_capacity(capacity),
            capacity,
        }
    }

    // Plain comments stay where they are.
    pub(crate) fn push(&mut self, value: T) -> Result<(), RingError> {
        if self.values.len() == self.capacity {
            return Err(RingError::Full {
                capacity: self.capacity,
            });
        }
        self.values.push_back(value);
        Ok(())
    }

    pub fn iter(&self) -> impl Iterator<Item = &T> + '_ {
        self.values.iter()
    }
}

impl<T: fmt::Display> fmt::Display for Ring<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for value in &self.values {
            write!(f, "{value} ")?;
        }
        f.write_str(r#"
 end"#)
    }
}

impl<T> Drop for Ring<T> {
    fn drop(&mut self) {
        self.values.clear();
    }
}

mod stats {
    pub async fn mean(values: &[f64]) -> Option<f64> {
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    }

    pub unsafe fn first<'a>(values: &'a [u8]) -> &'a u8 {
        unsafe { values.get_unchecked(0) }
    }
}

#[cfg(unix)]
fn separator() -> char {
    '/'
}

#[cfg(windows)]
fn separator() -> char {
    '\\'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_ring_refuses() {
        let mut ring = Ring::new(1);
        assert!(ring.push(1).is_ok());
        assert!(ring.push(2).is_err());
    }
}
