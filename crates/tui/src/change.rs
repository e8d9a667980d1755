// SPDX-License-Identifier: Apache-2.0
//! Change sets: their hunks, and in a line each what hunks do not show.
//!
//! Invariant: what keeping everything would write is shown, or its digest is.

use std::fmt::Write as _;

use moat_base::visible;
use moat_protocol::{Change, ChangeClass, ChangeKind, ChangeSet, Clash, FileContent, Merge, Side};

use crate::surface::{git_section, surface_lines};
use crate::text::bytes;
use crate::{Detail, Paint, Tone, count};

/// Shows a change set: one line per path, the hunks of what is kept by default, and what
/// the set leaves out.
#[must_use]
pub fn change_set(set: &ChangeSet, paint: Paint, detail: Detail) -> String {
    let mut shown = String::new();
    let edits = set.changes.iter().filter(|change| change.class == ChangeClass::Edit);
    for change in edits {
        shown.push_str(&whole(change, paint));
    }
    shown.push_str(&git_section(&set.changes, paint));
    let others = set.changes.iter().filter(|change| change.class == ChangeClass::Ignored);
    match detail {
        Detail::Everything => others.for_each(|change| path_line(&mut shown, change, paint)),
        Detail::Usual => {
            let number = others.count() as u64;
            if number > 0 {
                let text = format!(
                    "        and {} that the repository ignores; not kept by default\n",
                    count(number, "path")
                );
                shown.push_str(&paint.paint(Tone::Faint, &text));
            }
        }
    }
    omitted_lines(&mut shown, set, paint, detail);
    shown
}

/// One change with its hunks.
pub(crate) fn whole(change: &Change, paint: Paint) -> String {
    let mut shown = String::new();
    path_line(&mut shown, change, paint);
    for hunk in &change.hunks {
        hunk_lines(&mut shown, &hunk.text, hunk.number, paint);
    }
    shown
}

fn path_line(shown: &mut String, change: &Change, paint: Paint) {
    let (mark, tone) = match change.kind {
        ChangeKind::Created if change.renamed_from.is_some() => ("moved", Tone::Warning),
        ChangeKind::Created => ("new", Tone::Good),
        ChangeKind::Modified => ("changed", Tone::Warning),
        ChangeKind::Deleted => ("gone", Tone::Bad),
        ChangeKind::Mode => ("mode", Tone::Warning),
        ChangeKind::Type => ("type", Tone::Warning),
    };
    let path = change.path.to_string();
    // Writing to a String cannot fail.
    let _infallible = writeln!(
        shown,
        "{} {}  {}",
        paint.paint(tone, &format!("{mark:<7}")),
        paint.paint(Tone::Name, &visible(&path)),
        paint.paint(Tone::Faint, &format!("+{} -{}", change.lines_added, change.lines_removed)),
    );
    if let Some(conflict) = &change.conflict {
        let text = format!("conflict: {}", one_line(conflict));
        let _infallible = writeln!(shown, "        {}", paint.paint(Tone::Bad, &text));
    }
    let lines = rename_line(change).into_iter().chain(side_lines(change));
    let lines = lines.chain(merge_lines(&change.merge)).chain(surface_lines(change));
    for (tone, text) in lines {
        let _infallible = writeln!(shown, "        {}", paint.paint(tone, &text));
    }
}

/// The other half of a rename.
fn rename_line(change: &Change) -> Option<(Tone, String)> {
    let line = |words: &str, path: &dyn std::fmt::Display| {
        Some((Tone::Warning, one_line(&format!("{words} {path}"))))
    };
    match (&change.renamed_from, &change.renamed_to) {
        (Some(from), _) => line("from", from),
        (None, Some(to)) => line("moved to", to),
        (None, None) => None,
    }
}

/// What became of newer work of the user in the same file.
fn merge_lines(merge: &Merge) -> Vec<(Tone, String)> {
    let (base, places) = match merge {
        Merge::Alone => return Vec::new(),
        Merge::Joined => {
            let text = "joined with what you changed meanwhile; shown against your file";
            return vec![(Tone::Warning, text.to_owned())];
        }
        Merge::Conflict { base, places } => (base, places),
    };
    let mut lines = Vec::new();
    if places.is_empty() {
        let base = match base {
            Side::Nothing => Some("before: nothing".to_owned()),
            Side::Link { target } => {
                target.as_ref().map(|it| format!("before: link -> {}", one_line(it)))
            }
            Side::Directory { .. } => Some("before: a directory".to_owned()),
            Side::File { .. } => content_words(&Side::Nothing, base)
                .map(|words| format!("before: {}", words.trim_start_matches("binary, "))),
        };
        lines.extend(base.map(|text| (Tone::Faint, text)));
    }
    for Clash { line, base, user, session } in places {
        lines.push((Tone::Faint, format!("at line {line} of your file")));
        let sides = [
            ("before", Tone::Faint, base),
            ("yours", Tone::Warning, user),
            ("session", Tone::Good, session),
        ];
        for (name, tone, text) in sides {
            let rows = text.lines().map(|row| (tone, format!("{name:<7} | {}", visible(row))));
            lines.extend(rows);
            if text.is_empty() {
                lines.push((tone, format!("{name:<7} (nothing)")));
            }
        }
    }
    lines
}

