// SPDX-License-Identifier: Apache-2.0
//! The chain: whole logs verify, changed ones do not, torn ones are repaired.

#![expect(clippy::unwrap_used, reason = "the helpers of a test may fail it")]

use moat_base::Timestamp;
use moat_log::{
    Attribution, Closing, Destination, Digest, Event, HashChain, Opening, Outcome, Purpose,
    Refused, Seal, Sent, Trim, Verdict, Verifier, Who, recover, verify,
};
use proptest::prelude::*;

fn opening(verdict: Verdict, path: &str) -> Event {
    Event::Opened(Box::new(Opening {
        who: Who {
            uid: 1000,
            pid: 7,
            purpose: Purpose::ModelRequest,
            attribution: Attribution { session: Some("s".to_owned()), ..Attribution::default() },
        },
        to: Destination {
            scheme: "https".to_owned(),
            host: "models.example".to_owned(),
            port: 443,
            zone: "external:EU".to_owned(),
            addresses: vec!["192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap()],
        },
        method: "POST".to_owned(),
        path: path.to_owned(),
        query_sha256: Some(Digest::of(b"q")),
        verdict,
        rule: "models".to_owned(),
        body: Sent { bytes: 3, sha256: Digest::of(b"abc") },
    }))
}

fn closing(opened: u64, outcome: Outcome) -> Event {
    Event::Closed(Box::new(Closing {
        opened,
        dialled: Some("192.0.2.1:443".parse().unwrap()),
        status: Some(200),
        sent: Some(Sent { bytes: 3, sha256: Digest::of(b"abc") }),
        received: None,
        duration_ms: 12,
        outcome,
    }))
}

/// A log of `crossings` closed crossings, one left open and one denied.
fn lines(crossings: u64) -> Vec<String> {
    let mut chain = HashChain::genesis();
    let mut seal = |event| chain.seal(Timestamp(5), event).unwrap();
    let mut lines = Vec::new();
    for number in 0..crossings {
        lines.push(seal(opening(Verdict::Allowed, "/v1/\u{e9}\n\"chat\"")));
        lines.push(seal(closing(2 * number + 1, Outcome::Complete)));
    }
    lines.push(seal(opening(Verdict::Denied(Refused { reason: "no".to_owned() }), "/")));
    lines.push(seal(Event::Recovered(Trim { bytes: 4, sha256: Digest::of(b"torn") })));
    lines.push(seal(opening(Verdict::Allowed, "/open")));
    lines
}

#[test]
fn a_whole_log_verifies_and_is_summed_up() {
    let summary = verify(lines(2).concat().as_bytes()).unwrap();
    assert_eq!((summary.entries, summary.allowed, summary.denied), (7, 3, 1));
    assert_eq!(summary.open.into_keys().collect::<Vec<_>>(), vec![7]);
    assert_eq!(verify(b"").unwrap().head, Digest::ZERO);
}

#[test]
fn a_line_can_be_checked_with_sha_256_alone() {
    let line = lines(0).remove(0);
    let body = line.strip_prefix("{\"entry\":").unwrap();
    let (body, rest) = body.split_once(",\"hash\":\"").unwrap();
    let hash = Digest::of(format!("moat crossing v1\n{body}").as_bytes());
    assert_eq!(rest, format!("{hash}\"}}\n"));
}

#[test]
fn every_one_byte_change_is_found() {
    let whole = lines(1).concat().into_bytes();
    for position in 0..whole.len() {
        for change in [1_u8, 0x20, 0x80] {
            let mut changed = whole.clone();
            changed[position] ^= change;
            assert!(verify(&changed).is_err(), "byte {position} xor {change}");
        }
    }
}

#[test]
fn a_log_that_was_cut_at_a_line_is_seen_by_its_head() {
    let lines = lines(2);
    let all = verify(lines.concat().as_bytes()).unwrap();
    let cut = verify(lines[..lines.len() - 1].concat().as_bytes()).unwrap();
    assert_ne!(all.head, cut.head);
}

#[test]
fn a_line_with_another_form_or_a_foreign_field_is_not_of_this_log() {
    let line = lines(0).remove(0);
    for changed in [
        line.replace("{\"entry\":", "{ \"entry\":"),
        line.replace("\"version\":1", "\"version\":1,\"note\":2"),
        line.replace('\n', "\r\n"),
        line.replace("models.example", "models.\\u0065xample"),
        format!("\n{line}"),
        format!("{line}{{}}\n"),
    ] {
        assert!(verify(changed.as_bytes()).is_err(), "{changed}");
    }
}

#[test]
fn a_closing_without_its_opening_is_found() {
    let mut chain = HashChain::genesis();
    let line = chain.seal(Timestamp(0), closing(9, Outcome::Complete)).unwrap();
    assert!(verify(line.as_bytes()).is_err());
}

#[test]
fn an_entry_that_is_too_long_leaves_the_chain_as_it_was() {
    let mut chain = HashChain::genesis();
    let before = chain.clone();
    assert!(chain.seal(Timestamp(0), opening(Verdict::Allowed, &"x".repeat(70_000))).is_err());
    assert_eq!(chain, before);
}

#[test]
fn a_crash_at_any_byte_loses_no_whole_line() {
    let lines = lines(1);
    let whole = lines.concat().into_bytes();
    for cut in 0..=whole.len() {
        let found = recover(Verifier::from_start(), &whole[..cut]).unwrap();
        let kept = usize::try_from(found.keep_bytes).unwrap();
        let complete = whole[..cut].iter().filter(|byte| **byte == b'\n').count() as u64;
        assert_eq!(found.verifier.summary().entries, complete, "cut at {cut}");
        assert_eq!(found.torn.map(|trim| trim.bytes), (kept < cut).then(|| (cut - kept) as u64));
        let mut chain = found.verifier.chain();
        let more = chain
            .seal(Timestamp(9), Event::Recovered(Trim { bytes: 0, sha256: Digest::ZERO }))
            .unwrap();
        assert!(verify(&[&whole[..kept], more.as_bytes()].concat()).is_ok(), "cut at {cut}");
    }
}

#[test]
fn a_tail_of_nul_bytes_is_torn_and_a_changed_line_is_not() {
    let whole = lines(1).concat();
    let padded = [whole.as_bytes(), &[0; 100]].concat();
    assert_eq!(recover(Verifier::from_start(), &padded).unwrap().torn.unwrap().bytes, 100);
    let changed = whole.replace("\"uid\":1000", "\"uid\":1001");
    assert!(recover(Verifier::from_start(), changed.as_bytes()).is_err());
}

#[test]
fn a_later_file_continues_the_chain() {
    let lines = lines(3);
    let (first, second) = lines.split_at(3);
    let mut verifier = Verifier::from_start();
    verifier.feed(first.concat().as_bytes()).unwrap();
    verifier.feed(second.concat().as_bytes()).unwrap();
    let mut alone = Verifier::from_anywhere();
    alone.feed(second.concat().as_bytes()).unwrap();
    assert_eq!(alone.chain(), verifier.chain());
    assert!(verify(second.concat().as_bytes()).is_err());
}

proptest! {
    #[test]
    fn removed_doubled_and_moved_lines_are_found(count in 1_u64..5, from in 0_usize..20, to in 0_usize..20) {
        let lines = lines(count);
        let (from, to) = (from % lines.len(), to % lines.len());
        if from + 1 < lines.len() {
            let mut removed = lines.clone();
            removed.remove(from);
            prop_assert!(verify(removed.concat().as_bytes()).is_err());
        }
        let mut doubled = lines.clone();
        doubled.insert(to, lines[from].clone());
        prop_assert!(verify(doubled.concat().as_bytes()).is_err());
        if from != to {
            let mut moved = lines.clone();
            moved.swap(from, to);
            prop_assert!(verify(moved.concat().as_bytes()).is_err());
        }
        prop_assert!(verify(lines.concat().as_bytes()).is_ok());
    }

    #[test]
    fn any_text_in_an_entry_stays_one_line_and_verifies(path in any::<String>(), reason in any::<String>()) {
        let mut chain = HashChain::genesis();
        let line = chain.seal(Timestamp(1), opening(Verdict::Denied(Refused { reason }), &path)).unwrap();
        prop_assert_eq!(line.matches('\n').count(), 1);
        prop_assert_eq!(verify(line.as_bytes()).unwrap().denied, 1);
    }
}
