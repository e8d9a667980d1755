// SPDX-License-Identifier: Apache-2.0
//! Source control of a real repository.

use moat_protocol::workspace::{GitChange, GitQuery, GitReply, GitStatus, GitWhat};

use crate::support::{Open, Scratch, path};

fn status(open: &Open<'_>) -> GitStatus {
    match open.git(GitQuery::Status) {
        GitReply::Status(status) => status,
        other => panic!("{other:?}"),
    }
}

fn done(open: &Open<'_>, query: GitQuery) -> GitStatus {
    match open.git(query) {
        GitReply::Done(status) => status,
        other => panic!("{other:?}"),
    }
}

fn change(name: &str, staged: Option<GitWhat>, unstaged: Option<GitWhat>) -> GitChange {
    GitChange { path: path(name), from: None, staged, unstaged }
}

#[test]
fn a_day_of_source_control() {
    let scratch = Scratch::new();
    let open = scratch.open();
    assert_eq!(open.git(GitQuery::Status), GitReply::NoRepository);
    scratch.repository(&["a", "b", "dir/c"]);
    let first = status(&open);
    assert_eq!((first.branch.as_deref(), first.changes.as_slice()), (Some("main"), [].as_slice()));
    scratch.write("a", "changed\n");
    scratch.write("new", "new\n");
    std::fs::remove_file(scratch.root.join("b")).unwrap();
    use GitWhat::*;
    let changes = status(&open).changes;
    let expect = [
        change("a", None, Some(Modified)),
        change("b", None, Some(Deleted)),
        change("new", None, Some(Untracked)),
    ];
    assert_eq!(changes, expect);
    let staged = done(&open, GitQuery::Stage { paths: vec![path("a")] });
    assert_eq!(staged.changes[0], change("a", Some(Modified), None));
    let original = |name: &str, committed| match open
        .git(GitQuery::Original { path: path(name), committed })
    {
        GitReply::Original { text } => text,
        other => panic!("{other:?}"),
    };
    assert_eq!(original("a", true).as_deref(), Some("content of a\n"));
    assert_eq!(original("a", false).as_deref(), Some("changed\n"));
    assert_eq!(original("new", true), None);
    let back = done(&open, GitQuery::Unstage { paths: Vec::new() });
    assert_eq!(back.changes, expect);
    let discard = GitQuery::Discard { paths: vec![path("b"), path("new")] };
    assert_eq!(done(&open, discard).changes, expect[..1]);
    assert_eq!(scratch.read("b"), b"content of b\n");
    assert!(scratch.base.join("state/trash/1/item").exists(), "an untracked file is not lost");
    done(&open, GitQuery::Stage { paths: Vec::new() });
    let message = "second\n\nwith a body".to_owned();
    let after = done(&open, GitQuery::Commit { message, amend: false });
    assert!(after.changes.is_empty());
    assert_eq!(
        scratch.git(&["log", "-1", "--format=%an|%ae|%B"]).trim(),
        "Some One|some@one|second\n\nwith a body"
    );
    let amended = done(&open, GitQuery::Commit { message: "other".to_owned(), amend: true });
    assert!(amended.head.is_some() && amended.head != after.head);
    let log = |of: Option<&str>| match open.git(GitQuery::Log { limit: 10, path: of.map(path) }) {
        GitReply::Log { commits } => {
            commits.into_iter().map(|it| (it.subject, it.author)).collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    };
    let by = |subject: &str| (subject.to_owned(), "Some One".to_owned());
    assert_eq!(log(None), [by("other"), by("first")]);
    assert_eq!(log(Some("b")), [by("first")]);
    scratch.write("a", "changed\nmore\n");
    let GitReply::Blame { blame } = open.git(GitQuery::Blame { path: path("a") }) else {
        panic!("no blame")
    };
    let lines: Vec<_> = blame
        .iter()
        .map(|it| (it.line, it.lines, it.commit.as_ref().map(|it| it.subject.as_str())))
        .collect();
    assert_eq!(lines, [(1, 1, Some("other")), (2, 1, None)]);
}

#[test]
fn branches_are_made_and_switched_and_a_conflict_is_told() {
    let scratch = Scratch::new();
    scratch.repository(&["file"]);
    let open = scratch.open();
    let switch = |branch: &str, create| {
        open.workspace.git(GitQuery::Switch { branch: branch.to_owned(), create })
    };
    let Ok(GitReply::Done(status)) = switch("feature/\u{e9}", true) else { panic!("no switch") };
    assert_eq!(status.branch.as_deref(), Some("feature/\u{e9}"));
    scratch.write("file", "of the feature\n");
    done(&open, GitQuery::Stage { paths: Vec::new() });
    done(&open, GitQuery::Commit { message: "feature".to_owned(), amend: false });
    assert!(switch("main", false).is_ok());
    assert_eq!(scratch.read("file"), b"content of file\n");
    let branches = open.git(GitQuery::Branches);
    let names = vec!["feature/\u{e9}".to_owned(), "main".to_owned()];
    assert_eq!(branches, GitReply::Branches { branches: names, current: Some("main".to_owned()) });
    // What is not committed would be lost.
    scratch.write("file", "mine\n");
    let refused = switch("feature/\u{e9}", false).unwrap_err();
    assert!(refused.error.contains("switch"), "{refused}");
    assert_eq!(scratch.read("file"), b"mine\n");
    for (branch, create) in [
        ("missing", false),
        ("main", true),
        ("-f", true),
        ("--orphan", true),
        ("a b", true),
        ("@{-1}", false),
        ("", true),
    ] {
        assert!(switch(branch, create).is_err(), "{branch}");
    }
}

#[test]
fn odd_names_are_staged_as_they_are() {
    use std::os::unix::ffi::OsStrExt as _;
    let scratch = Scratch::new();
    scratch.repository(&["file"]);
    let names: [&[u8]; 6] = [b"-x", b"a b", b"new\nline", b"caf\xe9", b":(glob)*", b"\"quoted\"\\"];
    for name in names {
        let place = scratch.root.join(std::ffi::OsStr::from_bytes(name));
        std::fs::write(place, "x\n").unwrap();
    }
    let open = scratch.open();
    let paths: Vec<_> =
        names.iter().map(|name| moat_base::TreePath::from_bytes(name).unwrap()).collect();
    let mut told: Vec<_> = status(&open).changes.into_iter().map(|it| it.path).collect();
    told.sort();
    let mut sorted = paths.clone();
    sorted.sort();
    assert_eq!(told, sorted);
    // One alone, whose name would match all as a pattern.
    let one = done(&open, GitQuery::Stage { paths: vec![paths[4].clone()] });
    let staged: Vec<_> = one.changes.iter().filter(|it| it.staged.is_some()).collect();
    assert_eq!(staged.len(), 1);
    let all = done(&open, GitQuery::Stage { paths });
    assert!(all.changes.iter().all(|it| it.staged == Some(GitWhat::Added)));
    let after = done(&open, GitQuery::Commit { message: "odd".to_owned(), amend: false });
    assert!(after.changes.is_empty());
}

#[test]
fn line_endings_follow_the_attributes() {
    let scratch = Scratch::new();
    scratch.repository(&["file"]);
    scratch.write(".gitattributes", "*.txt text eol=crlf\n");
    scratch.write("a.txt", "one\r\n");
    let open = scratch.open();
    done(&open, GitQuery::Stage { paths: Vec::new() });
    done(&open, GitQuery::Commit { message: "crlf".to_owned(), amend: false });
    assert_eq!(scratch.git(&["cat-file", "blob", "HEAD:a.txt"]), "one\n");
}

#[test]
fn a_name_comes_from_the_user_s_own_configuration_and_nothing_else_does() {
    let scratch = Scratch::new();
    scratch.git(&["init", "--quiet", "--initial-branch=main"]);
    scratch.write("file", "x\n");
    let open = scratch.open();
    done(&open, GitQuery::Stage { paths: Vec::new() });
    let commit = || {
        let message = "one".to_owned();
        open.workspace.git(GitQuery::Commit { message, amend: false })
    };
    let refused = commit().unwrap_err();
    assert!(refused.hint.is_some_and(|hint| hint.contains("user.name")));
    let config = "[user]\n\tname = The User\n\temail = u@u\n[commit]\n\tgpgSign = true\n";
    std::fs::write(scratch.base.join("home/.gitconfig"), config).unwrap();
    assert!(commit().is_ok());
    assert_eq!(scratch.git(&["log", "-1", "--format=%an <%ae>"]).trim(), "The User <u@u>");
    assert!(
        open.workspace.git(GitQuery::Commit { message: " \n".to_owned(), amend: false }).is_err()
    );
    let nothing = commit().unwrap_err();
    assert!(nothing.error.contains("nothing to commit"), "{nothing}");
}

#[test]
fn what_goes_through_a_filter_is_refused_and_not_spoilt() {
    let scratch = Scratch::new();
    scratch.repository(&["plain"]);
    scratch.write(".gitattributes", "*.big filter=lfs\n");
    scratch.write("x.big", "content\n");
    scratch.write("plain", "changed\n");
    let open = scratch.open();
    let stage = |paths| open.workspace.git(GitQuery::Stage { paths });
    let refused = stage(vec![path("x.big")]).unwrap_err();
    assert!(refused.error.contains("lfs"), "{refused}");
    assert!(stage(Vec::new()).is_err());
    assert!(status(&open).changes.iter().all(|it| it.staged.is_none()));
    assert!(stage(vec![path("plain"), path(".gitattributes")]).is_ok());
}

#[test]
fn the_tree_is_written_only_by_what_has_to() {
    let scratch = Scratch::new();
    scratch.repository(&["file"]);
    let open = scratch.open();
    let head = scratch.root.join(".git/index").metadata().unwrap().modified().unwrap();
    scratch.write("file", "changed\n");
    status(&open);
    let after = scratch.root.join(".git/index").metadata().unwrap().modified().unwrap();
    assert_eq!(head, after, "looking wrote the index");
    assert!(!scratch.root.join(".git/index.lock").exists());
}
