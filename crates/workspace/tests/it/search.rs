// SPDX-License-Identifier: Apache-2.0
//! Search and replace in a real tree.

use std::sync::{Arc, Mutex};

use moat_protocol::workspace::{SearchQuery, SearchReply, SearchSpec, WorkspaceNews};
use moat_workspace::{FrontId, SearchSink};

use crate::support::{News, Open, Scratch, path};

const FRONT: FrontId = FrontId(1);

fn spec(pattern: &str) -> SearchSpec {
    SearchSpec {
        pattern: pattern.to_owned(),
        regex: false,
        case: true,
        word: false,
        include: Vec::new(),
        exclude: Vec::new(),
        ignored: false,
    }
}

fn sink(news: &Arc<News>) -> SearchSink {
    let news = Arc::clone(news);
    Arc::new(move |it| {
        news.add(it);
        true
    })
}

fn ended(news: &[WorkspaceNews], number: u32) -> Option<(u64, bool)> {
    news.iter().find_map(|it| match it {
        WorkspaceNews::SearchEnded { search, files, truncated } if *search == number => {
            Some((*files, *truncated))
        }
        _ => None,
    })
}

/// Searches to the end: each line as path, number and text; how many files; whether cut.
fn search(open: &Open<'_>, spec: SearchSpec) -> (Vec<(String, u32, String)>, u64, bool) {
    let news = Arc::new(News::default());
    let start = SearchQuery::Start { search: 1, spec };
    assert_eq!(open.workspace.search(start, FRONT, sink(&news)), Ok(SearchReply::Started));
    let all = news.wait(|news| ended(news, 1).is_some());
    let mut lines = Vec::new();
    for news in &all {
        if let WorkspaceNews::SearchFound { hits, .. } = news {
            for hit in hits {
                let path = hit.path.to_string();
                lines.extend(hit.lines.iter().map(|it| (path.clone(), it.line, it.text.clone())));
            }
        }
    }
    let (files, truncated) = ended(&all, 1).unwrap();
    (lines, files, truncated)
}

fn paths(found: &[(String, u32, String)]) -> Vec<&str> {
    found.iter().map(|(path, ..)| path.as_str()).collect()
}

#[test]
fn what_is_looked_at_follows_the_rules_and_the_globs() {
    let scratch = Scratch::new();
    scratch.write(".gitignore", "out\n");
    for name in ["a.rs", "b.py", "out/c.rs", "src/d.rs", ".git/x.rs", "node_modules/e.rs"] {
        scratch.write(name, "one needle\n");
    }
    scratch.write("image", b"needle\0");
    std::os::unix::fs::symlink("a.rs", scratch.root.join("link.rs")).unwrap();
    let open = scratch.open();
    let (found, files, truncated) = search(&open, spec("needle"));
    assert_eq!(paths(&found), ["a.rs", "b.py", "src/d.rs"]);
    assert_eq!((files, truncated), (5, false));
    assert_eq!(found[0], ("a.rs".to_owned(), 1, "one needle".to_owned()));
    let ignored = SearchSpec { ignored: true, ..spec("needle") };
    let (found, ..) = search(&open, ignored);
    assert_eq!(paths(&found), ["a.rs", "b.py", "node_modules/e.rs", "out/c.rs", "src/d.rs"]);
    let globs = SearchSpec {
        include: vec!["*.rs".to_owned()],
        exclude: vec!["src".to_owned()],
        ..spec("needle")
    };
    assert_eq!(paths(&search(&open, globs).0), ["a.rs"]);
    assert!(search(&open, spec("absent")).0.is_empty());
}

