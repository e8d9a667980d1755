//! A token bucket that counts in thousandths of a token.

/// How many parts a token has, so that slow rates lose nothing.
const PARTS: u64 = 1001;

#[derive(Debug, Clone)]
pub struct Bucket {
    capacity: u64,
    per_second: u64,
    parts: u64,
    filled_at_ms: u64,
}

impl Bucket {
    /// A bucket that is full at the given time.
    pub fn full(capacity: u64, per_second: u64, now_ms: u64) -> Bucket {
        Bucket { capacity, per_second, parts: capacity * PARTS, filled_at_ms: now_ms }
    }

    /// Adds what has flown in since the last time. A clock that runs
    /// backwards adds nothing.
    fn fill(&mut self, now_ms: u64) {
        if now_ms > self.filled_at_ms {
            let passed = now_ms - self.filled_at_ms;
            self.parts = (self.parts + passed * self.per_second).min(self.capacity * PARTS);
            self.filled_at_ms = now_ms;
        }
    }

    /// Takes tokens out, or nothing if there are not enough.
    pub fn take(&mut self, count: u64, now_ms: u64) -> bool {
        self.fill(now_ms);
        let wanted = count * PARTS;
        if self.parts < wanted {
            return false;
        }
        self.parts -= wanted;
        true
    }

    /// How long it takes until so many tokens are there.
    pub fn wait_ms(&self, count: u64) -> u64 {
        let wanted = count * PARTS;
        if wanted <= self.parts {
            return 0;
        }
        if count > self.capacity || self.per_second == 0 {
            return u64::MAX;
        }
        (wanted - self.parts).div_ceil(self.per_second)
    }

    pub fn is_full(&mut self, now_ms: u64) -> bool {
        self.fill(now_ms);
        self.parts == self.capacity * PARTS
    }

    /// Whole tokens that could be taken now.
    pub fn tokens(&self) -> u64 {
        self.parts / PARTS
    }
}
