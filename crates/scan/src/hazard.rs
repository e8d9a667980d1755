// SPDX-License-Identifier: Apache-2.0
//! Text that is not what it looks like: characters that hide, turn a line round, or that a
//! terminal obeys.
//!
//! What counts is what [`moat_base::hides`] makes visible wherever Moat shows foreign text, but
//! for what honest texts need: a mark of the encoding at the start, joiners in scripts and in
//! pictures that are made of several, and page breaks.
//!
//! Sources: Unicode Standard Annex 9 (directional controls), "Trojan Source" (CVE-2021-42574),
//! ECMA-48 (control sequences).
//!
//! Invariant: a text without such characters gives nothing, and no text more than
//! [`HAZARDS_MAX`] findings and one that counts the others.

use std::borrow::Cow;

use moat_base::{TreePath, hides};

use crate::finding::{Act, Finding, Level, When};
use crate::limits::{CARRIED_BYTES_MAX, HAZARDS_MAX};

/// What hides in a text, or in a piece of one. Of a file that is no text, and of a line that is
/// no UTF-8, only what turns text round or is spelt in tags counts: other such characters come
/// about in any data.
#[must_use]
pub fn hazards(path: &TreePath, content: &[u8]) -> Vec<Finding> {
    let least = if content.iter().take(BINARY_LOOK_BYTES).any(|byte| *byte == 0) {
        Kind::Turned
    } else {
        Kind::Terminal
    };
    let mut findings = Vec::new();
    let mut rest = 0_usize;
    let (mut start, mut number) = (0, 0);
    while let Some(place) = next(content, start, least) {
        let before = content.get(start..place).unwrap_or_default();
        number += before.iter().filter(|byte| **byte == b'\n').count();
        let begin =
            before.iter().rposition(|byte| *byte == b'\n').map_or(start, |at| start + at + 1);
        let behind = content.get(place..).unwrap_or_default();
        let end =
            behind.iter().position(|byte| *byte == b'\n').map_or(content.len(), |at| place + at);
        let line = content.get(begin..end).unwrap_or_default();
        if let Some((kind, text)) = judged(line, number == 0, least) {
            if findings.len() < HAZARDS_MAX {
                findings.push(found(path, number, kind, &text));
            } else {
                rest += 1;
            }
        }
        start = end;
    }
    if let (Some(last), 1..) = (findings.last(), rest) {
        let carries = format!("{rest} more lines");
        let counted = Finding { line: None, key: String::new(), carries, ..last.clone() };
        findings.push(counted);
    }
    findings
}

/// What a line has, the worst of it, and the part that has it.
fn judged(line: &[u8], is_first: bool, least: Kind) -> Option<(Kind, Cow<'_, str>)> {
    let parts = line.split(|byte| *byte == 0).filter_map(|part| {
        let text = String::from_utf8_lossy(part);
        let least = if matches!(text, Cow::Owned(_)) { Kind::Turned } else { least };
        Some((kind(&text, is_first).filter(|kind| *kind >= least)?, text))
    });
    parts.max_by_key(|(kind, _)| *kind)
}

/// Where the next character that may hide begins, from `start` on. Most of most texts is
/// passed over many bytes at a time.
fn next(content: &[u8], start: usize, least: Kind) -> Option<usize> {
    let mut place = start;
    for chunk in content.get(start..)?.chunks(CHUNK_BYTES) {
        let is_plain = chunk.is_ascii() && (least > Kind::Terminal || !chunk.contains(&ESCAPE));
        if !is_plain {
            let leads = chunk.iter().enumerate().filter(|(_, byte)| is_lead(**byte));
            let found = leads.map(|(at, _)| place + at).find(|at| {
                let bytes = content.get(*at..).unwrap_or_default();
                may_hide(bytes) && (least < Kind::Turned || may_turn(bytes))
            });
            if found.is_some() {
                return found;
            }
        }
        place += chunk.len();
    }
    None
}

/// Whether a character that hides may begin with this byte.
const fn is_lead(byte: u8) -> bool {
    byte >= 0xc2 || byte == ESCAPE
}

/// Whether bytes begin with a character that hides, or an escape.
const fn may_hide(bytes: &[u8]) -> bool {
    matches!(
        bytes,
        [ESCAPE, ..]
            | [0xc2, 0x80..=0x9f | 0xad, ..]
            | [0xcd, 0x8f, ..]
            | [0xd8, 0x9c, ..]
            | [0xe1, 0x85, 0x9f | 0xa0, ..]
            | [0xe1, 0x9e, 0xb4 | 0xb5, ..]
            | [0xe1, 0xa0, 0x8b..=0x8f, ..]
            | [0xe2, 0x80, 0x8b..=0x8f | 0xa8..=0xae, ..]
            | [0xe2, 0x81, 0xa0..=0xaf, ..]
            | [0xe3, 0x85, 0xa4, ..]
            | [0xef, 0xb8, 0x80..=0x8f, ..]
            | [0xef, 0xbb, 0xbf, ..]
            | [0xef, 0xbe, 0xa0, ..]
            | [0xef, 0xbf, 0xb9..=0xbb, ..]
            | [0xf3, 0xa0, ..]
    )
}

