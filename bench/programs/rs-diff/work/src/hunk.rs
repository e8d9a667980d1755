//! Prints the changes in hunks, with some unchanged lines around them.

use crate::{diff, Change};

/// Whether a change is near enough to a changed line to be printed.
fn printed(changes: &[Change<'_>], position: usize, context: usize) -> bool {
    let first = position.saturating_sub(context);
    let last = (position + context).min(changes.len() - 1);
    changes[first..=last].iter().any(|change| !matches!(change, Change::Same(_)))
}

/// The difference as text: each hunk starts with the numbers of its first
/// lines, `@@ -old +new @@`. Equal texts give an empty text.
pub fn unified(old: &str, new: &str, context: usize) -> String {
    let changes = diff(old, new);
    let mut out = String::new();
    let (mut old_line, mut new_line) = (1, 1);
    let mut inside = false;
    for (position, change) in changes.iter().enumerate() {
        if printed(&changes, position, context) {
            if !inside {
                out.push_str(&format!("@@ -{old_line} +{new_line} @@\n"));
                inside = true;
            }
            out.push_str(&match change {
                Change::Same(line) => format!(" {line}\n"),
                Change::Removed(line) => format!("-{line}\n"),
                Change::Added(line) => format!("+{line}\n"),
            });
        } else {
            inside = false;
        }
        if !matches!(change, Change::Added(_)) {
            old_line += 1;
        }
        if !matches!(change, Change::Removed(_)) {
            new_line += 1;
        }
    }
    out
}
