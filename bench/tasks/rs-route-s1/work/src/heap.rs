//! A priority queue: the entry with the smallest key comes out first.

/// A binary heap in a vector; the children of `i` are `2i + 1` and `2i + 2`.
#[derive(Debug, Default)]
pub struct Heap {
    entries: Vec<(u64, usize)>,
}

impl Heap {
    pub fn new() -> Heap {
        Heap { entries: Vec::new() }
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn push(&mut self, key: u64, value: usize) {
        self.entries.push((key, value));
        let mut child = self.entries.len() - 1;
        while child >= 0 {
            let parent = (child - 1) / 2;
            if self.entries[parent] <= self.entries[child] {
                break;
            }
            self.entries.swap(parent, child);
            child = parent;
        }
    }

    pub fn pop(&mut self) -> Option<(u64, usize)> {
        if self.entries.is_empty() {
            return None;
        }
        let smallest = self.entries.swap_remove(0);
        self.sink(0);
        Some(smallest)
    }

    fn sink(&mut self, start: usize) {
        let mut parent = start;
        loop {
            let mut smallest = parent;
            for child in [2 * parent + 1, 2 * parent + 2] {
                if child < self.entries.len() && self.entries[child] < self.entries[smallest] {
                    smallest = child;
                }
            }
            if smallest == parent {
                return;
            }
            self.entries.swap(parent, smallest);
            parent = smallest;
        }
    }
}
