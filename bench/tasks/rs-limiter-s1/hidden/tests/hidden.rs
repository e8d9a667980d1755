use limiter::bucket::Bucket;
use limiter::{Answer, Limiter};

#[test]
fn never_more_than_the_capacity() {
    let mut bucket = Bucket::full(4, 10, 0);
    assert_eq!(bucket.tokens(), 4);
    assert!(bucket.take(1, 60_000));
    assert_eq!(bucket.tokens(), 3);
    assert!(!bucket.take(4, 60_000));
    assert!(bucket.take(3, 60_000));
    assert_eq!(bucket.tokens(), 0);
    assert!(!bucket.take(1, 60_099));
    assert!(bucket.take(1, 60_100));
}

#[test]
fn slow_rates_lose_nothing() {
    let mut bucket = Bucket::full(1, 1, 0);
    assert!(bucket.take(1, 0));
    for now in 1..1000 {
        assert!(!bucket.take(1, now), "{now}");
    }
    assert!(bucket.take(1, 1000));
}

#[test]
fn waits() {
    let mut bucket = Bucket::full(10, 3, 0);
    assert_eq!(bucket.wait_ms(10), 0);
    assert!(bucket.take(10, 0));
    assert_eq!(bucket.wait_ms(0), 0);
    assert_eq!(bucket.wait_ms(1), 334);
    assert_eq!(bucket.wait_ms(10), 3334);
    assert_eq!(bucket.wait_ms(11), u64::MAX);
    assert_eq!(Bucket::full(1, 0, 0).wait_ms(1), 0);
    let mut stuck = Bucket::full(1, 0, 0);
    assert!(stuck.take(1, 0));
    assert_eq!(stuck.wait_ms(1), u64::MAX);
}

#[test]
fn a_clock_that_runs_backwards() {
    let mut bucket = Bucket::full(2, 1, 5000);
    assert!(bucket.take(2, 5000));
    assert!(!bucket.take(1, 1000));
    assert!(!bucket.take(1, 5999));
    assert!(bucket.take(1, 6000));
}

#[test]
fn clients_do_not_share() {
    let mut limiter = Limiter::new(1, 1);
    for name in ["a", "b", "c"] {
        assert_eq!(limiter.request(name, 0), Answer::Allowed);
        assert_eq!(limiter.request(name, 0), Answer::RetryAfter(1000));
    }
    assert_eq!(limiter.clients(), 3);
    assert_eq!(limiter.forget_idle(999), 0);
    assert_eq!(limiter.forget_idle(1000), 3);
    assert_eq!(limiter.clients(), 0);
    assert_eq!(limiter.request_many("a", 2, 2000), Answer::RetryAfter(u64::MAX));
}
