// SPDX-License-Identifier: Apache-2.0
//! Archives, also those that lie about themselves.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use moat_scan::Level;
use moat_survey::Survey;

use crate::support::{HIDDEN, TASKS, Tree, acts, look, rules};

/// An archive in the making.
#[derive(Default)]
struct Tar(Vec<u8>);

impl Tar {
    fn header(mut self, kind: u8, name: &str, target: &str, length: u64) -> Self {
        let mut block = [0_u8; 512];
        let mut field = |at: usize, text: &[u8]| block[at..at + text.len()].copy_from_slice(text);
        field(0, name.as_bytes());
        field(100, b"0000644\0");
        field(124, format!("{length:011o}\0").as_bytes());
        field(148, b"        ");
        field(156, &[kind]);
        field(157, target.as_bytes());
        field(257, b"ustar\x0000");
        let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        self.0.extend(block);
        self
    }

    fn content(mut self, content: &[u8]) -> Self {
        self.0.extend(content);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let content = content.as_ref();
        self.header(b'0', name, "", content.len() as u64).content(content)
    }

    fn record(self, kind: u8, content: &str) -> Self {
        self.header(kind, "record", "", content.len() as u64).content(content.as_bytes())
    }

    fn end(mut self) -> Vec<u8> {
        self.0.extend([0; 1024]);
        self.0
    }

    fn look(self) -> Survey {
        of(self.end())
    }
}

fn of(bytes: impl AsRef<[u8]>) -> Survey {
    let tree = Tree::new();
    look(&tree.put("archive", bytes))
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn what_acts_is_found_packed_or_not() {
    let tar = || Tar::default().file("./p/.vscode/tasks.json", TASKS).file("p/src/a.rs", HIDDEN);
    for bytes in [tar().end(), packed(&tar().end())] {
        let seen = of(bytes);
        assert!(acts(&seen, "p/.vscode/tasks.json"));
        assert!(!rules(&seen, "p/src/a.rs").is_empty());
        assert_eq!(seen.counts.files, 2);
    }
}

#[test]
fn names_and_links_that_lead_out_are_told() {
    let seen = Tar::default()
        .file("/etc/cron.d/x", "x")
        .file("a/../../up", "x")
        .header(b'2', "link", "/etc", 0)
        .header(b'2', "d/near", "../ok", 0)
        .header(b'1', "hard", "../../etc/passwd", 0)
        .header(b'3', "device", "", 0)
        .look();
    assert_eq!(rules(&seen, "etc/cron.d/x"), ["archive-outside"]);
    assert_eq!(rules(&seen, "a/up"), ["archive-outside"]);
    assert_eq!(rules(&seen, "link"), ["archive-link-out"]);
    assert_eq!(rules(&seen, "hard"), ["archive-link-out"]);
    assert_eq!(rules(&seen, "device"), ["special-file"]);
    assert!(rules(&seen, "d/near").is_empty());
    assert_eq!(seen.findings.first().unwrap().finding.level, Level::High);
}

#[test]
fn a_bomb_is_told_and_left() {
    let zeros = vec![0; 1 << 20];
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let head = Tar::default().header(b'0', "zeros", "", 4 << 30).0;
    encoder.write_all(&head).unwrap();
    for _part in 0..400 {
        encoder.write_all(&zeros).unwrap();
    }
    let seen = of(encoder.finish().unwrap());
    assert!(rules(&seen, "archive").contains(&"archive-bomb".to_owned()), "{:?}", seen.findings);
    // The control: as much that does not shrink so far is read to its end.
    let seen = Tar::default().file("a", &zeros).file(".vscode/tasks.json", TASKS).look();
    assert!(acts(&seen, ".vscode/tasks.json") && rules(&seen, "archive").is_empty());
}

#[test]
fn an_archive_that_lies_is_told() {
    let whole = Tar::default().file("a/.vscode/tasks.json", TASKS).file("b", "x").end();
    let mut flipped = whole.clone();
    let second = 512 + TASKS.len().next_multiple_of(512);
    flipped[second] ^= 1;
    let cut = whole[..second + 100].to_vec();
    let claims = Tar::default().file("a/.vscode/tasks.json", TASKS).header(b'0', "b", "", 1 << 32);
    let long = Tar::default().file("a/.vscode/tasks.json", TASKS).header(b'L', "b", "", 1 << 32);
    for bytes in [flipped, cut, claims.0, long.0] {
        let seen = of(bytes);
        assert!(acts(&seen, "a/.vscode/tasks.json"));
        assert!(!rules(&seen, "archive").is_empty(), "{:?}", seen.findings);
    }
}

#[test]
fn names_of_records_count() {
    let seen = Tar::default()
        .record(b'L', "gnu/.vscode/tasks.json\0")
        .file("harmless", TASKS)
        .record(b'x', "31 path=pax/.vscode/tasks.json\n")
        .file("harmless", TASKS)
        .file("harmless", TASKS)
        .look();
    assert!(acts(&seen, "gnu/.vscode/tasks.json") && acts(&seen, "pax/.vscode/tasks.json"));
    assert!(!acts(&seen, "harmless"), "a name is of one entry alone");
}

#[test]
fn what_is_no_archive_is_a_file() {
    let seen = of(packed(HIDDEN.as_bytes()));
    assert!(!rules(&seen, "archive").contains(&"archive-not-read".to_owned()));
    assert_eq!(of("").findings.len(), 0);
    assert!(!rules(&of(HIDDEN), "archive").is_empty());
}
