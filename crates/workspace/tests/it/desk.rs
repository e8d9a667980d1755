// SPDX-License-Identifier: Apache-2.0
//! What a front end keeps survives.

use std::os::unix::fs::PermissionsExt as _;

use moat_protocol::workspace::{Buffer, DeskQuery, DeskReply, Encoding, LineEnding, Setup};

use crate::support::{Open, Scratch, path};

fn setup(open: &Open<'_>) -> Setup {
    match open.workspace.desk(DeskQuery::Open).unwrap() {
        DeskReply::Opened(setup) => setup,
        DeskReply::Done => panic!("no setup"),
    }
}

fn buffer(name: &str, text: &str) -> Buffer {
    Buffer {
        path: path(name),
        text: text.to_owned(),
        encoding: Encoding::Utf16Le,
        line_ending: LineEnding::Mixed,
        version: None,
    }
}

#[test]
fn everything_that_was_kept_is_there_for_the_next_server() {
    let scratch = Scratch::new();
    let open = scratch.open();
    let before = setup(&open);
    assert_eq!((before.name.as_str(), before.repository), ("project", false));
    assert_eq!((before.layout, before.settings, before.buffers), (None, None, vec![]));
    let keep = |query| assert_eq!(open.workspace.desk(query), Ok(DeskReply::Done));
    keep(DeskQuery::KeepLayout { layout: "{1}".to_owned() });
    keep(DeskQuery::KeepSettings { settings: "{2}".to_owned() });
    keep(DeskQuery::KeepBuffer { buffer: buffer("a/b\\xff", "one") });
    keep(DeskQuery::KeepBuffer { buffer: buffer("a/b\\xff", "two\r\n\u{1f600}") });
    keep(DeskQuery::KeepBuffer { buffer: buffer("gone", "x") });
    keep(DeskQuery::DropBuffer { path: path("gone") });
    keep(DeskQuery::DropBuffer { path: path("never there") });
    drop(open);
    scratch.repository(&["file"]);
    let after = setup(&scratch.open());
    assert_eq!((after.layout.as_deref(), after.settings.as_deref()), (Some("{1}"), Some("{2}")));
    assert_eq!(after.buffers, [buffer("a/b\\xff", "two\r\n\u{1f600}")]);
    assert!(after.repository);
    let kept = std::fs::read_dir(scratch.base.join("state/buffers")).unwrap().flatten().next();
    assert_eq!(kept.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn what_is_too_long_or_too_many_is_refused_and_damage_hides_nothing() {
    let scratch = Scratch::new();
    let open = scratch.open();
    let long = "x".repeat(256 * 1024 + 1);
    assert!(open.workspace.desk(DeskQuery::KeepLayout { layout: long.clone() }).is_err());
    assert!(open.workspace.desk(DeskQuery::KeepSettings { settings: long }).is_err());
    for number in 0..200 {
        let buffer = buffer(&format!("f{number}"), "x");
        open.workspace.desk(DeskQuery::KeepBuffer { buffer }).unwrap();
    }
    let over = DeskQuery::KeepBuffer { buffer: buffer("one more", "x") };
    assert!(open.workspace.desk(over).is_err());
    let known = DeskQuery::KeepBuffer { buffer: buffer("f7", "another") };
    assert_eq!(open.workspace.desk(known), Ok(DeskReply::Done));
    std::fs::write(scratch.base.join("state/buffers/damaged.json"), "{").unwrap();
    std::fs::write(scratch.base.join("state/layout.json"), b"\xff").unwrap();
    let setup = setup(&open);
    assert_eq!((setup.buffers.len(), setup.layout), (200, None));
}
