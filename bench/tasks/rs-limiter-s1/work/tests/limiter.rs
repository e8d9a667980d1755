use limiter::{Answer, Limiter};

#[test]
fn a_burst_and_then_the_rate() {
    let mut limiter = Limiter::new(3, 2);
    for _ in 0..3 {
        assert_eq!(limiter.request("ada", 1000), Answer::Allowed);
    }
    assert_eq!(limiter.request("ada", 1000), Answer::RetryAfter(500));
    assert_eq!(limiter.request("ada", 1499), Answer::RetryAfter(1));
    assert_eq!(limiter.request("ada", 1500), Answer::Allowed);
    assert_eq!(limiter.request("bo", 1500), Answer::Allowed);
}

#[test]
fn all_or_nothing() {
    let mut limiter = Limiter::new(5, 1);
    assert_eq!(limiter.request_many("ada", 4, 0), Answer::Allowed);
    assert_eq!(limiter.request_many("ada", 3, 0), Answer::RetryAfter(2000));
    assert_eq!(limiter.request_many("ada", 1, 0), Answer::Allowed);
}

#[test]
fn idle_clients_are_forgotten() {
    let mut limiter = Limiter::new(2, 1);
    limiter.request("ada", 0);
    limiter.request_many("bo", 2, 0);
    assert_eq!(limiter.forget_idle(1000), 1);
    assert_eq!(limiter.clients(), 1);
}