#[test]
fn a_search_is_ended_by_its_limit_by_the_next_and_by_who_asked() {
    let scratch = Scratch::new();
    for number in 0..300 {
        scratch.write(&format!("f{number:03}"), "needle\n".repeat(100));
    }
    let open = scratch.open();
    let (found, _, truncated) = search(&open, spec("needle"));
    assert_eq!((found.len(), truncated), (20_000, true));
    // A front end that takes one piece and waits for the test, which asks for another search.
    let (news, gate) = (Arc::new(News::default()), Arc::new(Mutex::new(())));
    let held = gate.lock().unwrap();
    let (its_news, its_gate) = (Arc::clone(&news), Arc::clone(&gate));
    let slow: SearchSink = Arc::new(move |it| {
        its_news.add(it);
        drop(its_gate.lock());
        true
    });
    let start = |search| SearchQuery::Start { search, spec: spec("needle") };
    open.workspace.search(start(1), FRONT, slow).unwrap();
    news.wait(|news| !news.is_empty());
    let next = Arc::new(News::default());
    open.workspace.search(start(2), FRONT, sink(&next)).unwrap();
    drop(held);
    let all = news.wait(|news| ended(news, 1).is_some());
    let (files, truncated) = ended(&all, 1).unwrap();
    assert!(truncated && files < 300, "{files}");
    next.wait(|news| ended(news, 2).is_some());
    // Who is gone is told nothing more, not even the end.
    let (count, counted) = (Arc::new(Mutex::new(0)), Arc::new(News::default()));
    let its_count = Arc::clone(&count);
    let gone: SearchSink = Arc::new(move |_| {
        *its_count.lock().unwrap() += 1;
        false
    });
    open.workspace.search(start(3), FrontId(3), gone).unwrap();
    open.workspace.search(start(4), FRONT, sink(&counted)).unwrap();
    counted.wait(|news| ended(news, 4).is_some());
    crate::support::eventually(|| *count.lock().unwrap(), |count| *count > 0);
    assert_eq!(*count.lock().unwrap(), 1);
}

#[test]
fn replacing_keeps_encodings_and_line_endings_and_leaves_the_rest_alone() {
    let scratch = Scratch::new();
    scratch.write("crlf", "one a1\r\ntwo a2\r\n");
    scratch.write("mixed", "one a1\r\ntwo a2\n");
    scratch.write("wide", b"\xff\xfea\x001\0\n\0");
    scratch.write("none", "nothing\n");
    scratch.write("binary", b"a1\0");
    let untouched = scratch.root.join("none").metadata().unwrap().modified().unwrap();
    let open = scratch.open();
    let replace = |spec, with: &str, paths: &[&str]| {
        let paths = paths.iter().map(|it| path(it)).collect();
        let query = SearchQuery::Replace { spec, with: with.to_owned(), paths };
        match open.workspace.search(query, FRONT, sink(&Arc::default())) {
            Ok(SearchReply::Replaced { places, files, left }) => {
                let names: Vec<String> = files.iter().map(ToString::to_string).collect();
                let left: Vec<String> = left.iter().map(|it| it.path.to_string()).collect();
                (places, names, left)
            }
            other => panic!("{other:?}"),
        }
    };
    let expression = SearchSpec { regex: true, ..spec(r"a(\d)$") };
    let all = ["crlf", "mixed", "wide", "none", "binary", "missing"];
    let (places, files, left) = replace(expression, "<$1>", &all);
    assert_eq!((places, files), (5, ["crlf", "mixed", "wide"].map(str::to_owned).to_vec()));
    assert_eq!(left, ["binary", "missing"]);
    assert_eq!(scratch.read("crlf"), b"one <1>\r\ntwo <2>\r\n");
    assert_eq!(scratch.read("mixed"), b"one <1>\r\ntwo <2>\n");
    assert_eq!(scratch.read("wide"), b"\xff\xfe<\x001\0>\0\n\0");
    assert_eq!(scratch.root.join("none").metadata().unwrap().modified().unwrap(), untouched);
    // As words, a dollar is a dollar.
    let (places, ..) = replace(spec("<1>"), "$0", &["crlf"]);
    assert_eq!((places, scratch.read("crlf").as_slice()), (1, b"one $0\r\ntwo <2>\r\n".as_slice()));
}
