// SPDX-License-Identifier: Apache-2.0
//! Which surfaces a path is, or leads to.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::catalogue::catalogue;
use crate::short::Short;
use crate::surface::Surface;

/// How a path stands to a surface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fit {
    /// It is a directory above it.
    Above,
    /// It is it.
    Whole,
}

#[derive(Debug)]
struct Pattern {
    surface: &'static Surface,
    names: Vec<&'static str>,
    /// Whether it counts from the root alone.
    is_rooted: bool,
}

/// The patterns of the catalogue by the name that they begin with.
#[derive(Debug, Default)]
struct Index {
    literal: HashMap<&'static str, Vec<Pattern>>,
    glob: Vec<Pattern>,
    /// Those of one name, which fit the last name of a path alone.
    last: Vec<Pattern>,
}

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let mut index = Index::default();
    for surface in catalogue() {
        for pattern in surface.patterns {
            let names: Vec<&str> = pattern.trim_start_matches('/').split('/').collect();
            let Some(first) = names.first().copied() else { continue };
            let pattern = Pattern { surface, names, is_rooted: pattern.starts_with('/') };
            if first.contains('*') && pattern.names.len() == 1 {
                index.last.push(pattern);
            } else if first.contains('*') {
                index.glob.push(pattern);
            } else {
                index.literal.entry(first).or_default().push(pattern);
            }
        }
    }
    index
});

/// The surfaces that a path of folded names is or leads to, each once, in the catalogue's
/// order of first letters.
pub(crate) fn surfaces(names: &[String]) -> Vec<(&'static Surface, Fit)> {
    let mut found: Vec<(&'static Surface, Fit)> = Vec::new();
    let mut add = |pattern: &Pattern, start: usize, rest: &[String]| {
        if pattern.is_rooted && start > 0 {
            return;
        }
        let Some(fit) = fit(&pattern.names, rest) else { return };
        match found.iter_mut().find(|(surface, _)| std::ptr::eq(*surface, pattern.surface)) {
            Some((_, known)) => *known = fit.max(*known),
            None => found.push((pattern.surface, fit)),
        }
    };
    for (start, name) in names.iter().enumerate() {
        let rest = names.get(start..).unwrap_or_default();
        if Short::read(name).is_some() {
            // It may stand for any name with such a beginning.
            INDEX.literal.values().flatten().for_each(|pattern| add(pattern, start, rest));
        } else if let Some(patterns) = INDEX.literal.get(name.as_str()) {
            patterns.iter().for_each(|pattern| add(pattern, start, rest));
        }
        INDEX.glob.iter().for_each(|pattern| add(pattern, start, rest));
        if rest.len() == 1 {
            INDEX.last.iter().for_each(|pattern| add(pattern, start, rest));
        }
    }
    found
}

/// How names stand to a pattern that begins at the first of them.
fn fit(pattern: &[&str], names: &[String]) -> Option<Fit> {
    match (pattern.split_first(), names.split_first()) {
        (None, None) => Some(Fit::Whole),
        (None, Some(_)) => None,
        (Some(_), None) => Some(Fit::Above),
        (Some((&"**", [])), Some(_)) => Some(Fit::Whole),
        (Some((&"**", after)), Some((_, rest))) => fit(after, names).max(fit(pattern, rest)),
        (Some((first, after)), Some((name, rest))) => {
            if is_name(first, name) {
                fit(after, rest)
            } else {
                None
            }
        }
    }
}

/// Whether a folded name is the one that a pattern means; a pattern has at most one `*`.
fn is_name(pattern: &str, name: &str) -> bool {
    let is_plain = match pattern.split_once('*') {
        None => pattern == name,
        Some((start, end)) => {
            name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
        }
    };
    is_plain || Short::read(name).is_some_and(|short| short.may_be(pattern))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_patterns_as_documented() {
        let cases = [
            (".idea/**", ".idea/a/b", Some(Fit::Whole)),
            (".idea/**", ".idea", Some(Fit::Above)),
            (".d/**/c.json", ".d/c.json", Some(Fit::Whole)),
            (".d/**/c.json", ".d/x/y/c.json", Some(Fit::Whole)),
            (".d/**/c.json", ".d/x", Some(Fit::Above)),
            ("a/b", "a/b/c", None),
            ("a/b", "a/c", None),
            ("*.sln", "x.sln", Some(Fit::Whole)),
            (".env.*", ".env.", None),
            (".env.*", ".env.local", Some(Fit::Whole)),
            ("tasks.json", "tasks~1.jso", Some(Fit::Whole)),
        ];
        for (pattern, path, expected) in cases {
            let pattern: Vec<&str> = pattern.split('/').collect();
            let names = crate::fold::fold_path(path.as_bytes());
            assert_eq!(fit(&pattern, &names), expected, "{pattern:?} {path}");
        }
    }
}
