// SPDX-License-Identifier: Apache-2.0
//! `moat serve`: who gets anything of it, and what a page can do.

mod completion;
mod page;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;

use moat_protocol::workspace::{
    EntryKind, FilesReply, SessionsQuery, SessionsReply, WorkspaceNews, WorkspaceQuery,
    WorkspaceReply,
};
use moat_protocol::{Event, Op, Outcome, RewindScope, Selection, Task, TaskKind};
use moat_testkit::Act;
use serde_json::{Value, json};

use crate::support::{Home, RIGHT, Running, WRONG, always, right, snapshot};
use page::{Page, Served};

/// What comes back for a request that is written by hand.
fn raw(port: u16, request: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // A connection that becomes a websocket stays open: its head is enough.
    let mut byte = [0_u8; 1];
    while !answer.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
        answer.push(byte[0]);
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// The status of an answer.
fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

/// A GET with these headers.
fn get(path: &str, headers: &[(&str, &str)]) -> String {
    let headers: String =
        headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("GET {path} HTTP/1.1\r\n{headers}\r\n")
}

const UPGRADE: [(&str, &str); 4] = [
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
];

/// P-20: each way of getting at the server from elsewhere, with the control that the same
/// request works when only that one thing is right.
#[test]
fn loopback_is_hostile() {
    let home = Home::new(always(right()));
    let served = Served::start(&home);
    let (port, page) = (served.port, served.page.clone());
    let host = format!("127.0.0.1:{port}");
    let own = format!("http://{host}");
    let cookie = served.cookie();
    let before = snapshot(&home.project());

    let good = [("Host", host.as_str()), ("Cookie", &cookie), ("Origin", &own)];
    let socket = format!("{page}ws");
    let opened = raw(port, &get(&socket, &[&good[..], &UPGRADE].concat()));
    assert_eq!(status(&opened), "101", "the control: {opened}");
    let shown = raw(port, &get(&page, &[good[0], good[1], ("Accept-Encoding", "br")]));
    assert_eq!(status(&shown), "200", "the control: {shown}");
    for header in ["content-security-policy: default-src 'none'", "x-content-type-options: nosniff"]
    {
        assert!(shown.to_lowercase().contains(header), "{header}: {shown}");
    }

    let evil = format!("evil.test:{port}");
    let other = format!("http://127.0.0.1:{}", port.wrapping_add(1));
    let wrong = cookie.replace(|c: char| c.is_ascii_digit(), "0");
    type Case<'c> = (&'c str, Vec<(&'c str, &'c str)>, &'c str);
    let cases: [Case<'_>; 9] = [
        ("no token", vec![good[0], good[2]], "401"),
        ("a wrong token", vec![good[0], ("Cookie", &wrong), good[2]], "401"),
        ("a wrong host", vec![("Host", "localhost"), good[1], good[2]], "421"),
        ("rebinding", vec![("Host", &evil), good[1], ("Origin", "http://evil.test")], "421"),
        ("no host", vec![good[1], good[2]], "421"),
        ("a foreign page", vec![good[0], good[1], ("Origin", "http://evil.test")], "403"),
        ("a page on another port", vec![good[0], good[1], ("Origin", &other)], "403"),
        ("a page without an origin", vec![good[0], good[1], ("Origin", "null")], "403"),
        ("no page", vec![good[0], good[1]], "403"),
    ];
    for (what, headers, refusal) in cases {
        let answer = raw(port, &get(&socket, &[&headers[..], &UPGRADE].concat()));
        // HTTP/1.1 itself wants a host.
        let expected = if what == "no host" { ["421", "400"] } else { [refusal; 2] };
        assert!(expected.contains(&status(&answer)), "{what}: {answer}");
    }
    let answer = raw(port, &get("/", &good));
    assert_eq!(status(&answer), "404", "without the path: {answer}");
    let posted = raw(port, &get(&page, &good).replacen("GET", "POST", 1));
    assert_eq!(status(&posted), "405", "{posted}");
    assert_eq!(snapshot(&home.project()), before, "and nothing happened");
}

#[test]
fn a_link_is_good_once_and_another_can_be_had() {
    let home = Home::new(always(right()));
    let served = Served::start(&home);
    let host = format!("127.0.0.1:{}", served.port);
    let first = raw(served.port, &get(&served.link, &[("Host", &host)]));
    assert_eq!(status(&first), "200", "{first}");
    assert!(first.contains("HttpOnly") && first.contains("SameSite=Strict"), "{first}");
    let again = raw(served.port, &get(&served.link, &[("Host", &host)]));
    assert_eq!(status(&again), "401", "{again}");
    let output = home.moat(["serve", "--link"]).output().unwrap();
    let link = String::from_utf8(output.stdout).unwrap();
    let path = link.trim().split_once(&host).unwrap().1;
    assert_eq!(status(&raw(served.port, &get(path, &[("Host", &host)]))), "200", "{link}");
}

#[test]
fn a_second_server_of_a_user_refuses() {
    let home = Home::new(always(right()));
    let served = Served::start(&home);
    let output = home.moat(["serve", "--no-browser"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("runs already") && said.contains("moat serve --link"), "{said}");
    drop(served);
    // It left nothing that keeps the next one from starting, at the same address.
    let (port, page) = {
        let next = Served::start(&home);
        (next.port, next.page.clone())
    };
    let after = Served::start(&home);
    assert_eq!((after.port, &after.page), (port, &page));
    let none = home.moat(["serve", "--link"]).env("XDG_RUNTIME_DIR", home.at("elsewhere")).output();
    assert_eq!(none.unwrap().status.code(), Some(2));
}

#[test]
fn a_page_reads_and_writes_the_real_tree() {
    let home = Home::new(always(right()));
    let served = Served::start(&home);
    let mut page = Page::open(&served);
    let list = |page: &mut Page, path: &str| {
        let query = json!({"service": "files", "query": "list", "path": path});
        page.asks(&query)
    };
    let reply = list(&mut page, "");
    let WorkspaceReply::Files(FilesReply::Listed { entries, .. }) = reply else {
        panic!("{reply:?}")
    };
    let names: Vec<_> = entries.iter().map(|entry| (entry.name.as_str(), entry.kind)).collect();
    assert_eq!(names, [("calc.py", EntryKind::File), ("test_calc.py", EntryKind::File)]);
    let read = page.asks(&json!({"service": "files", "query": "read", "path": "calc.py"}));
    let text = serde_json::to_value(&read).unwrap();
    assert_eq!(text["text"], WRONG);
    let write = json!({"service": "files", "query": "write", "path": "calc.py", "text": RIGHT,
        "encoding": "utf8", "line_ending": "lf", "expected": text["version"]});
    let written = serde_json::to_value(page.asks(&write)).unwrap();
    assert_eq!(written["reply"], "written", "{written}");
    assert_eq!(home.calc(), RIGHT);
    // What was read is not there any more: nothing is overwritten.
    let stale = serde_json::to_value(page.asks(&write)).unwrap();
    assert_eq!(stale["reply"], "changed", "{stale}");
    page.hears("the change", |news| matches!(news, WorkspaceNews::FilesChanged { .. }));
    for path in ["../secret", "/etc/passwd", "a/../../b"] {
        let query = json!({"service": "files", "query": "read", "path": path});
        assert!(page.is_refused(&query), "{path}");
    }
}

/// The main job, from the page: a task, its change, and keeping it.
#[test]
fn what_a_workspace_tightens_holds_on_the_page() {
    let home = Home::new(always(right()));
    let text =
        "completion.inline = \"off\"\nlimits.turn_minutes = 1\napproval.commands = \"ask\"\n";
    home.put(".moat/settings.toml", text);
    let served = Served::start(&home);
    let mut page = Page::open(&served);
    let asked = json!({"service": "completion", "query": "complete", "number": 1, "model": null,
        "path": "calc.py", "language": "python", "before": "x = ", "after": "\n", "recent": []});
    let reply = serde_json::to_value(page.asks(&asked)).unwrap();
    assert_eq!((&reply["reply"], &reply["text"]), (&"completed".into(), &Value::Null), "{reply}");
    assert!(home.model.requests().is_empty());

    let reply = page.ask(&WorkspaceQuery::Sessions(SessionsQuery::New));
    let WorkspaceReply::Sessions(SessionsReply::Opened { session }) = reply else {
        panic!("{reply:?}")
    };
    let (kind, check) = (TaskKind::Repair, Some("python3 -m unittest".into()));
    let (text, model) = ("total is wrong".into(), "scripted".into());
    let task = Task { text, kind, check, model, time_limit_ms: 36_000_000 };
    let op = Op::Start { task };
    page.ask(&WorkspaceQuery::Sessions(SessionsQuery::Do { session: session.clone(), op }));
    let is_question = |news: &WorkspaceNews| matches!(news, WorkspaceNews::Session { envelope } if matches!(envelope.event, Event::ApprovalAsked { .. }));
    page.hears("a question before the first command", is_question);
    drop((page, served));
    let records = home.run(["session", "show", "--json", session.as_str()]).out;
    assert!(records.contains("\"time_limit_ms\":60000"), "{records}");
}

#[test]
fn an_agent_is_asked_reviewed_and_kept_from_the_page() {
    let home = Home::new(always(right()));
    let served = Served::start(&home);
    let mut page = Page::open(&served);
    let reply = page.ask(&WorkspaceQuery::Sessions(SessionsQuery::New));
    let WorkspaceReply::Sessions(SessionsReply::Opened { session }) = reply else {
        panic!("{reply:?}")
    };
    let does = |op| WorkspaceQuery::Sessions(SessionsQuery::Do { session: session.clone(), op });
    let task = Task {
        text: "total is wrong".into(),
        kind: TaskKind::Repair,
        check: Some("python3 -m unittest".into()),
        model: "scripted".into(),
        time_limit_ms: 60_000,
    };
    page.ask(&does(Op::Start { task }));
    let is = |news: &WorkspaceNews, wanted: &dyn Fn(&Event) -> bool| matches!(news, WorkspaceNews::Session { envelope } if wanted(&envelope.event));
    let ended = page.hears("the turn's end", |news| {
        is(news, &|event| matches!(event, Event::TurnFinished { .. }))
    });
    let WorkspaceNews::Session { envelope } = ended else { panic!() };
    let Event::TurnFinished { outcome, .. } = envelope.event else { panic!() };
    assert_eq!(outcome, Outcome::Solved);
    assert_eq!(home.calc(), WRONG, "nothing is changed before it is kept");

    // Another page, and a page that comes again, see all of it.
    let mut other = Page::open(&served);
    other.ask(&WorkspaceQuery::Sessions(SessionsQuery::Attach { session: session.clone() }));
    other.hears("the same end", |news| {
        is(news, &|event| matches!(event, Event::TurnFinished { .. }))
    });

    page.ask(&does(Op::Keep { selection: Selection::All, confirmed: Vec::new() }));
    page.hears("the keep", |news| is(news, &|event| matches!(event, Event::Kept { .. })));
    assert_eq!(
        home.calc(),
        "def total(values):\n    return sum(values)\n\n\ndef double(value):\n    return value + value\n"
    );
    page.ask(&does(Op::UndoKeep));
    page.hears("the undo", |news| is(news, &|event| matches!(event, Event::KeepUndone { .. })));
    assert_eq!(home.calc(), WRONG);

    // The terminal sees the page's session.
    drop((page, other, served));
    let shown = home.moat(["session", "list"]).output().unwrap();
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains(session.as_str()) && shown.contains("solved"), "{shown}");
}

/// What a page is told of a session.
fn told(news: &WorkspaceNews) -> Option<&Event> {
    let WorkspaceNews::Session { envelope } = news else { return None };
    Some(&envelope.event)
}

/// The number of the checkpoint that stands right before the next message.
fn before_the_message(page: &mut Page) -> u32 {
    let number = std::cell::Cell::new(0);
    page.hears("the message", |news| match told(news) {
        Some(Event::Checkpointed(it)) => {
            number.set(it.number);
            false
        }
        Some(event) => matches!(event, Event::TurnStarted { .. }),
        None => false,
    });
    number.get()
}

/// Each message has a checkpoint of its own, the first too, and also a message behind a turn
/// that changed nothing; a session that is opened anew tells them again, at their places.
#[test]
fn each_message_can_be_gone_back_to_live_and_stored() {
    let home = Home::new(always(right()));
    let served = Served::start(&home);
    let mut page = Page::open(&served);
    let reply = page.ask(&WorkspaceQuery::Sessions(SessionsQuery::New));
    let WorkspaceReply::Sessions(SessionsReply::Opened { session }) = reply else {
        panic!("{reply:?}")
    };
    let does = |op| WorkspaceQuery::Sessions(SessionsQuery::Do { session: session.clone(), op });
    let task = |kind, text: &str, check: Option<&str>| Task {
        text: text.into(),
        kind,
        check: check.map(Into::into),
        model: "scripted".into(),
        time_limit_ms: 60_000,
    };
    let ends = |page: &mut Page| {
        page.hears("the turn's end", |news| matches!(told(news), Some(Event::TurnFinished { .. })));
    };
    page.ask(&does(Op::Start { task: task(TaskKind::Explain, "what is it", None) }));
    let first = before_the_message(&mut page);
    ends(&mut page);
    let repair = task(TaskKind::Repair, "total is wrong", Some("python3 -m unittest"));
    page.ask(&does(Op::Start { task: repair }));
    let second = before_the_message(&mut page);
    ends(&mut page);
    assert!(0 < first && first < second, "{first} {second}");

    drop((page, served));
    let served = Served::start(&home);
    let mut page = Page::open(&served);
    page.ask(&WorkspaceQuery::Sessions(SessionsQuery::Attach { session: session.clone() }));
    assert_eq!(before_the_message(&mut page), first);
    assert_eq!(before_the_message(&mut page), second);
    let planned = |page: &mut Page, to| {
        page.ask(&does(Op::PlanRewind { to, scope: RewindScope::Both }));
        let news =
            page.hears("the plan", |news| matches!(told(news), Some(Event::RewindPlanned(_))));
        let Some(Event::RewindPlanned(plan)) = told(&news).cloned() else { panic!() };
        (plan.leaving, plan.returning)
    };
    let (one, other) = ("what is it".to_owned(), "total is wrong".to_owned());
    assert_eq!(planned(&mut page, second), (vec![other.clone()], vec![]));
    assert_eq!(planned(&mut page, first), (vec![one.clone(), other.clone()], vec![]));

    page.ask(&does(Op::Rewind { to: first, scope: RewindScope::Both }));
    let news = page.hears("going back", |news| matches!(told(news), Some(Event::Rewound(_))));
    let Some(Event::Rewound(rewound)) = told(&news).cloned() else { panic!() };
    // The way forward is told to whoever opens the session later.
    drop((page, served));
    let served = Served::start(&home);
    let mut page = Page::open(&served);
    page.ask(&WorkspaceQuery::Sessions(SessionsQuery::Attach { session: session.clone() }));
    page.hears(
        "the way forward",
        |news| matches!(told(news), Some(Event::Checkpointed(it)) if it.number == rewound.before),
    );
    page.hears("going back, again", |news| matches!(told(news), Some(Event::Rewound(_))));
    assert_eq!(planned(&mut page, rewound.before), (vec![], vec![one, other]));
}

/// A message leads to a fork from before it, live or stored; the fork is a session like any other.
#[test]
fn a_message_is_forked_from_the_page_while_its_session_is_open() {
    let home = Home::new(always(right()));
    let served = Served::start(&home);
    let mut page = Page::open(&served);
    let sessions = |query| WorkspaceQuery::Sessions(query);
    let opened = |reply| {
        let WorkspaceReply::Sessions(SessionsReply::Opened { session }) = reply else {
            panic!("{reply:?}");
        };
        session
    };
    let session = opened(page.ask(&sessions(SessionsQuery::New)));
    let task = |text: &str| Task {
        text: text.into(),
        kind: TaskKind::Repair,
        check: Some("python3 -m unittest".into()),
        model: "scripted".into(),
        time_limit_ms: 60_000,
    };
    let start = |session: &moat_base::SessionId, text: &str| {
        let op = Op::Start { task: task(text) };
        sessions(SessionsQuery::Do { session: session.clone(), op })
    };
    page.ask(&start(&session, "total is wrong"));
    let first = before_the_message(&mut page);
    let ends = |news: &WorkspaceNews| matches!(told(news), Some(Event::TurnFinished { .. }));
    page.hears("the end", ends);

    // From the end: what was said, and what is pending.
    let end = SessionsQuery::Fork { session: session.clone(), at: None };
    let end = opened(page.ask(&sessions(end)));
    assert_ne!(end, session);
    page.ask(&sessions(SessionsQuery::Attach { session: end.clone() }));
    let is_fork = |news: &WorkspaceNews| match told(news) {
        Some(Event::Forked(forked)) => forked.from == session,
        _ => false,
    };
    page.hears("where it came from", is_fork);
    page.ask(&sessions(SessionsQuery::Do { session: end.clone(), op: Op::Show }));
    let news = page.hears(
        "what is pending",
        |news| matches!(told(news), Some(Event::ChangesPending(set)) if !set.changes.is_empty()),
    );
    assert!(matches!(&news, WorkspaceNews::Session { envelope } if envelope.session == end));

    // From before the message: nothing of it, and the turn can be asked for anew.
    let before = SessionsQuery::Fork { session: session.clone(), at: Some(first) };
    let before = opened(page.ask(&sessions(before)));
    page.ask(&sessions(SessionsQuery::Attach { session: before.clone() }));
    page.ask(&start(&before, "repair total otherwise"));
    page.hears("the end of the other turn", |news| {
        ends(news)
            && matches!(news, WorkspaceNews::Session { envelope } if envelope.session == before)
    });
    let reply = page.ask(&sessions(SessionsQuery::List));
    let WorkspaceReply::Sessions(SessionsReply::Listed { sessions: listed, .. }) = reply else {
        panic!("{reply:?}");
    };
    let of = |id: &moat_base::SessionId| listed.iter().find(|it| it.session == *id).unwrap();
    assert_eq!(of(&before).task.as_deref(), Some("repair total otherwise"));
    assert_eq!((of(&session).turns, of(&end).turns, of(&before).turns), (1, 1, 1));
    assert_eq!(home.calc(), WRONG, "nothing is kept by a fork");

    // A session of another workspace is not this server's.
    let known = home.sessions();
    std::fs::create_dir(home.at("work/other")).unwrap();
    let mut elsewhere = home.moat(["session", "run", "--new", "--", "true"]);
    elsewhere.current_dir(home.at("work/other"));
    Running::start(elsewhere).end().code(0);
    let foreign = home.sessions().into_iter().find(|id| !known.contains(id)).unwrap();
    let asked = SessionsQuery::Fork { session: foreign.parse().unwrap(), at: None };
    assert!(page.is_refused(&serde_json::to_value(sessions(asked)).unwrap()));
    // The control: it can be forked, where that is asked for by its own name.
    home.run(["session", "fork", &foreign]).code(0);
    let none = SessionsQuery::Fork { session: session.clone(), at: Some(999) };
    assert!(page.is_refused(&serde_json::to_value(sessions(none)).unwrap()));
}

/// A session of a terminal is seen and steered from the page.
#[test]
fn a_session_of_a_terminal_is_attached_to() {
    let home = Home::new(always(Act::Hang));
    let served = Served::start(&home);
    let mut page = Page::open(&served);
    let running = Running::start(home.moat(["exec", "fix total"]));
    crate::support::until("the model is asked", || home.model.requests().len() == 1);
    let reply = page.ask(&WorkspaceQuery::Sessions(SessionsQuery::List));
    let WorkspaceReply::Sessions(SessionsReply::Listed { sessions, .. }) = reply else {
        panic!("{reply:?}")
    };
    let session = sessions[0].session.clone();
    page.ask(&WorkspaceQuery::Sessions(SessionsQuery::Attach { session: session.clone() }));
    page.hears("the request", |news| {
        matches!(news, WorkspaceNews::Session { envelope } if matches!(envelope.event, Event::ModelAsked { .. }))
    });
    page.ask(&WorkspaceQuery::Sessions(SessionsQuery::Do { session, op: Op::Interrupt }));
    page.hears("the end", |news| {
        matches!(news, WorkspaceNews::Session { envelope } if matches!(envelope.event, Event::TurnFinished { .. }))
    });
    drop(running);
}

/// A session that a terminal goes on with is shown from its beginning.
#[test]
fn a_session_that_a_terminal_resumed_is_shown_with_what_was_before() {
    let home = Home::new(always(Act::Hang));
    let first = Running::start(home.moat(["exec", "fix total"]));
    crate::support::until("the model is asked", || home.model.requests().len() == 1);
    drop(first);
    let served = Served::start(&home);
    let mut page = Page::open(&served);
    let reply = page.ask(&WorkspaceQuery::Sessions(SessionsQuery::List));
    let WorkspaceReply::Sessions(SessionsReply::Listed { sessions, .. }) = reply else {
        panic!("{reply:?}")
    };
    let session = sessions[0].session.clone();
    let resumed = Running::start(home.moat(["session", "resume", session.as_str()]));
    crate::support::until("it is asked again", || home.model.requests().len() == 2);
    page.ask(&WorkspaceQuery::Sessions(SessionsQuery::Attach { session }));
    let heard = std::cell::RefCell::new(Vec::new());
    page.hears("the resumed turn", |news| {
        let WorkspaceNews::Session { envelope } = news else { return false };
        heard.borrow_mut().push((envelope.sequence, envelope.event.clone()));
        // The request that was cut off has no answer, and is not told from the file.
        matches!(envelope.event, Event::ModelAsked { .. })
    });
    let heard = heard.into_inner();
    let numbers: Vec<u64> = heard.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (0..).take(heard.len()).collect::<Vec<u64>>());
    let places = |wanted: fn(&Event) -> bool| {
        let found = heard.iter().filter(|(_, it)| wanted(it)).map(|(number, _)| *number);
        found.collect::<Vec<u64>>()
    };
    let started = places(|it| matches!(it, Event::TurnStarted { .. }));
    let located = places(|it| matches!(it, Event::Located { .. }));
    let opened = places(|it| matches!(it, Event::SessionOpened { .. }));
    // The process that resumed it tells of its own opening, behind what was before; and it may
    // tell that the turn goes on.
    assert!(opened.len() == 2 && located.len() == 1 && !started.is_empty(), "{heard:?}");
    assert!(opened[0] < started[0] && started[0] < located[0], "{heard:?}");
    assert!(located[0] < opened[1], "{heard:?}");
    assert!(started.iter().skip(1).all(|at| *at > opened[1]), "{heard:?}");
    drop(resumed);
}

#[test]
fn a_server_behind_a_proxy_listens_on_a_socket_of_its_user() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Home::new(always(right()));
    let socket = home.at("run/proxy/moat.sock");
    let path = socket.to_str().unwrap();
    let served = Served::start_with(&home, &["--socket", path, "--authority", "ide.example"]);
    assert!(served.link.starts_with("https://ide.example/"), "{}", served.link);
    let mode = std::fs::metadata(&socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let link = served.link.strip_prefix("https://ide.example").unwrap();
    let ask = |host: &str| {
        let mut curl = Command::new("curl");
        curl.args(["-s", "-o", "/dev/null", "-w", "%{http_code}", "--unix-socket", path]);
        curl.args(["-H", &format!("Host: {host}"), &format!("http://localhost{link}")]);
        String::from_utf8(curl.output().unwrap().stdout).unwrap()
    };
    assert_eq!(ask("localhost"), "421");
    assert_eq!(ask("ide.example"), "200");
    let bad = home.moat(["serve", "--socket", path]).output().unwrap();
    assert_eq!(bad.status.code(), Some(2));
}
