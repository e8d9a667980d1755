// SPDX-License-Identifier: Apache-2.0
//! The prompt: a text with a gap.
//!
//! Names that a model has never seen it cannot use, so the declarations of files that were
//! worked on last stand before the text, as comments: they are the surest context and the
//! shortest. Source: the retrieval of declarations is that of "`RepoCoder`" (Zhang et al., 2023)
//! cut down to what a laptop can read in time.
//!
//! Invariant: what stands beside the gap is the text beside the cursor, to the byte; only far
//! ends are cut, at the beginning or end of a line.

use moat_base::TreePath;
use moat_index::{Language, Scope, outline};

use crate::limits::{Budget, DECLARATION_BYTES_MAX, DECLARATIONS_MAX, NEIGHBOURS_MAX};

/// A file that was worked on last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// Where it is.
    pub path: TreePath,
    /// What it holds.
    pub text: String,
}

/// A text with a gap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// What stands before the gap.
    pub prefix: String,
    /// What stands behind it.
    pub suffix: String,
}

/// Makes the prompt for a cursor in `path`.
#[must_use]
pub fn gap(
    path: &TreePath,
    (before, after): (&str, &str),
    neighbours: &[Neighbour],
    budget: Budget,
) -> Gap {
    let near = near_end(before, budget.before_bytes);
    let language = Language::of(path, before.as_bytes());
    let declared = language.map_or_else(String::new, |language| {
        declared(language, path, neighbours, budget.declared_bytes)
    });
    let suffix = near_begin(after, budget.after_bytes).to_owned();
    Gap { prefix: format!("{declared}{near}"), suffix }
}

/// The last lines of a text.
fn near_end(text: &str, most: usize) -> &str {
    if text.len() <= most {
        return text;
    }
    let from = text.ceil_char_boundary(text.len() - most);
    let rest = text.get(from..).unwrap_or_default();
    rest.split_once('\n').map_or(rest, |(_cut, lines)| lines)
}

/// The first lines of a text.
fn near_begin(text: &str, most: usize) -> &str {
    let end = text.floor_char_boundary(most);
    let part = text.get(..end).unwrap_or_default();
    if end == text.len() {
        return text;
    }
    part.rsplit_once('\n').map_or(part, |(lines, _cut)| lines)
}

/// The declarations of other files of the same language, as comments.
fn declared(language: Language, path: &TreePath, neighbours: &[Neighbour], most: usize) -> String {
    let mut shown = String::new();
    let of_language = neighbours.iter().filter(|it| {
        it.path != *path && Language::of(&it.path, it.text.as_bytes()) == Some(language)
    });
    for neighbour in of_language.take(NEIGHBOURS_MAX) {
        let lines = declarations(language, &neighbour.text);
        if lines.is_empty() {
            continue;
        }
        let mark = comment(language);
        let mut part = format!("{mark} {}\n", neighbour.path);
        for line in lines {
            part.push_str(&format!("{mark} {line}\n"));
        }
        if shown.len() + part.len() > most {
            break;
        }
        shown.push_str(&part);
    }
    shown
}

/// The heads of what a file declares.
fn declarations(language: Language, text: &str) -> Vec<String> {
    outline(language, text.as_bytes())
        .into_iter()
        .filter(|symbol| symbol.scope == Scope::Item)
        .map(|symbol| symbol.signature.trim_end_matches([' ', '{', ':']).to_owned())
        .filter(|head| !head.is_empty() && head.len() <= DECLARATION_BYTES_MAX)
        .take(DECLARATIONS_MAX)
        .collect()
}

/// How a line becomes a comment.
const fn comment(language: Language) -> &'static str {
    match language {
        Language::Python => "#",
        Language::Rust
        | Language::JavaScript
        | Language::TypeScript
        | Language::Tsx
        | Language::C => "//",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::limits::SMALL;

    fn path(text: &str) -> TreePath {
        TreePath::parse(text).unwrap()
    }

    #[test]
    fn declarations_of_files_worked_on_last_stand_before_the_text() {
        let neighbours = [
            Neighbour {
                path: path("shop/tax.py"),
                text: "RATE = 2\n\ndef net(gross):\n    return gross\n".into(),
            },
            Neighbour { path: path("shop/page.js"), text: "function no() {}\n".into() },
            Neighbour { path: path("shop/cart.py"), text: "def itself(): pass\n".into() },
        ];
        let gap = gap(&path("shop/cart.py"), ("import tax\n\ntax.", "\n"), &neighbours, SMALL);
        assert_eq!(gap.prefix, "# shop/tax.py\n# RATE = 2\n# def net(gross)\nimport tax\n\ntax.");
        assert_eq!(gap.suffix, "\n");
        let unknown = super::gap(&path("notes.txt"), ("a", "b"), &neighbours, SMALL);
        assert_eq!(unknown, Gap { prefix: "a".into(), suffix: "b".into() });
    }

    proptest! {
        #[test]
        fn what_is_beside_the_gap_is_what_is_beside_the_cursor(
            before in "([a-zäß世 ]{0,40}\n){0,200}[a-z世 ]{0,10}", after in "[a-z世 ]{0,10}(\n[a-zäß世 ]{0,40}){0,80}",
        ) {
            let gap = gap(&path("a.py"), (&before, &after), &[], SMALL);
            prop_assert!(before.ends_with(&gap.prefix) && after.starts_with(&gap.suffix));
            prop_assert!(gap.prefix.len() <= SMALL.before_bytes && gap.suffix.len() <= SMALL.after_bytes);
            let cut = before.len() - gap.prefix.len();
            prop_assert!(cut == 0 || before.as_bytes()[cut - 1] == b'\n');
        }
    }
}
