//! The commands typed last, kept in a ring of fixed size.

/// A ring that keeps the last `capacity` commands.
#[derive(Debug)]
pub struct History {
    slots: Vec<String>,
    capacity: usize,
    /// Where the next command goes once the ring is full.
    next: usize,
}

impl History {
    /// An empty history.
    ///
    /// # Panics
    /// If the capacity is zero.
    pub fn new(capacity: usize) -> History {
        assert!(capacity > 0, "a history needs room for one command");
        History { slots: Vec::new(), capacity, next: 0 }
    }

    /// How many commands are kept at the moment.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Adds a command; blank ones and direct repeats are not kept.
    pub fn push(&mut self, command: &str) {
        let command = command.trim();
        if command.is_empty() || self.last() == Some(command) {
            return;
        }
        if self.slots.len() < self.capacity {
            self.slots.push(command.to_string());
        } else {
            self.next = (self.next + 1) % self.capacity;
            self.slots[self.next] = command.to_string();
        }
    }

    /// The command at a position counted from the oldest.
    pub fn at(&self, index: usize) -> Option<&str> {
        if index >= self.len() {
            return None;
        }
        let slot = (self.next + index) % self.len();
        Some(self.slots[slot].as_str())
    }

    /// The command typed last.
    pub fn last(&self) -> Option<&str> {
        match self.len() {
            0 => None,
            count => self.at(count - 1),
        }
    }

    /// All commands, the oldest first.
    pub fn list(&self) -> Vec<&str> {
        (0..self.len()).filter_map(|index| self.at(index)).collect()
    }

    /// The newest command that starts with the given text.
    pub fn search(&self, prefix: &str) -> Option<&str> {
        (0..self.len())
            .rev()
            .filter_map(|index| self.at(index))
            .find(|command| command.starts_with(prefix))
    }
}
