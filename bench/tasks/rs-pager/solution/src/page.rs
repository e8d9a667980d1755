//! The arithmetic of pages. Pages count from 1.

use std::ops::Range;

/// Where we are in a list of `total` hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    pub number: usize,
    pub size: usize,
    pub total: usize,
}

impl Page {
    /// A page; a number outside of the list is moved to the nearest page.
    pub fn new(number: usize, size: usize, total: usize) -> Page {
        let size = size.max(1);
        let count = page_count(total, size);
        Page { number: number.clamp(1, count), size, total }
    }

    /// The positions of the hits on this page.
    pub fn range(self) -> Range<usize> {
        let start = (self.number - 1) * self.size;
        start..(start + self.size).min(self.total)
    }

    pub fn has_next(self) -> bool {
        self.number < page_count(self.total, self.size)
    }

    pub fn has_previous(self) -> bool {
        self.number > 1
    }
}

/// How many pages are needed; an empty list still has one, empty page.
pub fn page_count(total: usize, size: usize) -> usize {
    total.div_ceil(size).max(1)
}

/// The page numbers to offer: the first, the last and those around the current.
pub fn window(current: usize, count: usize, around: usize) -> Vec<usize> {
    (1..=count)
        .filter(|&number| number == 1 || number == count || number.abs_diff(current) <= around)
        .collect()
}
