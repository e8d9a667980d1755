// SPDX-License-Identifier: Apache-2.0
//! Finds words, definitions and references in a tree.
//!
//! Files are scanned as bytes first; only those that hold the name are parsed.

use std::ops::Range;
use std::sync::Arc;

use memchr::memmem::Finder;
use moat_base::TreePath;

use crate::limits::{SEARCH_HITS_MAX, SEARCH_HITS_PER_FILE_MAX};
use crate::syntax::{Step, excerpt, parse, text, visit};
use crate::{Corpus, Language, Source};

/// A line that a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The file.
    pub path: TreePath,
    /// The line, counted from 1.
    pub line: usize,
    /// The line's text, shortened.
    pub text: String,
    /// How well it fits; higher is better.
    pub score: u32,
}

/// A symbol, or a use of a name, in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub path: TreePath,
    /// The symbol: the one that was found, or the one that encloses the use; empty for none.
    pub qualified: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The bytes of the symbol, or of the use.
    pub range: Range<usize>,
}

/// Finds the lines that hold most of the terms; a term that few files hold weighs more.
#[must_use]
pub fn search(corpus: &Corpus<'_>, terms: &[&str]) -> Vec<Hit> {
    let finders: Vec<(Finder<'_>, &[u8])> = terms
        .iter()
        .filter(|term| !term.is_empty())
        .map(|term| (Finder::new(term), term.as_bytes()))
        .collect();
    let mut files_of_term = vec![0_u32; finders.len()];
    let look = |path: &TreePath, bytes: &[u8]| {
        let lines = lines_with(bytes, &finders, &mut files_of_term);
        (!lines.is_empty()).then(|| (path.clone(), lines))
    };
    let found: Vec<(TreePath, Vec<Matched>)> = corpus.look(|_any| true, look).collect();
    let weight = |term: usize| {
        let files = files_of_term.get(term).copied().unwrap_or(1).max(1);
        TERM_WEIGHT / files.min(TERM_WEIGHT) + 1
    };
    let mut hits: Vec<Hit> = found
        .into_iter()
        .flat_map(|(path, lines)| lines.into_iter().map(move |matched| (path.clone(), matched)))
        .map(|(path, matched)| Hit {
            path,
            line: matched.line,
            score: matched
                .terms
                .iter()
                .map(|(term, whole)| weight(*term) * (1 + u32::from(*whole)))
                .sum(),
            text: matched.text,
        })
        .collect();
    hits.sort_by(|a, b| {
        b.score.cmp(&a.score).then_with(|| a.path.cmp(&b.path)).then_with(|| a.line.cmp(&b.line))
    });
    hits.truncate(SEARCH_HITS_MAX);
    hits
}

/// Finds the symbols whose name, or qualified name, is `name`.
#[must_use]
pub fn definitions(corpus: &Corpus<'_>, name: &str) -> Vec<Place> {
    let last = name.rsplit(['.', ':']).next().unwrap_or(name);
    let mut places = Vec::new();
    for source in sources_with(corpus, last) {
        for symbol in &source.symbols {
            if symbol.name == name || symbol.qualified == name {
                places.push(Place {
                    path: source.path.clone(),
                    qualified: symbol.qualified.clone(),
                    line: symbol.line,
                    range: symbol.range.clone(),
                });
            }
        }
        if places.len() >= SEARCH_HITS_MAX {
            break;
        }
    }
    places
}

/// Finds the places where the identifier `name` is used, its definitions left out.
#[must_use]
pub fn references(corpus: &Corpus<'_>, name: &str) -> Vec<Place> {
    let mut places = Vec::new();
    for source in sources_with(corpus, name) {
        let Some(tree) = source.language.and_then(|language| parse(language, &source.bytes)) else {
            continue;
        };
        visit(tree.root_node(), |node| {
            if places.len() < SEARCH_HITS_MAX
                && node.child_count() == 0
                && node.kind().ends_with("identifier")
                && text(node, &source.bytes) == name
                && !is_defined_at(&source, node.start_byte(), name)
            {
                let line = node.start_position().row + 1;
                let around = crate::enclosing(&source.symbols, &source.bytes, line);
                places.push(Place {
                    path: source.path.clone(),
                    qualified: around.map_or_else(String::new, |symbol| symbol.qualified.clone()),
                    line,
                    range: node.byte_range(),
                });
            }
            Step::Into
        });
    }
    places
}

struct Matched {
    line: usize,
    text: String,
    terms: Vec<(usize, bool)>,
}

fn lines_with(bytes: &[u8], finders: &[(Finder<'_>, &[u8])], files: &mut [u32]) -> Vec<Matched> {
    let present: Vec<usize> = finders
        .iter()
        .enumerate()
        .filter(|(_, (finder, _))| finder.find(bytes).is_some())
        .map(|(index, _)| index)
        .collect();
    for index in &present {
        if let Some(count) = files.get_mut(*index) {
            *count += 1;
        }
    }
    if present.is_empty() {
        return Vec::new();
    }
    let mut lines = Vec::new();
    for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let terms: Vec<(usize, bool)> = present
            .iter()
            .filter_map(|index| {
                let (finder, term) = finders.get(*index)?;
                let at = finder.find(line)?;
                Some((*index, is_whole(line, at, term.len())))
            })
            .collect();
        if !terms.is_empty() {
            lines.push(Matched {
                line: number + 1,
                text: excerpt(&String::from_utf8_lossy(line)),
                terms,
            });
        }
    }
    lines.sort_by_key(|matched| std::cmp::Reverse(matched.terms.len()));
    lines.truncate(SEARCH_HITS_PER_FILE_MAX);
    lines
}

fn is_whole(line: &[u8], at: usize, length: usize) -> bool {
    let is_word =
        |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let before = at.checked_sub(1).and_then(|at| line.get(at));
    !is_word(before) && !is_word(line.get(at + length))
}

fn sources_with<'c>(corpus: &'c Corpus<'_>, name: &str) -> impl Iterator<Item = Arc<Source>> + 'c {
    let finder = (!name.is_empty()).then(|| Finder::new(name).into_owned());
    let is_source = |path: &TreePath| Language::of(path, b"").is_some();
    let holds =
        move |path: &TreePath, bytes: &[u8]| finder.as_ref()?.find(bytes).map(|_at| path.clone());
    corpus.look(is_source, holds).filter_map(|path| corpus.source(&path))
}

fn is_defined_at(source: &Source, byte: usize, name: &str) -> bool {
    source.symbols.iter().any(|symbol| {
        let head = symbol.body.as_ref().map_or(symbol.item.end, |body| body.start);
        symbol.name == name && (symbol.item.start..head).contains(&byte)
    })
}

/// The weight of a term that one file alone holds.
const TERM_WEIGHT: u32 = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::tests::MapTree;

    fn tree() -> MapTree {
        MapTree::of(&[
            (
                "src/cart.py",
                "class Cart:\n    def total(self):\n        return apply_tax(self.sum)\n",
            ),
            ("src/tax.py", "RATE = 1\n\ndef apply_tax(x):\n    return x * RATE\n"),
            ("README.md", "The total of the cart.\napply_tax is documented here.\n"),
        ])
    }

    #[test]
    fn rare_terms_and_whole_words_come_first() {
        let tree = tree();
        let corpus = Corpus::new(&tree);
        let hits = search(&corpus, &["RATE", "total"]);
        assert_eq!((hits[0].path.to_string().as_str(), hits[0].line), ("src/tax.py", 1));
        assert!(search(&corpus, &["nowhere"]).is_empty());
        assert!(search(&corpus, &[""]).is_empty());
    }

    #[test]
    fn definitions_and_references_are_told_apart() {
        let tree = tree();
        let corpus = Corpus::new(&tree);
        let found = definitions(&corpus, "apply_tax");
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].path.to_string().as_str(), found[0].line), ("src/tax.py", 3));
        assert_eq!(definitions(&corpus, "Cart.total")[0].line, 2);
        let used = references(&corpus, "apply_tax");
        assert_eq!(used.len(), 1);
        assert_eq!(used[0].qualified, "Cart.total");
    }
}
