// SPDX-License-Identifier: Apache-2.0
//! Checks and model servers that misbehave.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Instant;

use moat_testkit::{Act, Matcher, Rule};

use crate::support::{DEADLINE, Home, WRONG, always, config, right, running_with, serve, until};

#[test]
fn checks_that_misbehave_end_and_leave_nothing() {
    let mark = "98763.25";
    let cases = [
        ("hangs", "sleep 98763.25", "did not end within its time"),
        (
            "ignores signals",
            "trap '' TERM INT HUP; sleep 98763.25; sleep 98763.25",
            "within its time",
        ),
        ("floods", "yes flood | head -c 200000000; yes 98763.25", "before anything was changed"),
        ("kills its parent", "kill -9 $PPID; sleep 0.1; false", ""),
        ("kills everything", "kill -9 -1; false", ""),
        ("leaves survivors", "setsid sleep 98763.25 & nohup sleep 98763.25 & exit 3", ""),
        ("cannot be started", "/does/not/exist", "could not be started"),
        ("is no shell", "if then fi (", ""),
        (
            "forks and exits",
            "i=0; while [ $i -lt 50 ]; do sleep 98763.25 & i=$((i+1)); done; exit 1",
            "",
        ),
    ];
    for (name, check, says) in cases {
        let home = Home::new(always(right()));
        let started = Instant::now();
        let done =
            home.run(["--set", "limits.command_seconds=2", "exec", "--check", check, "fix total"]);
        assert!(started.elapsed() < DEADLINE / 2, "{name} took {:?}", started.elapsed());
        assert_eq!(done.status.code(), Some(1), "{name}: {}{}", done.out, done.err);
        done.says(says);
        assert!(!done.err.contains("panicked"), "{name}: {}", done.err);
        until(name, || running_with(mark).is_empty());
        assert_eq!(home.calc(), WRONG, "{name}");
        home.run(["session", "show"]).code(0).says("pending nothing");
    }
}

#[test]
fn a_check_over_a_bound_is_ended_and_the_bound_is_named() {
    let cases = [
        (
            "limits.command_memory_mib=100",
            "head -c 400000000 /dev/zero | tail",
            "its processes together took more memory than they may; let it run fewer processes, \
             or raise `limits.command_memory_mib`",
        ),
        (
            "limits.session_disk_mib=50",
            "head -c 400000000 /dev/zero > big; sleep 98763.27",
            "the session holds more than it may; let it write less, or raise \
             `limits.session_disk_mib`",
        ),
    ];
    for (bound, check, says) in cases {
        let home = Home::new(always(right()));
        let done = home.run(["--set", bound, "exec", "--check", check, "fix total"]);
        assert_eq!(done.status.code(), Some(1), "{bound}: {}{}", done.out, done.err);
        done.says(says);
        until(bound, || running_with("98763.27").is_empty());
        home.run(["session", "show"]).code(0).says("pending nothing");
    }
}

#[test]
fn model_servers_that_talk_nonsense_end_the_turn_with_a_reason() {
    let truncated = Act::Truncated("```python\ndef total(values):\n    return sum(values)".into());
    let cases = [
        ("garbage", Act::Garbage(b"\xff\xfe<html>no</html>".to_vec())),
        ("broken events", Act::Garbage(b"data: {\"choices\": [\n\ndata: [DONE]\n\n".to_vec())),
        ("endless line", Act::Garbage(vec![b'x'; 3_000_000])),
        ("truncated", truncated),
        ("error", Act::Status(500, "{\"error\":{\"message\":\"out of order\"}}".into())),
        ("html error", Act::Status(502, "<html>\x1b[2Jbad gateway</html>".into())),
        ("unauthorised", Act::Status(401, "{}".into())),
    ];
    for (name, act) in cases {
        let home = Home::new(always(act));
        let done = home.run(["exec", "fix total"]);
        assert_eq!(done.status.code(), Some(5), "{name}: {}{}", done.out, done.err);
        done.says("could not ask the model").says("hint:");
        assert!(!done.out.contains('\x1b'), "{name}: {:?}", done.out);
        assert_eq!(home.calc(), WRONG, "{name}");
        home.run(["log", "verify"]).code(0);
    }
}

#[test]
fn a_server_that_nobody_answers_for_or_that_closes_is_named() {
    let closes = serve(drop::<TcpStream>);
    let half = serve(|mut client: TcpStream| {
        let mut seen = [0; 1024];
        // What comes does not matter.
        let _read = client.read(&mut seen);
        let _gone = client.write_all(b"HTTP/1.1 200 OK\r\ncontent-le");
    });
    let talks = serve(|mut client: TcpStream| {
        let _gone = client.write_all(b"SSH-2.0-OpenSSH_9.9\r\n");
    });
    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let cases =
        [("closes", closes.port), ("half", half.port), ("ssh", talks.port), ("nobody", unused)];
    for (name, port) in cases {
        let home = Home::new(always(right()));
        home.configure(&config(port));
        let done = home.run(["exec", "fix total"]);
        assert_eq!(done.status.code(), Some(5), "{name}: {}{}", done.out, done.err);
        done.says("could not ask the model").says("hint:");
        assert_eq!(home.calc(), WRONG, "{name}");
        home.run(["log", "verify"]).code(0);
    }
}

#[test]
fn a_server_that_hangs_is_left_when_the_time_is_over() {
    let home = Home::new(always(Act::Hang));
    home.run(["exec", "--max-time", "2", "fix total"]).code(4).says("time was over");
    let home = Home::new(always(Act::HangAfter("```python\ndef".into())));
    home.run(["exec", "--max-time", "2", "fix total"]).code(4).says("time was over");
    assert_eq!(home.calc(), WRONG);
}

#[test]
fn an_answer_that_never_ends_is_bounded() {
    let text = "def total(values):\n    return 7\n".repeat(20_000);
    let home = Home::new(vec![
        Rule::once(Matcher::Any, Act::text(text)),
        Rule::always(Matcher::Any, right()),
    ]);
    home.run(["exec", "fix total"]).code(0).says("solved");
}
