// SPDX-License-Identifier: Apache-2.0
//! The prompt: a text with a gap.
//!
//! Names that a model has never seen it cannot use, so declarations stand before the text, as
//! comments: they are the surest context and the shortest. They come from files that were worked
//! on last, those first that the text names, and from the part of the file itself that is too
//! far away to be shown. Source: the retrieval of declarations is that of "`RepoCoder`" (Zhang
//! et al., 2023) cut down to what a laptop can read in time.
//!
//! The prompt is made to begin as the one before it began: a model on a few cores reads only
//! what is new (docs/models.md). So nothing in it depends on the last letters that were typed
//! but its end.
//!
//! Invariant: what stands beside the gap is the text beside the cursor, to the byte; only far
//! ends are cut, at the beginning or end of a line.

use moat_base::TreePath;
use moat_index::{Language, Scope, outline};

use crate::limits::{
    Budget, DECLARATION_BYTES_MAX, DECLARATIONS_MAX, NEIGHBOUR_BYTES_MAX, NEIGHBOURS_MAX, STEPS,
};

/// What a file that was worked on last declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbour {
    path: TreePath,
    family: Family,
    declared: Vec<String>,
}

/// Languages that can use each other's declarations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Python,
    Rust,
    Script,
    C,
}

/// A text with a gap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// What stands before the gap.
    pub prefix: String,
    /// What stands behind it.
    pub suffix: String,
}

impl Neighbour {
    /// Reads the declarations of a file; nothing where its language is not known.
    #[must_use]
    pub fn of(path: &TreePath, text: &str) -> Option<Self> {
        if text.len() > NEIGHBOUR_BYTES_MAX {
            return None;
        }
        let language = Language::of(path, text.as_bytes())?;
        let declared = declarations(language, text);
        (!declared.is_empty()).then(|| Self {
            path: path.clone(),
            family: Family::of(language),
            declared,
        })
    }
}

impl Family {
    const fn of(language: Language) -> Self {
        match language {
            Language::Python => Self::Python,
            Language::Rust => Self::Rust,
            Language::JavaScript | Language::TypeScript | Language::Tsx => Self::Script,
            Language::C => Self::C,
        }
    }

    /// How a line becomes a comment.
    const fn comment(self) -> &'static str {
        match self {
            Self::Python => "#",
            Self::Rust | Self::Script | Self::C => "//",
        }
    }
}

/// Makes the prompt for a cursor in `path`.
#[must_use]
pub fn gap(
    path: &TreePath,
    (before, after): (&str, &str),
    neighbours: &[Neighbour],
    budget: Budget,
) -> Gap {
    let (far, near) = split(before, budget.before_bytes);
    let declared = Language::of(path, before.as_bytes()).map_or_else(String::new, |language| {
        let own = Neighbour {
            path: path.clone(),
            family: Family::of(language),
            declared: declarations(language, far),
        };
        let mut shown = Shown { comment: own.family.comment(), text: String::new(), budget };
        for neighbour in ranked(&own, (before, after), neighbours) {
            shown.add(neighbour);
        }
        shown.add(&own);
        shown.text
    });
    let suffix = near_begin(after, budget.after_bytes).to_owned();
    Gap { prefix: format!("{declared}{near}"), suffix }
}

/// The far and the near part of a text. Where the near one begins moves in steps.
fn split(text: &str, most: usize) -> (&str, &str) {
    if text.len() <= most {
        return ("", text);
    }
    let step = (most / STEPS).max(1);
    let from = text.ceil_char_boundary((text.len() - most).div_ceil(step) * step);
    let rest = text.get(from..).unwrap_or_default();
    let near = rest.split_once('\n').map_or(rest, |(_cut, lines)| lines);
    text.split_at(text.len() - near.len())
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

/// The files whose declarations can be used: first those that the text names, then those beside
/// it, then the others, each as they were worked on.
fn ranked<'a>(
    own: &Neighbour,
    (before, after): (&str, &str),
    neighbours: &'a [Neighbour],
) -> Vec<&'a Neighbour> {
    // The line of the cursor does not count: it changes with each letter.
    let above = before.rsplit_once('\n').map_or("", |(lines, _line)| lines);
    let of_family = |it: &&Neighbour| it.path != own.path && it.family == own.family;
    let mut ranked: Vec<&Neighbour> = neighbours.iter().filter(of_family).collect();
    ranked.sort_by_key(|it| {
        let stem = stem(&it.path);
        let named = names(above, &stem) || names(after, &stem);
        (!named, it.path.parent() != own.path.parent())
    });
    ranked.truncate(NEIGHBOURS_MAX);
    ranked
}

/// A file's name without its ending.
fn stem(path: &TreePath) -> String {
    let name = String::from_utf8_lossy(path.file_name().unwrap_or_default()).into_owned();
    name.split('.').next().unwrap_or_default().to_owned()
}

