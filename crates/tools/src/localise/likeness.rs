// SPDX-License-Identifier: Apache-2.0
//! How much the words of a function are like the words of a task and its failures.
//!
//! Identifiers are split into their words, endings are cut off roughly, and a word
//! that few functions hold counts more (inverse document frequency, Spärck Jones 1972).

use std::collections::{HashMap, HashSet};

/// What one text has in common with the query.
#[derive(Clone, Debug, Default)]
pub(super) struct Likeness {
    /// From 0, nothing in common, to 1, most in common of all texts.
    pub(super) degree: f64,
    /// The words in common, rarest first.
    pub(super) words: Vec<String>,
}

/// Compares texts with a weighted query.
pub(super) fn compare(query: &[(&str, f64)], texts: &[String]) -> Vec<Likeness> {
    let mut wanted: HashMap<String, f64> = HashMap::new();
    for (text, weight) in query {
        for word in stems(text) {
            let entry = wanted.entry(word).or_insert(0.0);
            *entry = entry.max(*weight);
        }
    }
    let documents: Vec<HashSet<String>> = texts.iter().map(|text| stems(text)).collect();
    let count = |word: &str| documents.iter().filter(|words| words.contains(word)).count();
    let mut all = Vec::new();
    for words in &documents {
        let mut common: Vec<(f64, String)> = words
            .iter()
            .filter_map(|word| {
                let weight = wanted.get(word)?;
                let rarity = ratio(documents.len() + 1, count(word) + 1).ln();
                Some((weight * rarity, word.clone()))
            })
            .filter(|(weight, _)| *weight > 0.0)
            .collect();
        common.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        // A long function holds many words by chance.
        let length = ratio(words.len() + LENGTH_BIAS, LENGTH_BIAS).sqrt();
        let degree = common.iter().map(|(weight, _)| weight).sum::<f64>() / length;
        all.push(Likeness {
            degree,
            words: common.into_iter().map(|(_, word)| word).take(WORDS_SHOWN).collect(),
        });
    }
    let most = all.iter().map(|likeness| likeness.degree).fold(0.0, f64::max);
    if most > 0.0 {
        for likeness in &mut all {
            likeness.degree /= most;
        }
    }
    all
}

fn ratio(a: usize, b: usize) -> f64 {
    let exact = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    exact(a) / exact(b)
}

/// The words of a text, without their commonest endings.
fn stems(text: &str) -> HashSet<String> {
    let mut words = HashSet::new();
    let mut word = String::new();
    let mut last_lower = false;
    for character in text.chars().chain(std::iter::once(' ')) {
        let splits = !character.is_alphabetic() || (character.is_uppercase() && last_lower);
        if splits {
            if word.len() >= WORD_BYTES_MIN && !COMMON.contains(&word.as_str()) {
                words.insert(stem(&word));
            }
            word.clear();
        }
        if character.is_alphabetic() {
            word.extend(character.to_lowercase());
        }
        last_lower = character.is_lowercase();
    }
    words
}

fn stem(word: &str) -> String {
    for ending in ["ings", "ing", "ies", "ied", "ed", "es", "ly", "er", "s", "e", "y"] {
        if let Some(short) = word.strip_suffix(ending)
            && short.len() >= WORD_BYTES_MIN
        {
            return short.to_owned();
        }
    }
    word.to_owned()
}

const WORD_BYTES_MIN: usize = 3;
const WORDS_SHOWN: usize = 4;

/// A function of this many words is taken as it is; a longer one counts less for each.
const LENGTH_BIAS: usize = 20;

const COMMON: [&str; 36] = [
    "the", "and", "for", "not", "are", "was", "but", "our", "its", "has", "out", "this", "that",
    "with", "from", "find", "fix", "please", "should", "must", "test", "tests", "assert", "return",
    "error", "expected", "equal", "self", "let", "const", "def", "pub", "int", "none", "null",
    "function",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_common_words_decide() {
        let texts = [
            "def percentage(amount): # rounds down".to_owned(),
            "def total(self): return net + tax".to_owned(),
            "def name(self): return 1".to_owned(),
        ];
        let found = compare(&[("Tax must be rounded to the nearest cent", 1.0)], &texts);
        assert!(found[0].degree > 0.5 && found[1].degree > 0.5, "{found:?}");
        assert!(found[2].degree < f64::EPSILON);
        assert_eq!(found[0].words, ["round"]);
        assert!(compare(&[], &texts).iter().all(|likeness| likeness.degree < f64::EPSILON));
        assert!(
            stems("parseHTTPDate is_leap_year")
                .is_superset(&HashSet::from(["leap".to_owned(), "year".to_owned()]))
        );
    }
}