/// What hunks do not show: what a path turned into, its mode, where a link leads, and
/// content that is not text.
fn side_lines(change: &Change) -> Vec<(Tone, String)> {
    let Change { before, after, .. } = change;
    let mut lines = Vec::new();
    if change.kind == ChangeKind::Type
        && let (Some(before), Some(after)) = (noun(before), noun(after))
    {
        lines.push((Tone::Warning, format!("{before} -> {after}")));
    }
    lines.extend(mode_words(before, after).map(|text| (Tone::Warning, text)));
    for (sign, tone, side) in [('-', Tone::Bad, before), ('+', Tone::Good, after)] {
        if let Side::Link { target: Some(target) } = side {
            lines.push((tone, format!("{sign} link -> {}", one_line(target))));
        }
    }
    if change.hunks.is_empty() && change.renamed_to.is_none() {
        let words = content_words(before, after).map(|text| match &change.renamed_from {
            Some(_) => text.replacen("binary", "content unchanged", 1),
            None => text,
        });
        lines.extend(words.map(|text| (Tone::Warning, text)));
    }
    lines
}

const fn noun(side: &Side) -> Option<&'static str> {
    match side {
        Side::Nothing => None,
        Side::File { .. } => Some("file"),
        Side::Directory { .. } => Some("directory"),
        Side::Link { .. } => Some("link"),
    }
}

/// The mode where it is another, and of something new where it is not an ordinary one.
fn mode_words(before: &Side, after: &Side) -> Option<String> {
    let (mode, unusual) = match (before, after) {
        (Side::File { mode: before, .. }, Side::File { mode: after, .. })
        | (Side::Directory { mode: before }, Side::Directory { mode: after }) => {
            return (before != after).then(|| format!("mode {before} -> {after}"));
        }
        (_, Side::Nothing | Side::Link { .. }) => return None,
        (_, Side::File { mode, .. }) => (mode, UNUSUAL_FILE_BITS),
        (_, Side::Directory { mode }) => (mode, UNUSUAL_DIRECTORY_BITS),
    };
    // A directory that its owner cannot use hides what is in it.
    let is_shut = matches!(after, Side::Directory { .. }) && mode.0 & OWNER_BITS != OWNER_BITS;
    (is_shut || mode.0 & unusual != 0).then(|| format!("mode {mode}"))
}

/// The lengths and the newest digest of content that differs, where a side has some.
fn content_words(before: &Side, after: &Side) -> Option<String> {
    let is_plain = |side: &Side| matches!(side, Side::File { .. } | Side::Nothing);
    let form = if is_plain(before) && is_plain(after) { "binary" } else { "content not shown" };
    let (lengths, latest) = match (content(before), content(after)) {
        (Some(before), Some(after)) if before == after => return None,
        (Some(before), Some(after)) => {
            (format!("{} -> {}", bytes(before.length_bytes), bytes(after.length_bytes)), after)
        }
        (Some(only), None) | (None, Some(only)) if only.length_bytes > 0 => {
            (bytes(only.length_bytes), only)
        }
        (Some(_), None) | (None, Some(_) | None) => return None,
    };
    let digits: String = latest.sha256.chars().take(DIGITS_SHOWN).collect();
    Some(format!("{form}, {lengths}, sha256 {}...", one_line(&digits)))
}

const fn content(side: &Side) -> Option<&FileContent> {
    match side {
        Side::File { content, .. } => content.as_ref(),
        Side::Nothing | Side::Directory { .. } | Side::Link { .. } => None,
    }
}

/// What the session has and the list does not.
fn omitted_lines(shown: &mut String, set: &ChangeSet, paint: Paint, detail: Detail) {
    let limit = match detail {
        Detail::Usual => OMITTED_SHOWN,
        Detail::Everything => usize::MAX,
    };
    let label = paint.paint(Tone::Warning, "omitted");
    for left in set.left_out.iter().take(limit) {
        let text = one_line(&format!("{}: {} (not kept)", left.path, left.reason));
        let _infallible = writeln!(shown, "{label} {text}");
    }
    let more = set.left_out.len().saturating_sub(limit);
    if more > 0 {
        let _infallible = writeln!(shown, "        and {more} more");
    }
    if set.truncated {
        let text = "the list ends at its limit; the rest is neither shown nor kept";
        let _infallible = writeln!(shown, "{label} {text}");
    }
}

