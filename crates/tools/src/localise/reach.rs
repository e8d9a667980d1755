// SPDX-License-Identifier: Apache-2.0
//! Which functions a test reaches, by following calls in the source.
//!
//! What failing tests reach and passing ones do not is more suspect than what both
//! reach. With the calls of the source in the place of a run's trace this is
//! spectrum-based fault localisation with the Ochiai coefficient (Abreu, Zoeteweij
//! and van Gemund, "On the Accuracy of Spectrum-based Fault Localization", 2007).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use moat_base::TreePath;
use moat_index::{Corpus, Scope, Source, Symbol, SymbolKind, calls, words};

use super::resolve::{Allowance, Meaning, resolve};
use super::subject::{Subject, is_test_path};
use crate::limits::{CALL_DEPTH_MAX, CALL_VISITS_MAX};

/// A symbol of the tree: its file and where it begins.
pub(super) type Key = (TreePath, usize);

/// A symbol that a test reaches, in so many calls.
#[derive(Clone, Debug)]
pub(super) struct Reached {
    pub(super) meaning: Meaning,
    pub(super) depth: usize,
}

/// Follows calls, each function's at most once.
#[derive(Debug)]
pub(super) struct Reach<'c, 't> {
    corpus: &'c Corpus<'t>,
    pub(super) allowance: Allowance,
    edges: HashMap<Key, Arc<Vec<Meaning>>>,
}

impl<'c, 't> Reach<'c, 't> {
    pub(super) fn new(corpus: &'c Corpus<'t>, lookups: usize) -> Self {
        Self { corpus, allowance: Allowance(lookups), edges: HashMap::new() }
    }

    /// Lists what a test reaches, nearest first. Helpers among the tests cost no depth.
    pub(super) fn of(&mut self, subject: &Subject) -> Vec<Reached> {
        let mut reached: Vec<Reached> = Vec::new();
        let mut seen: HashSet<Key> = HashSet::new();
        let mut level = self.edges_of(&subject.source, subject.range.clone());
        for depth in 1..=CALL_DEPTH_MAX {
            let mut next: Vec<Meaning> = Vec::new();
            let mut pending: Vec<Meaning> = level.to_vec();
            pending.reverse();
            while let Some(meaning) = pending.pop() {
                let Some(symbol) = meaning.symbol().cloned() else { continue };
                let key = (meaning.source.path.clone(), symbol.range.start);
                if reached.len() >= CALL_VISITS_MAX || !seen.insert(key) {
                    continue;
                }
                let below = if symbol.kind.is_function() {
                    self.edges_of(&meaning.source, symbol.range.clone())
                } else {
                    Arc::default()
                };
                if is_test(&meaning.source, &symbol) {
                    pending.extend(below.iter().rev().cloned());
                } else {
                    next.extend(below.iter().cloned());
                    reached.push(Reached { meaning, depth });
                }
            }
            level = Arc::new(next);
        }
        reached
    }

    fn edges_of(
        &mut self,
        source: &Arc<Source>,
        range: std::ops::Range<usize>,
    ) -> Arc<Vec<Meaning>> {
        let key = (source.path.clone(), range.start);
        if let Some(edges) = self.edges.get(&key) {
            return Arc::clone(edges);
        }
        let mut edges = Vec::new();
        if let Some(language) = source.language {
            for name in calls(language, &source.bytes, range.clone()) {
                edges.extend(resolve(self.corpus, source, &name, &mut self.allowance));
            }
            let used: HashSet<String> =
                words(language, &source.bytes, range.clone()).into_iter().collect();
            // A property is called without parentheses, and a constant can be wrong too.
            for (index, symbol) in source.symbols.iter().enumerate() {
                let is_used = used.contains(&symbol.name) && symbol.range.start != range.start;
                let is_property = symbol.kind == SymbolKind::Method
                    && source
                        .bytes
                        .get(symbol.range.start..symbol.item.start)
                        .is_some_and(|lead| lead.starts_with(b"@"));
                if is_used && symbol.scope == Scope::Item && (is_constant(symbol) || is_property) {
                    edges.push(Meaning { source: Arc::clone(source), index });
                }
            }
        }
        let edges = Arc::new(edges);
        self.edges.insert(key, Arc::clone(&edges));
        edges
    }
}

pub(super) fn is_constant(symbol: &Symbol) -> bool {
    matches!(symbol.kind, SymbolKind::Constant | SymbolKind::Macro)
}

pub(super) fn is_test(source: &Source, symbol: &Symbol) -> bool {
    symbol.scope == Scope::Test || is_test_path(&source.path)
}

/// How suspect a function is that tests reach: failing ones weighed by nearness, passing ones counted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spectrum {
    /// The failing tests that reach it, each less for every call between.
    pub(super) failing: f64,
    /// The passing tests that reach it.
    pub(super) passing: f64,
}

impl Spectrum {
    /// The Ochiai coefficient, from 0 to 1.
    pub(super) fn suspicion(self, failing_all: f64) -> f64 {
        let product = failing_all * (self.failing + self.passing);
        if product <= 0.0 { 0.0 } else { self.failing / product.sqrt() }
    }
}

/// What a failing test counts at a depth.
pub(super) fn nearness(depth: usize) -> f64 {
    (1..depth).fold(1.0, |weight, _| weight * DECAY)
}

/// What each further call takes off the weight of a failing test.
const DECAY: f64 = 0.92;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passing_tests_reach_is_less_suspect() {
        let of = |failing: f64, passing: f64| Spectrum { failing, passing }.suspicion(2.0);
        assert!(of(2.0, 0.0) > of(2.0, 1.0));
        assert!(of(2.0, 1.0) > of(1.0, 1.0));
        assert!(of(0.0, 3.0) < f64::EPSILON);
        assert!((of(2.0, 0.0) - 1.0).abs() < 1e-9);
        assert!(nearness(1) > nearness(2));
    }
}
