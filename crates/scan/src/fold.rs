// SPDX-License-Identifier: Apache-2.0
//! Names as file systems compare them.
//!
//! A tree that is written here may be opened elsewhere: on NTFS, where a trailing dot, a
//! blank and the name of a stream are not part of a name and a backslash separates; on APFS,
//! HFS+ or a case-folding ext4, where case does not count and some characters have no width.
//! All of these are folded away at once. That takes more names for a surface than any one of
//! them does, which costs a question; a name that is missed would cost more.
//!
//! Sources: git's `is_ntfs_dot_str` and `is_hfs_dot_str` (path.c, utf8.c); Unicode full case
//! folding and `Default_Ignorable_Code_Point`, as ext4 and F2FS use them (utf8-nfdicf).
//!
//! Invariant: a folded name is equal to that of an ASCII name whenever one of these file
//! systems takes both for the same.

/// The names of a path, folded, with what a backslash separates taken apart.
pub(crate) fn fold_path(bytes: &[u8]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let text = String::from_utf8_lossy(bytes);
    for name in text.split(['/', '\\']) {
        match fold_name(name).as_str() {
            "" => {}
            // `..` itself folds to nothing, so it is looked at before.
            folded => names.push(folded.to_owned()),
        }
        if matches!(name.trim(), "..") {
            names.pop();
        }
    }
    names
}

/// Whether a file system may take a name for that of git's own directory, `.git`, or for its
/// short name where it is the first with such a beginning.
#[must_use]
pub fn is_git_name(name: &[u8]) -> bool {
    matches!(fold_name(&String::from_utf8_lossy(name)).as_str(), ".git" | "git~1")
}

/// A name as file systems see it that do not tell cases apart, leave out what has no width, and
/// take dots and blanks at the end away; empty for what is no name there, such as `.`. Letters
/// with their marks apart are not joined.
#[must_use]
pub fn fold_name(name: &str) -> String {
    let seen: String = name.chars().filter(|letter| !has_no_width(*letter)).collect();
    let name = seen.split(':').next().unwrap_or_default().trim_end_matches([' ', '.']);
    if name.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        return name.to_owned();
    }
    // There and back again: a long s, a ligature, a dotless i and the Kelvin sign are letters
    // of other case of plain ones.
    let folded = name.chars().map(narrow).flat_map(char::to_lowercase);
    let folded = folded.flat_map(char::to_uppercase).flat_map(char::to_lowercase);
    folded.filter(|letter| !is_dot_above(*letter)).collect()
}

/// The ASCII form of a full-width letter.
fn narrow(letter: char) -> char {
    match u32::from(letter) {
        code @ 0xff01..=0xff5e => char::from_u32(code - 0xfee0).unwrap_or(letter),
        _ => letter,
    }
}

/// What is left of a capital dotted i in lower case.
const fn is_dot_above(letter: char) -> bool {
    letter == '\u{307}'
}

/// Whether a file system may leave the character out when it compares names. What stands in
/// for bytes that are no UTF-8 counts as such.
const fn has_no_width(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{17b4}'
            | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            // Stand-ins of names that Windows does not take, on shares of other systems.
            | '\u{f000}'..='\u{f0ff}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}'
            | '\u{fffd}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_name_folds_to_it() {
        let spellings = [
            ".vscode",
            ".VSCode",
            ".vscode.",
            ".vscode. . ",
            ".vscode::$INDEX_ALLOCATION",
            ".vscode:stream",
            ".v\u{200c}scode",
            ".v\u{ad}sc\u{e0100}ode\u{feff}",
            ".v\u{17f}code",
            "\u{ff0e}vscode",
            ".vscode\u{f029}",
        ];
        for name in spellings {
            assert_eq!(fold_name(name), ".vscode", "{name:?}");
        }
        let pairs = [
            (".\u{212a}iro", ".kiro"),
            ("ma\u{212a}e\u{fb01}le", "makefile"),
            (".g\u{130}thub", ".github"),
            (".g\u{131}thub", ".github"),
            ("ju\u{fb06}file", "justfile"),
            ("caf\u{e9}", "caf\u{e9}"),
            ("..", ""),
            (".", ""),
        ];
        for (name, folded) in pairs {
            assert_eq!(fold_name(name), folded, "{name:?}");
        }
        for other in ["vscode", ".vscode2", ".vsc\u{f3}de", ". vscode"] {
            assert_ne!(fold_name(other), ".vscode", "{other:?}");
        }
    }

    #[test]
    fn git_s_own_directory_is_known_in_every_spelling() {
        for name in [".git", ".GIT. ", "git~1", ".git::$DATA", ".g\u{ad}it", ".\u{34f}gi\u{fe0f}t"]
        {
            assert!(is_git_name(name.as_bytes()), "{name:?}");
        }
        for name in ["git", ".gitx", ".g\u{ad}itx", ".github", "git~2", ".g-it"] {
            assert!(!is_git_name(name.as_bytes()), "{name:?}");
        }
    }

    #[test]
    fn a_backslash_separates_and_dots_lead_back() {
        let cases: [(&[u8], &[&str]); 6] = [
            (b"sub/.vscode\\tasks.json", &["sub", ".vscode", "tasks.json"]),
            (b".vscode\\x\\..\\tasks.json", &[".vscode", "tasks.json"]),
            (b".vscode\\.\\tasks.json", &[".vscode", "tasks.json"]),
            (b"\\.vscode\\\\tasks.json", &[".vscode", "tasks.json"]),
            (b"..\\..\\a", &["a"]),
            (b".vs\xffcode/tasks.json", &[".vscode", "tasks.json"]),
        ];
        for (path, names) in cases {
            assert_eq!(fold_path(path), names);
        }
    }
}