/// Whether they begin with one that turns text round, or a tag.
const fn may_turn(bytes: &[u8]) -> bool {
    matches!(
        bytes,
        [0xe2, 0x80, 0xaa..=0xae, ..] | [0xe2, 0x81, 0xa6..=0xa9, ..] | [0xf3, 0xa0, ..]
    )
}

const CHUNK_BYTES: usize = 128;

const ESCAPE: u8 = 0x1b;

/// How much of a file is looked at to tell whether it is text.
const BINARY_LOOK_BYTES: usize = 8192;

/// What a line has, the worst of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Terminal,
    Hidden,
    Turned,
    Tagged,
}

fn kind(line: &str, is_first: bool) -> Option<Kind> {
    let letters: Vec<char> = line.trim_end_matches('\r').chars().collect();
    let at = |place: Option<usize>| place.and_then(|place| letters.get(place)).copied();
    let mut worst = None;
    for (place, letter) in letters.iter().copied().enumerate() {
        if !hides(letter) {
            continue;
        }
        let (before, after) = (at(place.checked_sub(1)), at(place.checked_add(1)));
        let kind = match letter {
            '\u{feff}' if is_first && place == 0 => continue,
            '\u{c}' => continue,
            '\u{1b}' | '\u{9b}' | '\u{90}' | '\u{9d}' => Kind::Terminal,
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => Kind::Turned,
            // Regional flags are made of tags behind a black flag.
            '\u{e0020}'..='\u{e007f}' if is_flag(&letters, place) => continue,
            '\u{e0000}'..='\u{e007f}' => Kind::Tagged,
            '\u{200c}' | '\u{200d}' if joins(before, after) => continue,
            '\u{fe00}'..='\u{fe0f}' if before.is_some_and(is_picture) => continue,
            // Direction marks and word joiners of honest prose.
            '\u{200e}' | '\u{200f}' | '\u{61c}' if is_foreign(before) || is_foreign(after) => {
                continue;
            }
            other if other.is_ascii_control() || other.is_control() => continue,
            _ => Kind::Hidden,
        };
        worst = worst.max(Some(kind));
    }
    worst
}

/// Whether a tag belongs to a flag: pictures of regions are a black flag, tags, and an end.
fn is_flag(letters: &[char], place: usize) -> bool {
    let before = letters.get(..place).unwrap_or_default().iter().rev();
    let mut others = before.skip_while(|letter| ('\u{e0020}'..='\u{e007e}').contains(*letter));
    others.next() == Some(&'\u{1f3f4}')
}

/// Whether a joiner stands where a script or a picture needs one.
fn joins(before: Option<char>, after: Option<char>) -> bool {
    let is_part = |letter: Option<char>| {
        letter.is_some_and(|letter| is_picture(letter) || letter == '\u{fe0f}')
    };
    (is_part(before) && is_part(after)) || is_foreign(before)
}

/// Whether it is a picture, or a sign that can be shown as one.
const fn is_picture(letter: char) -> bool {
    matches!(letter,
        '#' | '*' | '0'..='9' | '\u{a9}' | '\u{ae}' | '\u{2000}'..='\u{2bff}' | '\u{3030}'..='\u{303d}'
        | '\u{3297}' | '\u{3299}' | '\u{1f000}'..='\u{1faff}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}')
}

/// Whether it is a letter of a script that joiners and direction marks are made for.
const fn is_foreign(letter: Option<char>) -> bool {
    matches!(
        letter,
        Some(
            '\u{590}'..='\u{8ff}'
            | '\u{900}'..='\u{dff}'
            | '\u{1780}'..='\u{17ff}'
            | '\u{fb1d}'..='\u{fdff}'
            | '\u{fe70}'..='\u{fefc}',
        )
    )
}

fn found(path: &TreePath, number: usize, kind: Kind, line: &str) -> Finding {
    let (rule, level, effect, says) = match kind {
        Kind::Terminal => (
            "terminal-sequence",
            Level::Low,
            Act::Render,
            "has a control sequence that a terminal obeys when it is shown",
        ),
        Kind::Hidden => {
            ("hidden-text", Level::Medium, Act::Render, "has characters that nobody sees")
        }
        Kind::Turned => (
            "turned-text",
            Level::High,
            Act::Render,
            "has characters that show it in another order than a compiler reads it",
        ),
        Kind::Tagged => (
            "tagged-text",
            Level::High,
            Act::Instruct,
            "has letters that nobody sees and a model reads",
        ),
    };
    let points: Vec<String> = line
        .chars()
        .filter(|letter| hides(*letter))
        .take(POINTS_SHOWN)
        .map(|letter| format!("U+{:04X}", u32::from(letter)))
        .collect();
    let hidden: String = line
        .chars()
        .filter_map(|letter| u32::from(letter).checked_sub(0xe0000))
        .filter_map(|ascii| u8::try_from(ascii).ok().filter(|byte| (b' '..=b'~').contains(byte)))
        .map(char::from)
        .collect();
    let cut = line.floor_char_boundary(CARRIED_BYTES_MAX);
    let mut carries =
        line.trim().get(..cut.min(line.trim().len())).map_or_else(String::new, Into::into);
    if !hidden.is_empty() {
        carries.push_str(&format!("\n(the tags spell: {hidden})"));
    }
    Finding {
        rule: Cow::Borrowed(rule),
        path: path.clone(),
        line: u32::try_from(number + 1).ok(),
        key: points.join(" "),
        carries,
        readers: Cow::Borrowed("people, agents and compilers"),
        when: When::Open,
        effect,
        level,
        says: Cow::Borrowed(says),
    }
}

