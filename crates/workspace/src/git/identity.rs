// SPDX-License-Identifier: Apache-2.0
//! The user's name and address, read out of their own git configuration as data.
//!
//! Git itself never sees that file: it may name programs, and lies in the home, which no
//! sandbox shows. What other files it includes is not followed.
//!
//! Invariant: nothing but a name and an address is taken.

use std::path::Path;

use crate::limits::GIT_CONFIG_BYTES_MAX;
use crate::settings::WorkspaceSettings;

/// Who commits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) name: Option<String>,
    pub(super) address: Option<String>,
}

/// What the user's own files say, the later one last as git reads them.
pub(super) fn of_user(settings: &WorkspaceSettings, home: &Path) -> Identity {
    let mut identity = Identity::default();
    for place in [".config/git/config", ".gitconfig"] {
        let Ok(bytes) = settings.fs.read(&home.join(place), GIT_CONFIG_BYTES_MAX) else {
            continue;
        };
        let read = parse(&String::from_utf8_lossy(&bytes));
        identity.name = read.name.or(identity.name);
        identity.address = read.address.or(identity.address);
    }
    identity
}

fn parse(text: &str) -> Identity {
    let (mut identity, mut in_user) = (Identity::default(), false);
    for line in text.lines() {
        let mut line = line.trim();
        if let Some(rest) = line.strip_prefix('[') {
            let Some((section, after)) = rest.split_once(']') else { continue };
            in_user = section.trim().eq_ignore_ascii_case("user");
            line = after.trim();
        }
        let Some((key, value)) = line.split_once('=') else { continue };
        let value = unquoted(value.trim());
        if !in_user || value.is_empty() {
            continue;
        }
        match key.trim().to_ascii_lowercase().as_str() {
            "name" => identity.name = Some(value),
            "email" => identity.address = Some(value),
            _ => {}
        }
    }
    identity
}

/// A value without quotes, escapes and a comment behind it.
fn unquoted(value: &str) -> String {
    let (mut text, mut quoted, mut kept) = (String::new(), false, 0);
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => quoted = !quoted,
            '#' | ';' if !quoted => break,
            '\\' => match characters.next() {
                Some('n' | 't' | 'b') | None => text.push(' '),
                Some(other) => text.push(other),
            },
            other => text.push(other),
        }
        // Space at the end counts only within quotes.
        if quoted || !character.is_whitespace() {
            kept = text.len();
        }
    }
    text.truncate(kept);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_an_address_are_read_as_git_reads_them() {
        for (text, name, address) in [
            ("[user]\n\tname = A B\n\temail = a@b\n", Some("A B"), Some("a@b")),
            ("[User] name = \"A # B\" ; c\n", Some("A # B"), None),
            ("[user]\nname = A \\\"B\\\" # c\n", Some("A \"B\""), None),
            ("[user \"x\"]\nname = no\n[core]\nname = no\n", None, None),
            ("[core]\neditor = x\n[user]\nNAME=A\n[alias]\nname = no\n", Some("A"), None),
            ("name = no\n", None, None),
        ] {
            let expect =
                Identity { name: name.map(str::to_owned), address: address.map(str::to_owned) };
            assert_eq!(parse(text), expect, "{text}");
        }
    }
}
