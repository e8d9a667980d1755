// SPDX-License-Identifier: Apache-2.0
//! The same places in two forms: files as addresses or paths, positions from 0 or from 1.
//!
//! Invariant: what a server names is a file of the workspace only if its address leads there
//! letter by letter; a `..`, an empty name or another scheme leads outside.

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use moat_base::{TreePath, clip, visible};
use moat_protocol::workspace::{Span, Spot};
use serde_json::{Value, json};

use crate::limits::LANGUAGE_NAME_BYTES_MAX;

/// Where an address leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// To a file of the workspace.
    Tree(TreePath),
    /// Elsewhere; the name of the file, safe to show.
    Outside(String),
}

/// The address of a file of the workspace.
pub(super) fn address(root: &Path, path: &TreePath) -> String {
    let mut text = String::from("file://");
    let whole = if path.is_root() { root.to_owned() } else { root.join(path.as_path()) };
    for byte in whole.as_os_str().as_bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~/".contains(byte);
        if plain {
            text.push(char::from(*byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

/// Where an address leads that a server named.
pub(super) fn place(root: &Path, address: &str) -> Place {
    let bytes = address.strip_prefix("file://").and_then(decoded);
    let within = bytes.as_deref().and_then(|bytes| {
        let inner = bytes.strip_prefix(root.as_os_str().as_bytes())?.strip_prefix(b"/")?;
        TreePath::from_bytes(inner).ok().filter(|path| !path.is_root())
    });
    match within {
        Some(path) => Place::Tree(path),
        None => {
            let name = address.rsplit('/').next().unwrap_or_default();
            let name = decoded(name).unwrap_or_default();
            let name = String::from_utf8_lossy(&name);
            Place::Outside(visible(clip(&name, LANGUAGE_NAME_BYTES_MAX)).replace('\n', " "))
        }
    }
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digit = |it: Option<u8>| it.and_then(|it| char::from(it).to_digit(16));
            let (high, low) = (digit(rest.next())?, digit(rest.next())?);
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    Some(bytes)
}

/// A position as a server counts it.
pub(super) fn position(spot: Spot) -> Value {
    json!({ "line": spot.line.saturating_sub(1), "character": spot.column.saturating_sub(1) })
}

/// A range as a server counts it.
pub(super) fn range(span: Span) -> Value {
    json!({ "start": position(span.from), "end": position(span.to) })
}

/// A position that a server named.
pub(super) fn spot(position: &Value) -> Option<Spot> {
    let number = |name: &str| {
        let number = position.get(name)?.as_u64()?;
        // Some servers mean the end of a line by the largest number.
        Some(u32::try_from(number).unwrap_or(u32::MAX).saturating_add(1))
    };
    Some(Spot { line: number("line")?, column: number("character")? })
}

/// A range that a server named; nothing where it ends before it begins.
pub(super) fn span(range: &Value) -> Option<Span> {
    let (from, to) = (spot(range.get("start")?)?, spot(range.get("end")?)?);
    (from <= to).then_some(Span { from, to })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> TreePath {
        TreePath::parse(text).unwrap()
    }

    #[test]
    fn addresses_and_paths_are_the_same_files() {
        let root = Path::new("/home/u/a b");
        for name in ["x.py", "d/ü%.c", "a b/#?.ts", r"\xff.c"] {
            let address = address(root, &path(name));
            assert!(address.is_ascii() && !address.contains(' '), "{address}");
            assert_eq!(place(root, &address), Place::Tree(path(name)), "{address}");
        }
        assert_eq!(place(root, "file:///home/u/a%20b/x.py"), Place::Tree(path("x.py")));
        assert_eq!(address(root, &TreePath::root()), "file:///home/u/a%20b");
    }

    #[test]
    fn what_leads_elsewhere_is_outside() {
        let root = Path::new("/home/u/p");
        let cases = [
            ("file:///home/u/p2/x.py", "x.py"),
            ("file:///home/u/p/../x.py", "x.py"),
            ("file:///home/u/p/%2e%2e/x.py", "x.py"),
            ("file:///home/u/p/a%2F..%2F..%2Fx.py", "a/../../x.py"),
            ("file:///home/u/p//x.py", "x.py"),
            ("file:///home/u/p", "p"),
            ("file://host/home/u/p/x.py", "x.py"),
            ("untitled:/home/u/p/x.py", "x.py"),
            ("file:///home/u/p/%zz", ""),
            ("javascript:alert(1)", "javascript:alert(1)"),
            ("", ""),
        ];
        for (address, name) in cases {
            assert_eq!(place(root, address), Place::Outside(name.to_owned()), "{address}");
        }
    }

    #[test]
    fn positions_count_from_one_here() {
        let there =
            json!({"start": {"line": 0, "character": 4}, "end": {"line": 2, "character": 0}});
        let here = Span { from: Spot { line: 1, column: 5 }, to: Spot { line: 3, column: 1 } };
        assert_eq!(span(&there), Some(here));
        assert_eq!(range(here), there);
        let end = json!({"line": 0, "character": u64::MAX});
        assert_eq!(spot(&end), Some(Spot { line: 1, column: u32::MAX }));
        for wrong in [
            json!(null),
            json!({"start": {"line": 0, "character": 1}}),
            json!({"start": {"line": 1, "character": 0}, "end": {"line": 0, "character": 9}}),
            json!({"start": {"line": -1, "character": 0}, "end": {"line": 0, "character": 9}}),
        ] {
            assert_eq!(span(&wrong), None, "{wrong}");
        }
    }
}
