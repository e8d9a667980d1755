// SPDX-License-Identifier: Apache-2.0
//! Turns the bytes of tokens into text and ends it at a stop sequence.
//!
//! A token may end in the middle of a character, and a stop sequence may begin
//! in one token and end three tokens later. What could still become either is
//! held back, and nothing else is.
//!
//! Invariant: text that was given out never has to be taken back, and never
//! contains a stop sequence or a part of one that was completed later.

/// What one more token brought.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Text that may be shown; may be empty.
    Text(String),
    /// The last text; a stop sequence followed it.
    Stopped(String),
}

/// The text of one candidate while it grows.
#[derive(Debug)]
pub(crate) struct Stop {
    sequences: Vec<String>,
    pending: Vec<u8>,
}

impl Stop {
    pub(crate) fn new(sequences: &[String]) -> Self {
        Self { sequences: sequences.to_vec(), pending: Vec::new() }
    }

    /// Takes the bytes of the next token.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Progress {
        self.pending.extend_from_slice(bytes);
        if let Some(end) = self.first_match() {
            let text = lossy(self.pending.get(..end).unwrap_or_default());
            self.pending.clear();
            return Progress::Stopped(text);
        }
        let held = self.held_bytes();
        let kept = self.pending.split_off(self.pending.len().saturating_sub(held));
        let ready = std::mem::replace(&mut self.pending, kept);
        Progress::Text(lossy(&ready))
    }

    /// Gives what is still held back when the candidate ends without a stop sequence.
    pub(crate) fn finish(&mut self) -> String {
        let rest = std::mem::take(&mut self.pending);
        lossy(&rest)
    }

    fn first_match(&self) -> Option<usize> {
        self.sequences.iter().filter_map(|sequence| find(&self.pending, sequence.as_bytes())).min()
    }

    /// The length of the longest end that may still become a stop sequence or a character.
    fn held_bytes(&self) -> usize {
        let longest = self
            .sequences
            .iter()
            .map(|sequence| partial_match(&self.pending, sequence.as_bytes()))
            .max()
            .unwrap_or(0);
        longest.max(cut_character_bytes(&self.pending))
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len().max(1)).position(|window| window == needle)
}

/// The length of the longest end of `text` that `sequence` begins with.
fn partial_match(text: &[u8], sequence: &[u8]) -> usize {
    let longest = sequence.len().saturating_sub(1).min(text.len());
    (1..=longest)
        .rev()
        .find(|length| text.ends_with(sequence.get(..*length).unwrap_or_default()))
        .unwrap_or(0)
}

/// The length of an unfinished UTF-8 character at the end of `bytes`.
fn cut_character_bytes(bytes: &[u8]) -> usize {
    for back in 1..=bytes.len().min(3) {
        let Some(byte) = bytes.get(bytes.len() - back) else {
            return 0;
        };
        let needed = match byte {
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            0x80..=0xbf => continue,
            _ => return 0,
        };
        return if needed > back { back } else { 0 };
    }
    0
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `tokens` and gives the text and whether a stop sequence ended it.
    fn run(stops: &[&str], tokens: &[&[u8]]) -> (Vec<String>, bool) {
        let stops: Vec<String> = stops.iter().map(ToString::to_string).collect();
        let mut stop = Stop::new(&stops);
        let mut texts = Vec::new();
        for token in tokens {
            match stop.push(token) {
                Progress::Text(text) => texts.push(text),
                Progress::Stopped(text) => {
                    texts.push(text);
                    return (texts, true);
                }
            }
        }
        texts.push(stop.finish());
        (texts, false)
    }

    #[test]
    fn stop_sequences_are_found_across_tokens() {
        for (stops, tokens, text, stopped) in [
            (vec!["\n"], vec!["a", "b\nc"], "ab", true),
            (vec!["```"], vec!["x", "`", "`", "`y"], "x", true),
            (vec!["```"], vec!["x", "`", "`", "y"], "x``y", false),
            (vec!["END"], vec!["E", "N", "E", "N", "D"], "EN", true),
            (vec!["aab"], vec!["a", "a", "a", "b"], "a", true),
            (vec!["\n\n", "x"], vec!["1\n", "2x"], "1\n2", true),
            (vec!["later", "now"], vec!["now later"], "", true),
            (vec![], vec!["a", "b"], "ab", false),
            (vec!["zz"], vec!["az"], "az", false),
        ] {
            let tokens: Vec<&[u8]> = tokens.iter().map(|token| token.as_bytes()).collect();
            let (texts, found) = run(&stops, &tokens);
            assert_eq!((texts.concat().as_str(), found), (text, stopped), "{stops:?}");
        }
    }

    #[test]
    fn only_what_may_become_a_stop_sequence_is_held_back() {
        assert_eq!(run(&["<|end"], &[b"a<", b"b", b"<|e", b"x"]).0, ["a", "<b", "", "<|ex", ""]);
    }

    #[test]
    fn characters_are_never_cut() {
        let crab = "\u{1f980}".as_bytes();
        assert_eq!(
            run(&[], &[&crab[..1], &crab[1..3], &crab[3..], b"!"]).0,
            ["", "", "\u{1f980}", "!", ""]
        );
        assert_eq!(run(&[], &[&crab[..3]]).0, ["", "\u{fffd}"]);
        assert_eq!(run(&[], &[b"\xff", b"a"]).0, ["\u{fffd}", "a", ""]);
    }

    #[test]
    fn every_split_gives_the_same_text() {
        let text = "one \u{e9} two STOP three".as_bytes();
        for first in 0..text.len() {
            for second in first..text.len() {
                let tokens = [&text[..first], &text[first..second], &text[second..]];
                let (texts, stopped) = run(&["STOP"], &tokens);
                assert_eq!((texts.concat().as_str(), stopped), ("one \u{e9} two ", true));
            }
        }
    }
}
