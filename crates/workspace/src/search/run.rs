// SPDX-License-Identifier: Apache-2.0
//! One search on its way through the files.
//!
//! Invariant: columns are counted in UTF-16 units of the text that is told, whatever the
//! file's encoding, and bytes that are no text count as the character that stands for them.

use std::ops::{ControlFlow, Range};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use moat_base::{Clock, Tree as _, TreePath};
use moat_protocol::workspace::{SearchHit, SearchLine, WorkspaceNews};

use super::SearchSink;
use super::pattern::Pattern;
use crate::files::Files;
use crate::limits::{
    FILE_LINES_MAX, HIT_LINES_MAX, HITS_GATHERED, HITS_WAIT_MAX, LINE_BEFORE_BYTES, LINE_BYTES_MAX,
    SEARCHED_BYTES_MAX,
};
use crate::rules::RuleBook;
use crate::text::{Content, decode, is_binary};
use crate::walk::{Visitor, walk};

/// A search that is about to begin.
pub(super) struct Run {
    tree: moat_files::DirTree,
    book: Arc<RuleBook>,
    clock: Arc<dyn Clock>,
    pattern: Pattern,
    search: u32,
}

impl Run {
    pub(super) fn new(files: &Files, clock: Arc<dyn Clock>, pattern: Pattern, search: u32) -> Self {
        Self { tree: files.tree.clone(), book: Arc::clone(&files.book), clock, pattern, search }
    }

    /// Searches everything, and tells the end.
    pub(super) fn to_the_end(&self, stop: &AtomicBool, sink: &SearchSink) {
        let mut progress = Progress {
            run: self,
            stop,
            sink,
            bytes: Vec::new(),
            hits: Vec::new(),
            gathered: 0,
            told: self.clock.monotonic(),
            lines: 0,
            files: 0,
            gone: false,
        };
        let top = TreePath::root();
        let walked = walk(&self.tree, &self.book, &top, self.pattern.ignored, &mut progress);
        progress.tell();
        if !progress.gone {
            let (search, files) = (self.search, progress.files);
            let truncated = walked.is_break();
            sink(WorkspaceNews::SearchEnded { search, files, truncated });
        }
    }
}

struct Progress<'a> {
    run: &'a Run,
    stop: &'a AtomicBool,
    sink: &'a SearchSink,
    bytes: Vec<u8>,
    hits: Vec<SearchHit>,
    /// How many lines they have.
    gathered: usize,
    told: Duration,
    lines: usize,
    files: u64,
    gone: bool,
}

impl Visitor for Progress<'_> {
    fn enters(&mut self, directory: &TreePath) -> bool {
        !self.run.pattern.leaves_out(directory)
    }

    fn files(&mut self, _directory: &TreePath, files: Vec<TreePath>) -> ControlFlow<()> {
        for path in files {
            if self.gone || self.stop.load(Ordering::Relaxed) {
                return ControlFlow::Break(());
            }
            if !self.run.pattern.takes(&path) {
                continue;
            }
            self.bytes.clear();
            let read = self.run.tree.append_listed(&path, SEARCHED_BYTES_MAX, &mut self.bytes);
            // What is too long, or cannot be read, is not searched.
            if read.is_err() {
                continue;
            }
            self.files += 1;
            let left = HIT_LINES_MAX - self.lines;
            let lines = lines(&self.run.pattern, &self.bytes, left.min(FILE_LINES_MAX));
            if !lines.is_empty() {
                self.lines += lines.len();
                self.gathered += lines.len();
                self.hits.push(SearchHit { path, lines });
            }
            if self.lines >= HIT_LINES_MAX {
                return ControlFlow::Break(());
            }
            let now = self.run.clock.monotonic();
            let waited = now.saturating_sub(self.told) >= HITS_WAIT_MAX;
            if self.gathered >= HITS_GATHERED || waited {
                self.tell();
            }
        }
        ControlFlow::Continue(())
    }
}

impl Progress<'_> {
    fn tell(&mut self) {
        self.told = self.run.clock.monotonic();
        self.gathered = 0;
        if self.hits.is_empty() || self.gone {
            return;
        }
        let hits = std::mem::take(&mut self.hits);
        let search = self.run.search;
        self.gone = !(self.sink)(WorkspaceNews::SearchFound { search, hits });
    }
}

/// The lines of a file that match, at most so many.
fn lines(pattern: &Pattern, bytes: &[u8], most: usize) -> Vec<SearchLine> {
    if is_binary(bytes) {
        return Vec::new();
    }
    let marked = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    if !marked {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        return matching(pattern, bytes, most);
    }
    match decode(bytes) {
        Content::Text(decoded) => matching(pattern, decoded.text.as_bytes(), most),
        Content::Undecodable | Content::Binary => Vec::new(),
    }
}

