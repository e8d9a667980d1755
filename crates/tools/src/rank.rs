// SPDX-License-Identifier: Apache-2.0
//! Measures how much a repair changes, so that the smallest is tried first.
//!
//! Of several repairs that pass the same tests the one that changes least is the
//! least likely to be fitted to the tests alone.

use std::collections::{HashMap, HashSet};

use moat_index::{Language, imports, node_count, outline};

/// One file of a repair.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// The language, if it is parsed.
    pub language: Option<Language>,
    /// The file before.
    pub before: &'a [u8],
    /// The file after.
    pub after: &'a [u8],
}

/// How much a repair changes; the derived order puts the better repair first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cost {
    /// Functions whose signature changed or that disappeared.
    pub signatures: usize,
    /// Names that are newly imported.
    pub imports: usize,
    /// Lines removed and added.
    pub lines: usize,
    /// Difference in syntax nodes.
    pub nodes: usize,
}

/// Measures a repair.
#[must_use]
pub fn cost(changes: &[Change<'_>]) -> Cost {
    let mut total = Cost::default();
    for change in changes {
        total.lines += changed_lines(change.before, change.after);
        let Some(language) = change.language else { continue };
        let heads = |source: &[u8]| -> HashMap<String, String> {
            outline(language, source)
                .into_iter()
                .filter(|symbol| symbol.kind.is_function())
                .map(|symbol| (symbol.qualified, symbol.signature.split_whitespace().collect()))
                .collect()
        };
        let after = heads(change.after);
        total.signatures += heads(change.before)
            .iter()
            .filter(|(name, head)| after.get(*name) != Some(*head))
            .count();
        let names = |source: &[u8]| -> HashSet<String> {
            imports(language, source)
                .into_iter()
                .flat_map(|import| {
                    let module = import.module;
                    let mut names: Vec<String> = import
                        .bindings
                        .iter()
                        .map(|binding| format!("{module} {}", binding.name))
                        .collect();
                    if names.is_empty() {
                        names.push(module);
                    }
                    names
                })
                .collect()
        };
        total.imports += names(change.after).difference(&names(change.before)).count();
        total.nodes +=
            node_count(language, change.before).abs_diff(node_count(language, change.after));
    }
    total
}

/// Counts removed and added lines, blank ones and white space at the ends left out.
///
/// Lines that both sides share at the start and the end are taken off first; between
/// them the longest common subsequence decides while it is affordable.
fn changed_lines(before: &[u8], after: &[u8]) -> usize {
    let lines = |bytes: &[u8]| -> Vec<String> {
        String::from_utf8_lossy(bytes)
            .lines()
            .map(|line| line.trim_end().to_owned())
            .filter(|line| !line.is_empty())
            .collect()
    };
    let (old, new) = (lines(before), lines(after));
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (old, new) = (old.get(head..).unwrap_or_default(), new.get(head..).unwrap_or_default());
    let tail = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    let old = old.get(..old.len() - tail).unwrap_or_default();
    let new = new.get(..new.len() - tail).unwrap_or_default();
    if old.len().saturating_mul(new.len()) > LINE_PAIRS_MAX {
        return old.len() + new.len();
    }
    let mut row = vec![0_usize; new.len() + 1];
    for line in old {
        let mut diagonal = 0;
        for (at, other) in new.iter().enumerate() {
            let above = row.get(at + 1).copied().unwrap_or(0);
            let left = row.get(at).copied().unwrap_or(0);
            let best = if line == other { diagonal + 1 } else { above.max(left) };
            diagonal = above;
            if let Some(cell) = row.get_mut(at + 1) {
                *cell = best;
            }
        }
    }
    let common = row.last().copied().unwrap_or(0);
    old.len() + new.len() - 2 * common
}

/// The most pairs of lines that are compared.
const LINE_PAIRS_MAX: usize = 4_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn of(before: &str, after: &str) -> Cost {
        cost(&[Change {
            language: Some(Language::Python),
            before: before.as_bytes(),
            after: after.as_bytes(),
        }])
    }

    #[test]
    fn lines_are_counted_as_a_diff_does() {
        for (before, after, expect) in [
            ("a\nb\nc\n", "a\nb\nc\n", 0),
            ("a\nb\nc\n", "a\nx\nc\n", 2),
            ("a\nb\nc\n", "a\nc\n", 1),
            ("a\nb\nc\nd\n", "a\nc\nb\nd\n", 2),
            ("a \n\nb\n", "a\nb\n", 0),
        ] {
            assert_eq!(
                changed_lines(before.as_bytes(), after.as_bytes()),
                expect,
                "{before} {after}"
            );
        }
    }

    #[test]
    fn the_smaller_repair_comes_first() {
        let before = "import os\n\ndef f(a, b):\n    return a - b\n";
        let small = of(before, "import os\n\ndef f(a, b):\n    return a + b\n");
        let long = of(
            before,
            "import os\n\ndef f(a, b):\n    total = a\n    total += b\n    return total\n",
        );
        let import = of(
            before,
            "import os\nimport operator\n\ndef f(a, b):\n    return operator.add(a, b)\n",
        );
        let signature = of(before, "import os\n\ndef f(a, b=0):\n    return a + b\n");
        let mut order = vec![signature, import, long, small];
        order.sort();
        assert_eq!(order, [small, long, import, signature]);
        assert_eq!((small.lines, small.signatures, small.imports), (2, 0, 0));
    }
}
