// SPDX-License-Identifier: Apache-2.0
//! A surface is one in every spelling, and links that are or lead to one are, too.

use moat_base::TreePath;
use moat_scan::{Side, Touch, is_gated, touches};

fn path(bytes: &[u8]) -> TreePath {
    TreePath::from_bytes(bytes).unwrap()
}

fn change(bytes: &[u8], before: Side<'_>, after: Side<'_>) -> Vec<Touch> {
    touches(&path(bytes), before, after, &mut |_which| None)
}

/// Ways to write each name of a path.
fn spellings(name: &str) -> Vec<String> {
    let upper = name.to_uppercase();
    let mut all = vec![
        name.to_owned(),
        upper.clone(),
        format!("{name}."),
        format!("{name} . "),
        format!("{name}::$DATA"),
        format!("{name}::$INDEX_ALLOCATION"),
        format!("{name}:x"),
        format!("\u{200c}{name}"),
        format!("{name}\u{feff}"),
        format!("{upper}\u{ad}."),
    ];
    let lookalikes = [("s", "\u{17f}"), ("k", "\u{212a}"), ("i", "\u{131}"), ("fi", "\u{fb01}")];
    for (plain, other) in lookalikes {
        if name.contains(plain) {
            all.push(name.replace(plain, other));
        }
    }
    let plain = name.trim_start_matches('.');
    let (base, extension) = plain.rsplit_once('.').unwrap_or((plain, ""));
    let cut = |text: &str, length: usize| text.get(..length).unwrap_or(text).to_uppercase();
    let dot = if extension.is_empty() { "" } else { "." };
    all.push(format!("{}~1{dot}{}", cut(base, 6), cut(extension, 3)));
    all.push(format!("{}1A2B~1{dot}{}", cut(base, 2), cut(extension, 3)));
    all
}

#[test]
fn no_spelling_evades() {
    let surfaces = [
        ".vscode/tasks.json",
        ".claude/settings.json",
        ".kiro/hooks/a",
        ".mcp.json",
        ".npmrc",
        ".idea/runConfigurations/x.xml",
        ".config/dotnet-tools.json",
        "project.csproj",
        ".env.local",
    ];
    let mut tried = 0;
    for surface in surfaces {
        let names: Vec<&str> = surface.split('/').collect();
        for (at, name) in names.iter().enumerate() {
            for spelling in spellings(name) {
                // The last name below a directory that counts as a whole is free.
                let mut written: Vec<&str> = names.clone();
                written[at] = &spelling;
                for (prefix, separator) in
                    [("", "/"), ("sub/", "/"), ("", "\\"), ("a\\b\\..\\", "\\")]
                {
                    let bytes = format!("{prefix}{}", written.join(separator));
                    let touched = change(bytes.as_bytes(), Side::Nothing, Side::File);
                    assert!(is_gated(&touched), "{bytes:?}");
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 500, "{tried}");
}

#[test]
fn bytes_that_are_no_text_do_not_hide_a_name() {
    for bytes in [b".mcp\xff.json".as_slice(), b".vscode/tasks.json\xed\xa0\x80"] {
        assert!(is_gated(&change(bytes, Side::Nothing, Side::File)), "{bytes:?}");
    }
}

#[test]
fn directories_are_none_and_links_in_their_place_are() {
    for name in [b".vscode".as_slice(), b"sub/.Claude", b".cursor", b".config"] {
        assert!(!is_gated(&change(name, Side::Nothing, Side::Directory)), "{name:?}");
        assert!(!is_gated(&change(name, Side::Nothing, Side::File)), "{name:?}");
        assert!(is_gated(&change(name, Side::Nothing, Side::Link(b"elsewhere"))), "{name:?}");
        assert!(is_gated(&change(name, Side::Link(b"a"), Side::Link(b"b"))), "{name:?}");
    }
    // What lay behind the link is gone with it.
    assert!(is_gated(&change(b".claude", Side::Link(b"shared"), Side::Directory)));
    assert!(!is_gated(&change(b"src", Side::Nothing, Side::Link(b"elsewhere"))));
}

#[test]
fn links_that_lead_to_a_surface_are_one() {
    let cases: [(&[u8], &[u8], bool); 8] = [
        (b"notes", b".vscode/tasks.json", true),
        (b"notes", b".vscode", true),
        (b"a/notes", b"../.VSCODE", true),
        (b"a/b/notes", b"../../x/../.mcp.json", true),
        (b"notes", b"./sub/.claude/settings.json", true),
        (b"notes", b"a\\.vscode", true),
        (b"notes", b"src", false),
        (b"notes", b"Makefile", false),
    ];
    for (name, target, expected) in cases {
        let touched = change(name, Side::Nothing, Side::Link(target));
        assert_eq!(is_gated(&touched), expected, "{name:?} {target:?}");
    }
    let makefile = change(b"notes", Side::Nothing, Side::Link(b"Makefile"));
    assert_eq!(makefile.len(), 1, "it is told");
}
