//! Limits how many requests each client may make.

pub mod bucket;

use bucket::Bucket;
use std::collections::HashMap;

/// The answer to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Allowed,
    /// Refused; it is worth trying again after so many milliseconds.
    RetryAfter(u64),
}

/// One bucket for each client.
#[derive(Debug)]
pub struct Limiter {
    capacity: u64,
    per_second: u64,
    buckets: HashMap<String, Bucket>,
}

impl Limiter {
    /// At most `capacity` requests at once, and `per_second` in the long run.
    pub fn new(capacity: u64, per_second: u64) -> Limiter {
        Limiter { capacity, per_second, buckets: HashMap::new() }
    }

    /// Asks for one request of a client at the given time.
    pub fn request(&mut self, client: &str, now_ms: u64) -> Answer {
        self.request_many(client, 1, now_ms)
    }

    /// Asks for several requests at once: all of them or none.
    pub fn request_many(&mut self, client: &str, count: u64, now_ms: u64) -> Answer {
        let bucket = self
            .buckets
            .entry(client.to_string())
            .or_insert_with(|| Bucket::full(self.capacity, self.per_second, now_ms));
        if bucket.take(count, now_ms) {
            Answer::Allowed
        } else {
            Answer::RetryAfter(bucket.wait_ms(count))
        }
    }

    /// Forgets the clients whose bucket is full again; returns how many.
    pub fn forget_idle(&mut self, now_ms: u64) -> usize {
        let before = self.buckets.len();
        self.buckets.retain(|_, bucket| !bucket.is_full(now_ms));
        before - self.buckets.len()
    }

    pub fn clients(&self) -> usize {
        self.buckets.len()
    }
}
