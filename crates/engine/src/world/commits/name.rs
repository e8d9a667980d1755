// SPDX-License-Identifier: Apache-2.0
//! Names and ids that come out of a session's repository. Pure.
//!
//! Invariant: a name that passes is one line of plain text, the same on every file system,
//! and no option of any program.

use moat_base::visible;

/// The longest name of a branch that is taken.
const NAME_BYTES_MAX: usize = 200;

/// Names below `refs/heads/` that mean something else to git.
const RESERVED: [&str; 2] = ["HEAD", "FETCH_HEAD"];

/// Checks the name of a branch, stricter than git-check-ref-format(1): what is refused
/// there is refused here, and so is what could be read as another name, or as an option.
///
/// # Errors
/// Why it is refused, in one sentence.
pub(super) fn branch(bytes: &[u8]) -> Result<&str, &'static str> {
    let name = str::from_utf8(bytes).map_err(|_invalid| "its name is not UTF-8")?;
    if name.is_empty() || name.len() > NAME_BYTES_MAX {
        return Err("its name is empty or too long");
    }
    if visible(name) != name || name.contains(|it: char| it.is_control() || it.is_whitespace()) {
        return Err("its name has characters that do not show");
    }
    if name.contains(['~', '^', ':', '?', '*', '[', '\\', '"', '\''])
        || name.contains("..")
        || name.contains("@{")
        || name == "@"
    {
        return Err("its name has characters that mean something to git");
    }
    if RESERVED.iter().any(|reserved| name.eq_ignore_ascii_case(reserved)) {
        return Err("its name is one that git uses itself");
    }
    let is_odd = |part: &str| {
        part.is_empty()
            || part.starts_with(['.', '-'])
            || part.ends_with('.')
            || part.to_ascii_lowercase().ends_with(".lock")
    };
    if name.split('/').any(is_odd) {
        return Err("its name is not one of a branch");
    }
    Ok(name)
}

/// Checks an id: 40 or 64 hexadecimal digits, in small letters as git writes them.
pub(super) fn id(bytes: &[u8]) -> Option<&str> {
    let is_digit = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
    let is_id = matches!(bytes.len(), 40 | 64) && bytes.iter().all(is_digit);
    // All zeros stand for no object.
    let is_null = bytes.iter().all(|byte| *byte == b'0');
    str::from_utf8(bytes).ok().filter(|_text| is_id && !is_null)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_pass() {
        for good in ["main", "feature/x-1", "fix_2.3", "größe", "a@b", "v1,2+3=4"] {
            assert_eq!(branch(good.as_bytes()), Ok(good));
        }
        let long = "x".repeat(201);
        let bad: [&[u8]; 26] = [
            b"",
            b"-x",
            b"a/-x",
            b"../x",
            b"a/../b",
            b"/a",
            b"a/",
            b"a//b",
            b".git/x",
            b"a.",
            b"a.lock",
            b"a.LOCK/b",
            b"a b",
            b"a\tb",
            b"a\x1b[31m",
            b"a\nb",
            b"a\x00b",
            b"a~1",
            b"a:b",
            b"a@{1}",
            b"@",
            b"head",
            b"\xff",
            "a\u{202e}b".as_bytes(),
            "a\u{200b}b".as_bytes(),
            long.as_bytes(),
        ];
        for name in bad {
            assert!(branch(name).is_err(), "{}", String::from_utf8_lossy(name));
        }
    }

    #[test]
    fn an_id_is_forty_or_sixty_four_digits() {
        let (short, long) = ("a1".repeat(20), "0f".repeat(32));
        assert_eq!(id(short.as_bytes()), Some(short.as_str()));
        assert_eq!(id(long.as_bytes()), Some(long.as_str()));
        let wrong = ["A1".repeat(20), "a1".repeat(19), "00".repeat(20), "-".repeat(40)];
        for text in wrong {
            assert_eq!(id(text.as_bytes()), None, "{text}");
        }
    }
}