const POINTS_SHOWN: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> Vec<(String, Option<u32>)> {
        let path = TreePath::parse("a.txt").unwrap();
        hazards(&path, text.as_bytes())
            .into_iter()
            .map(|found| (found.rule.into_owned(), found.line))
            .collect()
    }

    #[test]
    fn what_hides_is_told_with_its_line() {
        let cases = [
            ("a\nb \u{202e}c\u{202c}\n", "turned-text", 2),
            ("/* \u{2066}x\u{2069} */", "turned-text", 1),
            ("a\u{200b}b", "hidden-text", 1),
            ("pass\u{ad}word", "hidden-text", 1),
            ("a\u{e0049}\u{e0067}b", "tagged-text", 1),
            ("a\u{fe0f}\u{fe01}", "hidden-text", 1),
            ("x\u{feff}", "hidden-text", 1),
            ("\n\u{1b}]0;title\u{7}", "terminal-sequence", 2),
            ("ok\u{200d}ok", "hidden-text", 1),
            ("no text\0\n\0a \u{202e}b\0", "turned-text", 2),
        ];
        for (text, rule, line) in cases {
            assert_eq!(rules(text), [(rule.to_owned(), Some(line))], "{text:?}");
        }
    }

    #[test]
    fn honest_texts_are_not_told() {
        for text in [
            "plain\r\nlines\tand\u{c}pages\n",
            "\u{feff}with a mark",
            "na\u{ef}ve caf\u{e9}, \u{4f60}\u{597d}, \u{41f}\u{440}\u{438}\u{432}\u{435}\u{442}",
            "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} \u{2764}\u{fe0f} 1\u{fe0f}\u{20e3} \u{2764}\u{fe0f}\u{200d}\u{1f525}",
            "\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
            "\u{645}\u{6cc}\u{200c}\u{62e}\u{648}\u{627}\u{647}\u{645} \u{5d0}\u{200f}!",
            "\u{915}\u{94d}\u{200d}\u{937}",
            "no text\0\u{200b}\u{ad}\u{1b}[",
        ] {
            assert_eq!(rules(text), [], "{text:?}");
        }
    }

    #[test]
    fn tags_are_spelt_out_and_many_lines_are_counted() {
        let path = TreePath::parse("a.md").unwrap();
        let tags: String =
            "run it".bytes().filter_map(|byte| char::from_u32(0xe0000 + u32::from(byte))).collect();
        let found = hazards(&path, format!("Hello{tags}").as_bytes());
        assert!(found[0].carries.ends_with("(the tags spell: run it)"), "{found:?}");
        assert!(found[0].key.starts_with("U+E0072"), "{found:?}");
        let broken = [b"\xff a ", "\u{202e}b".as_bytes()].concat();
        assert_eq!(hazards(&path, &broken).len(), 1, "a byte that is no text hides nothing");
        let many = hazards(&path, "\u{200b}\n".repeat(HAZARDS_MAX + 5).as_bytes());
        assert_eq!(many.len(), HAZARDS_MAX + 1);
        assert_eq!(many.last().unwrap().carries, "5 more lines");
    }

    #[test]
    fn no_character_that_hides_is_passed_over() {
        let path = TreePath::parse("a").unwrap();
        for letter in (0..=0x10_ffff).filter_map(char::from_u32) {
            let text = format!("a{letter}b");
            let kind = kind(&text, false);
            let told = !hazards(&path, text.as_bytes()).is_empty();
            assert_eq!(kind.is_some(), told, "U+{:04X}", u32::from(letter));
            if hides(letter) && !letter.is_control() {
                assert!(kind.is_some(), "U+{:04X}", u32::from(letter));
            }
            if kind >= Some(Kind::Turned) {
                let binary = format!("\0{text}");
                assert_eq!(
                    hazards(&path, binary.as_bytes()).len(),
                    1,
                    "U+{:04X}",
                    u32::from(letter)
                );
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_makes_it_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            let path = TreePath::parse("a").unwrap();
            let _findings = hazards(&path, &bytes);
        }

        #[test]
        fn text_that_nothing_hides_in_gives_nothing(text in "[^\u{0}-\u{1f}\u{7f}-\u{9f}]{0,80}") {
            let visible: String = text.chars().filter(|letter| !hides(*letter)).collect();
            let path = TreePath::parse("a").unwrap();
            assert_eq!(hazards(&path, visible.as_bytes()), []);
        }
    }
}
