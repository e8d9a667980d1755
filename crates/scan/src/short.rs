// SPDX-License-Identifier: Apache-2.0
//! Short names (8.3), under which Windows finds a file with a longer name.
//!
//! `GIT~1` is `.git` where that is the first name with such a beginning. Windows takes
//! leading dots and blanks away, at most six letters of the name, and three of what follows
//! the last dot; after four names with the same beginning, two letters and four digits of a
//! checksum. The number is not known here, so each number counts.

/// A folded name that has the form of a short one.
pub(crate) struct Short<'a> {
    stem: &'a str,
    extension: &'a str,
}

const STEM_MAX: usize = 6;
const EXTENSION_MAX: usize = 3;
const BASE_MAX: usize = 8;

impl<'a> Short<'a> {
    /// Reads a folded name; `None` when no short name has this form.
    pub(crate) fn read(name: &'a str) -> Option<Self> {
        // Nearly every name of a tree is none, and each is asked about many times.
        if name.len() > BASE_MAX + 1 + EXTENSION_MAX || name.bytes().all(|byte| byte != b'~') {
            return None;
        }
        let (base, extension) = name.rsplit_once('.').unwrap_or((name, ""));
        let (stem, number) = base.rsplit_once('~')?;
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let is_short = base.len() <= BASE_MAX && extension.len() <= EXTENSION_MAX;
        (is_number && is_short && !stem.is_empty() && stem.len() <= STEM_MAX)
            .then_some(Self { stem, extension })
    }

    /// Whether a file with this folded name may have it; `*` in the name is anything.
    pub(crate) fn may_be(&self, name: &str) -> bool {
        let name = name.trim_start_matches(['.', ' ']);
        let (base, extension) = name.rsplit_once('.').unwrap_or((name, ""));
        self.has_extension(extension) && self.has_stem(base)
    }

    fn has_extension(&self, extension: &str) -> bool {
        match extension.split_once('*') {
            Some((start, _)) => {
                self.extension.starts_with(start.get(..EXTENSION_MAX).unwrap_or(start))
            }
            None => self.extension == extension.get(..EXTENSION_MAX).unwrap_or(extension),
        }
    }

    fn has_stem(&self, base: &str) -> bool {
        let Some((fixed, _)) = base.split_once('*') else {
            let plain = plain(base);
            return plain.starts_with(self.stem) || self.is_checksum_of(&plain);
        };
        let fixed = plain(fixed);
        let common = fixed.len().min(self.stem.len());
        self.stem.get(..common) == fixed.get(..common) || self.is_checksum_of(&fixed)
    }

    fn is_checksum_of(&self, plain: &str) -> bool {
        let Some((start, digits)) = self.stem.split_at_checked(2) else { return false };
        let known = start.get(..plain.len().min(2));
        digits.len() == 4
            && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
            && known.is_some_and(|known| plain.starts_with(known))
    }
}

/// What is left of a name's base: blanks and dots go, what DOS does not take turns to `_`.
fn plain(base: &str) -> String {
    let kept = base.chars().filter(|letter| !matches!(letter, '.' | ' '));
    kept.map(|letter| if "+,;=[]".contains(letter) { '_' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_are_taken_for_the_names_that_they_may_stand_for() {
        let check = |short: &str, name: &str, expected: bool| {
            let may_be = Short::read(short).is_some_and(|short| short.may_be(name));
            assert_eq!(may_be, expected, "{short} {name}");
        };
        for (short, name) in [
            ("git~1", ".git"),
            ("vscode~1", ".vscode"),
            ("claude~2", ".claude"),
            ("mcp~1.jso", ".mcp.json"),
            ("tasks~1.jso", "tasks.json"),
            ("settin~1.jso", "settings.json"),
            ("setti~10.jso", "settings.json"),
            ("se0a3f~1.jso", "settings.json"),
            ("myspac~1.cod", "*.code-workspace"),
            ("env~1.loc", ".env.*"),
            ("eslint~1.js", "eslint.config.*"),
        ] {
            check(short, name, true);
        }
        for (short, name) in [
            ("git~1", ".gitx.json"),
            ("vscod~x", ".vscode"),
            ("vscode~1.js", ".vscode"),
            ("tasks~1.txt", "tasks.json"),
            ("backup~", ".vscode"),
            ("other~1.jso", "settings.json"),
            ("~1", ".vscode"),
        ] {
            check(short, name, false);
        }
    }
}