/// Makes foreign text safe to show, in one line.
pub(crate) fn one_line(text: &str) -> String {
    visible(text).replace('\n', "<U+000A>")
}

fn hunk_lines(shown: &mut String, text: &str, number: u32, paint: Paint) {
    for line in text.lines() {
        let line = visible(line);
        let painted = match line.as_bytes().first() {
            Some(b'+') => paint.paint(Tone::Good, &line),
            Some(b'-') => paint.paint(Tone::Bad, &line),
            Some(b'@') => paint.paint(Tone::Faint, &format!("{line}  (hunk {number})")),
            _ => line.into_owned(),
        };
        let _infallible = writeln!(shown, "        {painted}");
    }
}

/// Executable, writable by everybody, or with a set-id or sticky bit.
const UNUSUAL_FILE_BITS: u32 = 0o7113;
const UNUSUAL_DIRECTORY_BITS: u32 = 0o7002;
/// What the owner of a directory needs to list, change and enter it.
const OWNER_BITS: u32 = 0o700;
const DIGITS_SHOWN: usize = 12;
const OMITTED_SHOWN: usize = 20;

#[cfg(test)]
mod tests {
    use moat_base::TreePath;
    use moat_protocol::{Hunk, Mode, Refusal};

    use super::*;

    fn change(kind: ChangeKind, before: Side, after: Side) -> Change {
        Change {
            path: TreePath::parse("a").unwrap(),
            kind,
            class: ChangeClass::Edit,
            before,
            after,
            lines_added: 0,
            lines_removed: 0,
            hunks: Vec::new(),
            conflict: None,
            renamed_from: None,
            renamed_to: None,
            merge: Merge::Alone,
            surfaces: Vec::new(),
            confirm: None,
        }
    }

    fn file(mode: u32, length_bytes: u64, digit: &str) -> Side {
        let content = FileContent { length_bytes, sha256: digit.repeat(64) };
        Side::File { mode: Mode(mode), content: Some(content) }
    }

    fn named(mode: u32) -> Side {
        Side::File { mode: Mode(mode), content: None }
    }

    fn directory(mode: u32) -> Side {
        Side::Directory { mode: Mode(mode) }
    }

    fn link(target: &str) -> Side {
        Side::Link { target: Some(target.into()) }
    }

    fn usual(set: &ChangeSet) -> String {
        change_set(set, Paint::Plain, Detail::Usual)
    }

    /// The lines below the path.
    fn below(change: Change) -> Vec<String> {
        let shown = usual(&ChangeSet { changes: vec![change], ..ChangeSet::default() });
        shown.lines().skip(1).map(|line| line.trim_start().to_owned()).collect()
    }

    #[test]
    fn what_hunks_do_not_show_has_a_line_each() {
        use ChangeKind::{Created, Deleted, Mode as Bits, Modified, Type};
        let nothing = || Side::Nothing;
        let cases: [(ChangeKind, Side, Side, &[&str]); 20] = [
            (Modified, nothing(), nothing(), &[]),
            (Bits, file(0o644, 3, "a"), file(0o755, 3, "a"), &["mode 644 -> 755"]),
            (Bits, directory(0o755), directory(0o1777), &["mode 755 -> 1777"]),
            (Bits, named(0o600), named(0o4755), &["mode 600 -> 4755"]),
            (Created, nothing(), file(0o644, 0, "a"), &[]),
            (Created, nothing(), file(0o755, 0, "a"), &["mode 755"]),
            (Created, nothing(), file(0o666, 0, "a"), &["mode 666"]),
            (Created, nothing(), directory(0o755), &[]),
            (Created, nothing(), directory(0o777), &["mode 777"]),
            (Created, nothing(), directory(0o000), &["mode 000"]),
            (Created, nothing(), directory(0o500), &["mode 500"]),
            (Created, nothing(), directory(0o700), &[]),
            (Created, nothing(), file(0o600, 1, "b"), &["binary, 1 byte, sha256 bbbbbbbbbbbb..."]),
            (
                Modified,
                file(0o644, 1_234, "a"),
                file(0o777, 1_300, "b"),
                &["mode 644 -> 777", "binary, 1,234 bytes -> 1,300 bytes, sha256 bbbbbbbbbbbb..."],
            ),
            (Deleted, file(0o755, 9, "c"), nothing(), &["binary, 9 bytes, sha256 cccccccccccc..."]),
            (Created, nothing(), link("to"), &["+ link -> to"]),
            (Modified, link("old"), link("new"), &["- link -> old", "+ link -> new"]),
            (Deleted, link("old"), nothing(), &["- link -> old"]),
            (
                Type,
                file(0o644, 2, "d"),
                link("../x"),
                &[
                    "file -> link",
                    "+ link -> ../x",
                    "content not shown, 2 bytes, sha256 dddddddddddd...",
                ],
            ),
            (Type, directory(0o755), named(0o755), &["directory -> file", "mode 755"]),
        ];
        for (kind, before, after, expected) in cases {
            let case = format!("{kind:?} {before:?} {after:?}");
            assert_eq!(below(change(kind, before, after)), expected, "{case}");
        }
    }