fn matching(pattern: &Pattern, bytes: &[u8], most: usize) -> Vec<SearchLine> {
    let mut found: Vec<SearchLine> = Vec::new();
    // The line that was looked at last, and the matches in it.
    let (mut line, mut number, mut counted) = (0..0, 0_u32, 0);
    let mut matches: Vec<Range<usize>> = Vec::new();
    for one in pattern.bytes.find_iter(bytes) {
        // One that only stands behind the last line's end is in no line.
        if one.start() == bytes.len() && bytes.ends_with(b"\n") {
            break;
        }
        let is_same = !matches.is_empty() && one.start() < line.end;
        if !is_same {
            if !matches.is_empty() {
                found.push(shown(bytes, &line, number, &matches));
                matches.clear();
                if found.len() >= most {
                    return found;
                }
            }
            let before = bytes.get(..one.start()).unwrap_or_default();
            let start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
            let rest = bytes.get(one.start()..).unwrap_or_default();
            let end = memchr::memchr(b'\n', rest).map_or(bytes.len(), |at| one.start() + at);
            let skipped = bytes.get(counted..start).unwrap_or_default();
            let feeds = memchr::memchr_iter(b'\n', skipped).count();
            number = number.saturating_add(u32::try_from(feeds).unwrap_or(u32::MAX));
            counted = start;
            line = start..end;
        }
        matches.push(one.range());
    }
    if !matches.is_empty() && found.len() < most {
        found.push(shown(bytes, &line, number, &matches));
    }
    found
}

/// A line as it is told: the part around its first match.
fn shown(bytes: &[u8], line: &Range<usize>, number: u32, matches: &[Range<usize>]) -> SearchLine {
    let mut end = line.end;
    if end > line.start && bytes.get(end - 1) == Some(&b'\r') {
        end -= 1;
    }
    let first = matches.first().map_or(line.start, |it| it.start);
    let mut start = line.start;
    if end - line.start > LINE_BYTES_MAX {
        start = boundary(bytes, first.saturating_sub(LINE_BEFORE_BYTES).max(line.start));
        end = boundary(bytes, end.min(start + LINE_BYTES_MAX));
    }
    let part = |range: Range<usize>| String::from_utf8_lossy(bytes.get(range).unwrap_or_default());
    let units =
        |range: Range<usize>| u32::try_from(part(range).encode_utf16().count()).unwrap_or(u32::MAX);
    let within = matches.iter().filter(|it| it.start < end || it.start == first);
    let matched = within.map(|it| {
        let (from, to) = (it.start.clamp(start, end), it.end.clamp(start, end));
        (units(start..from), units(start..to))
    });
    SearchLine {
        line: number.saturating_add(1),
        matched: matched.collect(),
        cut: units(line.start..start),
        text: part(start..end).into_owned(),
    }
}

/// The nearest place at or before this one where no character is cut.
fn boundary(bytes: &[u8], mut at: usize) -> usize {
    let is_within = |at: usize| bytes.get(at).is_some_and(|byte| byte & 0xc0 == 0x80);
    for _ in 0..3 {
        if at == 0 || !is_within(at) {
            break;
        }
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use moat_protocol::workspace::SearchSpec;

    use super::*;

    fn found(pattern: &str, bytes: &[u8], most: usize) -> Vec<SearchLine> {
        let spec = SearchSpec {
            pattern: pattern.to_owned(),
            regex: true,
            case: true,
            word: false,
            include: Vec::new(),
            exclude: Vec::new(),
            ignored: false,
        };
        lines(&Pattern::new(&spec).unwrap(), bytes, most)
    }

    fn line(line: u32, text: &str, matched: &[(u32, u32)]) -> SearchLine {
        SearchLine { line, text: text.to_owned(), matched: matched.to_vec(), cut: 0 }
    }

    #[test]
    fn lines_and_columns_are_those_of_the_text() {
        for (pattern, bytes, expect) in [
            (
                "b",
                b"abcb\nx\r\nb".as_slice(),
                vec![line(1, "abcb", &[(1, 2), (3, 4)]), line(3, "b", &[(0, 1)])],
            ),
            ("x$", b"ax\r\nx", vec![line(1, "ax", &[(1, 2)]), line(2, "x", &[(0, 1)])]),
            (
                "b",
                "\u{1f600}b\u{e9}b".as_bytes(),
                vec![line(1, "\u{1f600}b\u{e9}b", &[(2, 3), (4, 5)])],
            ),
            ("b", b"\xff\xfea\0b\0", vec![line(1, "ab", &[(1, 2)])]),
            ("b", b"\xef\xbb\xbfb", vec![line(1, "b", &[(0, 1)])]),
            ("b", b"caf\xe9 b", vec![line(1, "caf\u{fffd} b", &[(5, 6)])]),
            ("b", b"b\0b", vec![]),
            ("a\\nb", b"xa\nby\na\nb", vec![line(1, "xa", &[(1, 2)]), line(3, "a", &[(0, 1)])]),
            ("^", b"a\n", vec![line(1, "a", &[(0, 0)])]),
            ("z", b"", vec![]),
        ] {
            assert_eq!(found(pattern, bytes, 100), expect, "{pattern} {bytes:?}");
        }
    }

    #[test]
    fn of_a_long_line_the_part_around_the_match_is_told() {
        let text = format!("{}needle{}", "\u{e9}".repeat(10_000), "y".repeat(10_000));
        let lines = found("needle", text.as_bytes(), 10);
        let [one] = lines.as_slice() else { panic!("{lines:?}") };
        assert!(one.text.len() <= LINE_BYTES_MAX);
        let (from, to) = one.matched[0];
        let units: Vec<u16> = one.text.encode_utf16().collect();
        let shown = &units[from as usize..to as usize];
        assert_eq!(String::from_utf16(shown).unwrap(), "needle");
        assert_eq!(one.cut + from, 10_000);
    }

    #[test]
    fn a_file_has_no_more_lines_than_the_limit() {
        let text = "x\n".repeat(100);
        assert_eq!(found("x", text.as_bytes(), 7).len(), 7);
        assert_eq!(found("x", text.as_bytes(), 7)[6].line, 7);
    }
}