/// Whether a text has this word.
fn names(text: &str, word: &str) -> bool {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    !word.is_empty()
        && text.match_indices(word).any(|(at, _)| {
            let before = text.get(..at).and_then(|it| it.chars().next_back());
            let after = text.get(at + word.len()..).and_then(|it| it.chars().next());
            !before.is_some_and(part_of_word) && !after.is_some_and(part_of_word)
        })
}

/// Declarations as comments, as many as there is room for.
struct Shown {
    comment: &'static str,
    text: String,
    budget: Budget,
}

impl Shown {
    fn add(&mut self, neighbour: &Neighbour) {
        let mut title = format!("{} {}\n", self.comment, neighbour.path);
        for line in &neighbour.declared {
            let line = format!("{} {line}\n", self.comment);
            if self.text.len() + title.len() + line.len() > self.budget.declared_bytes {
                return;
            }
            self.text.push_str(&std::mem::take(&mut title));
            self.text.push_str(&line);
        }
    }
}

/// The heads of what a file declares.
fn declarations(language: Language, text: &str) -> Vec<String> {
    if text.is_empty() {
        return Vec::new();
    }
    outline(language, text.as_bytes())
        .into_iter()
        .filter(|symbol| symbol.scope == Scope::Item)
        .map(|symbol| symbol.signature.trim_end_matches([' ', '{', ':']).to_owned())
        .filter(|head| !head.is_empty() && head.len() <= DECLARATION_BYTES_MAX)
        .take(DECLARATIONS_MAX)
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::limits::SMALL;

    fn path(text: &str) -> TreePath {
        TreePath::parse(text).unwrap()
    }

    fn neighbour(name: &str, text: &str) -> Neighbour {
        Neighbour::of(&path(name), text).unwrap()
    }

    #[test]
    fn declarations_of_files_worked_on_last_stand_before_the_text() {
        let neighbours = [
            neighbour("shop/tax.py", "RATE = 2\n\ndef net(gross):\n    return gross\n"),
            neighbour("shop/page.js", "function no() {}\n"),
            neighbour("shop/cart.py", "def itself(): pass\n"),
        ];
        let gap = gap(&path("shop/cart.py"), ("import tax\n\ntax.", "\n"), &neighbours, SMALL);
        assert_eq!(gap.prefix, "# shop/tax.py\n# RATE = 2\n# def net(gross)\nimport tax\n\ntax.");
        assert_eq!(gap.suffix, "\n");
        let unknown = super::gap(&path("notes.txt"), ("a", "b"), &neighbours, SMALL);
        assert_eq!(unknown, Gap { prefix: "a".into(), suffix: "b".into() });
    }

    #[test]
    fn files_that_are_named_come_first_then_those_beside_it() {
        let neighbours = [
            neighbour("other/late.ts", "export function late() {}\n"),
            neighbour("src/beside.tsx", "export function beside() {}\n"),
            neighbour("lib/named.js", "export function named() {}\n"),
        ];
        let text = "import { named } from \"../lib/named.js\";\n\nlate";
        let gap = gap(&path("src/app.ts"), (text, ""), &neighbours, SMALL);
        let titles: Vec<&str> =
            gap.prefix.lines().filter_map(|line| line.strip_prefix("// ")).step_by(2).collect();
        assert_eq!(titles, ["lib/named.js", "src/beside.tsx", "other/late.ts"]);
    }

    #[test]
    fn what_has_no_room_is_left_out_line_by_line() {
        let many: String =
            (0..30).map(|n| format!("def function_{n}(a, b):\n    pass\n")).collect();
        let gap = gap(&path("a.py"), ("x = ", ""), &[neighbour("b.py", &many)], SMALL);
        let shown = gap.prefix.strip_suffix("x = ").unwrap();
        assert!(shown.starts_with("# b.py\n# def function_0(a, b)\n"), "{shown}");
        assert!(shown.len() <= SMALL.declared_bytes && shown.len() > SMALL.declared_bytes / 2);
    }

    #[test]
    fn the_far_part_of_the_file_is_told_by_its_declarations() {
        let far = "def far(one, two):\n    return one\n\n";
        let before = format!("{far}{}", "call(1)  # and so on\n".repeat(100));
        let gap = gap(&path("a.py"), (&before, ""), &[], SMALL);
        assert!(gap.prefix.starts_with("# a.py\n# def far(one, two)\ncall(1)"), "{}", gap.prefix);
    }

    #[test]
    fn the_beginning_stays_while_somebody_types() {
        let text = "compute(a, b) + 1\n".repeat(200);
        let beginning = |length: usize| {
            let before = text.get(..length).unwrap();
            let gap = gap(&path("a.py"), (before, ""), &[], SMALL);
            before.len() - gap.prefix.len()
        };
        let beginnings: Vec<usize> = (3000..3200).map(beginning).collect();
        let changes = beginnings.windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert!(changes <= 1, "{changes} in 200 letters");
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