    #[test]
    fn text_is_shown_by_its_hunks_alone() {
        let mut text = change(ChangeKind::Modified, file(0o644, 2, "a"), file(0o755, 2, "b"));
        text.hunks = vec![Hunk { number: 1, text: "@@ -1 +1 @@\n-a\n+b\n".into() }];
        let expected = ["mode 644 -> 755", "@@ -1 +1 @@  (hunk 1)", "-a", "+b"];
        assert_eq!(below(text), expected);
    }

    #[test]
    fn both_halves_of_a_rename_name_the_other() {
        let mut new = change(ChangeKind::Created, Side::Nothing, file(0o644, 5, "a"));
        new.renamed_from = Some(TreePath::parse("old").unwrap());
        let mut old = change(ChangeKind::Deleted, file(0o644, 5, "a"), Side::Nothing);
        old.renamed_to = Some(TreePath::parse("b").unwrap());
        let shown = usual(&ChangeSet { changes: vec![new.clone()], ..ChangeSet::default() });
        assert!(shown.starts_with("moved   a  +0 -0\n"), "{shown}");
        let expected = ["from old", "content unchanged, 5 bytes, sha256 aaaaaaaaaaaa..."];
        assert_eq!(below(new), expected);
        assert_eq!(below(old), ["moved to b"]);
    }

    #[test]
    fn a_conflict_shows_the_base_and_both_sides() {
        let mut joined = change(ChangeKind::Modified, file(0o644, 2, "a"), file(0o644, 2, "b"));
        joined.hunks = vec![Hunk { number: 1, text: "@@ -1 +1 @@\n-a\n+b\n".into() }];
        let mut conflict = joined.clone();
        joined.merge = Merge::Joined;
        assert!(below(joined)[0].starts_with("joined with what you changed"));
        let clash = Clash {
            line: 7,
            base: "base\n".into(),
            user: String::new(),
            session: "one\n\u{1b}two\n".into(),
        };
        conflict.merge = Merge::Conflict { base: file(0o644, 2, "c"), places: vec![clash] };
        let expected = [
            "at line 7 of your file",
            "before  | base",
            "yours   (nothing)",
            "session | one",
            "session | <U+001B>two",
        ];
        assert_eq!(below(conflict)[..5], expected);
        let mut binary = change(ChangeKind::Modified, file(0o644, 2, "a"), file(0o644, 2, "b"));
        binary.merge = Merge::Conflict { base: file(0o644, 9, "c"), places: Vec::new() };
        assert_eq!(below(binary)[1], "before: 9 bytes, sha256 cccccccccccc...");
    }

    #[test]
    fn a_foreign_text_neither_acts_nor_makes_a_line() {
        let evil = "\u{1b}[2J\u{202e}\nnew     b";
        let mut change = change(ChangeKind::Modified, link(evil), file(0o644, 5, evil));
        change.conflict = Some(evil.into());
        let reason = evil.to_owned();
        let path = TreePath::parse("pipe").unwrap();
        let left_out = vec![Refusal { path, reason, confirm: None }];
        let set = ChangeSet { changes: vec![change], left_out, truncated: false };
        let shown = usual(&set);
        assert_eq!(shown.matches("<U+001B>[2J<U+202E><U+000A>").count(), 4, "{shown}");
        assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{shown:?}");
        assert_eq!(shown.lines().count(), 5, "{shown}");
    }

    #[test]
    fn what_is_left_out_stands_below_the_changes() {
        let refusal = |number: usize| Refusal {
            path: TreePath::parse(&format!("pipe{number}")).unwrap(),
            reason: "it is a FIFO".into(),
            confirm: None,
        };
        let left_out = (1..=OMITTED_SHOWN + 2).map(refusal).collect();
        let mut set = ChangeSet { left_out, truncated: true, ..ChangeSet::default() };
        let shown = usual(&set);
        assert!(shown.starts_with("omitted pipe1: it is a FIFO (not kept)\n"), "{shown}");
        assert!(shown.contains("\n        and 2 more\nomitted the list ends"), "{shown}");
        let whole = change_set(&set, Paint::Plain, Detail::Everything);
        assert!(whole.contains("pipe22") && !whole.contains("more"), "{whole}");

        set.left_out.clear();
        set.truncated = false;
        assert_eq!(usual(&set), "");
    }
}
