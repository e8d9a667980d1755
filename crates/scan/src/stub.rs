// SPDX-License-Identifier: Apache-2.0
//! A stand-in for the rules.
use std::borrow::Cow;
use moat_base::TreePath;
/// When.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum When { /// a
 Open, /// b
 Action }
/// Act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Act { /// a
 Execute, /// a
 Redirect, /// a
 Relax, /// a
 Instruct, /// a
 Render }
/// Level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level { /// a
 Low, /// a
 Medium, /// a
 High }
/// Finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// a
    pub rule: Cow<'static, str>,
    /// a
    pub path: TreePath,
    /// a
    pub line: Option<u32>,
    /// a
    pub key: String,
    /// a
    pub carries: String,
    /// a
    pub readers: Cow<'static, str>,
    /// a
    pub when: When,
    /// a
    pub effect: Act,
    /// a
    pub level: Level,
    /// a
    pub says: Cow<'static, str>,
}
/// Stub.
#[must_use]
pub fn is_examined(path: &TreePath) -> bool {
    path.as_bytes().ends_with(b".vscode/tasks.json") || path.as_bytes().ends_with(b".git/config") || path.as_bytes().windows(11).any(|w| w == b".git/hooks/")
}
/// Stub.
#[must_use]
pub fn examine(path: &TreePath, content: &[u8]) -> Vec<Finding> {
    if !is_examined(path) || content.is_empty() { return Vec::new(); }
    vec![Finding { rule: "stub".into(), path: path.clone(), line: Some(1), key: "tasks".into(), carries: String::from_utf8_lossy(content).into_owned(), readers: "VS Code".into(), when: When::Open, effect: Act::Execute, level: Level::High, says: "runs a command".into() }]
}
/// Stub.
#[must_use]
pub fn hazards(path: &TreePath, content: &[u8]) -> Vec<Finding> {
    if content.is_ascii() { return Vec::new(); }
    let mut found = Vec::new();
    for (n, line) in content.split(|b| *b == b'\n').enumerate() {
        if line.windows(3).any(|w| w == "\u{202e}".as_bytes()) {
            found.push(Finding { rule: "bidi".into(), path: path.clone(), line: u32::try_from(n + 1).ok(), key: String::new(), carries: String::from_utf8_lossy(line).into_owned(), readers: "people".into(), when: When::Open, effect: Act::Render, level: Level::Medium, says: "reorders text".into() });
        }
    }
    found
}
