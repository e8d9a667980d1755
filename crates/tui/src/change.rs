// SPDX-License-Identifier: Apache-2.0
//! Change sets and their hunks.

use std::fmt::Write as _;

use moat_base::visible;
use moat_protocol::{Change, ChangeClass, ChangeKind};

use crate::{Detail, Paint, Tone, count};

/// Shows a change set: one line per path, with hunks unless only the usual is asked for.
#[must_use]
pub fn change_set(changes: &[Change], paint: Paint, detail: Detail) -> String {
    let mut shown = String::new();
    let edits = changes.iter().filter(|change| change.class == ChangeClass::Edit);
    for change in edits {
        path_line(&mut shown, change, paint);
        for hunk in &change.hunks {
            hunk_lines(&mut shown, &hunk.text, hunk.number, paint);
        }
    }
    let others = changes.iter().filter(|change| change.class != ChangeClass::Edit);
    match detail {
        Detail::Everything => others.for_each(|change| path_line(&mut shown, change, paint)),
        Detail::Usual => {
            let number = others.count() as u64;
            if number > 0 {
                let text = format!(
                    "        and {} that the repository ignores, or inside `.git`; not kept by default\n",
                    count(number, "path")
                );
                shown.push_str(&paint.paint(Tone::Faint, &text));
            }
        }
    }
    shown
}

fn path_line(shown: &mut String, change: &Change, paint: Paint) {
    let (mark, tone) = match change.kind {
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
        let _infallible =
            writeln!(shown, "        {}", paint.paint(Tone::Bad, &format!("conflict: {conflict}")));
    }
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
