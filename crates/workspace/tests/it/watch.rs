// SPDX-License-Identifier: Apache-2.0
//! What changes is told.

use moat_base::TreePath;
use moat_protocol::workspace::{FilesQuery, FilesReply, WorkspaceNews};

use crate::support::{Open, Scratch, eventually, path};

/// Opens a workspace and waits until its watch is complete.
fn watched(scratch: &Scratch) -> Open<'_> {
    let open = scratch.open();
    let find = FilesQuery::Find { text: String::new(), limit: 1 };
    eventually(
        || open.ask(find.clone()),
        |answer| matches!(answer, Ok(FilesReply::Found { indexing: false, .. })),
    );
    scratch.news.clear();
    open
}

fn directories(news: &[WorkspaceNews]) -> Vec<TreePath> {
    let each = news.iter().filter_map(|news| match news {
        WorkspaceNews::FilesChanged { directories, .. } => Some(directories.clone()),
        _ => None,
    });
    each.flatten().collect()
}

#[test]
fn changes_are_told_by_directory_and_ignored_ones_are_not() {
    let scratch = Scratch::new();
    scratch.write(".gitignore", "out\n");
    scratch.write("src/a.rs", "");
    scratch.write("out/a.o", "");
    let open = watched(&scratch);
    scratch.write("out/b.o", "");
    scratch.write("src/a.rs", "changed");
    scratch.news.wait(|news| directories(news).contains(&path("src")));
    scratch.write("src/new/deep/b.rs", "");
    scratch.news.wait(|news| directories(news).contains(&path("src/new/deep")));
    std::fs::remove_dir_all(scratch.root.join("src/new")).unwrap();
    scratch.write("top", "");
    let news = scratch.news.wait(|news| directories(news).contains(&path("")));
    assert!(!directories(&news).contains(&path("out")), "{news:?}");
    drop(open);
}

#[test]
fn a_commit_and_a_staged_file_are_told_and_objects_are_not_files() {
    let scratch = Scratch::new();
    scratch.repository(&["file"]);
    let open = watched(&scratch);
    let is_git = |news: &[WorkspaceNews]| news.contains(&WorkspaceNews::GitChanged);
    scratch.write("file", "changed\n");
    scratch.git(&["add", "file"]);
    scratch.news.wait(is_git);
    scratch.news.clear();
    scratch.git(&["commit", "--quiet", "--message=second"]);
    scratch.news.wait(is_git);
    scratch.news.clear();
    scratch.git(&["switch", "--quiet", "--create", "other"]);
    let news = scratch.news.wait(is_git);
    let in_git = directories(&news);
    assert!(!in_git.iter().any(|it| it.to_string().starts_with(".git")), "{in_git:?}");
    drop(open);
}

#[test]
fn own_writes_are_told_without_the_names_they_need_meanwhile() {
    let scratch = Scratch::new();
    scratch.write("a/file", "one");
    let open = watched(&scratch);
    let version = open.text("a/file").version;
    open.write("a/file", "two", Some(version)).unwrap();
    scratch.news.wait(|news| directories(news).contains(&path("a")));
}
