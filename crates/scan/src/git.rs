// SPDX-License-Identifier: Apache-2.0
//! The keys of a repository's configuration that execute, redirect or relax.
//!
//! Read as `git-config(1)` describes the syntax: sections, sub-sections in quotes, `name = value`,
//! lines that go on behind a backslash, quotes and comments. Files that it includes are not
//! followed; that it includes some is told.
//!
//! Source of the keys: `git-config(1)`, `gitattributes(5)`, `git-remote(1)`.
//!
//! Invariant: a key that is in the table is told with its whole value.

use std::borrow::Cow;

use moat_base::TreePath;

use crate::finding::{Act, Finding, Level, When};
use crate::limits::{CARRIED_BYTES_MAX, GIT_KEYS_MAX};

/// Keys that run their value, in small letters; `*` stands for a sub-section.
const EXECUTING: &[(&str, When)] = &[
    // These run at `git status`, which editors ask for when they open a folder.
    ("core.fsmonitor", When::Open),
    ("core.hookspath", When::Open),
    ("filter.*.clean", When::Open),
    ("filter.*.process", When::Open),
    ("filter.*.smudge", When::Action),
    ("alias.*", When::Action),
    ("browser.*.cmd", When::Action),
    ("browser.*.path", When::Action),
    ("core.alternaterefscommand", When::Action),
    ("core.askpass", When::Action),
    ("core.editor", When::Action),
    ("core.gitproxy", When::Action),
    ("core.pager", When::Action),
    ("core.sshcommand", When::Action),
    ("credential.helper", When::Action),
    ("credential.*.helper", When::Action),
    ("diff.external", When::Action),
    ("diff.*.command", When::Action),
    ("diff.*.textconv", When::Action),
    ("difftool.*.cmd", When::Action),
    ("difftool.*.path", When::Action),
    ("gc.recentobjectshook", When::Action),
    ("gpg.program", When::Action),
    ("gpg.*.program", When::Action),
    ("gpg.ssh.defaultkeycommand", When::Action),
    ("guitool.*.cmd", When::Action),
    ("init.templatedir", When::Action),
    ("instaweb.browser", When::Action),
    ("instaweb.httpd", When::Action),
    ("interactive.difffilter", When::Action),
    ("man.*.cmd", When::Action),
    ("man.*.path", When::Action),
    ("merge.*.driver", When::Action),
    ("mergetool.*.cmd", When::Action),
    ("mergetool.*.path", When::Action),
    ("pager.*", When::Action),
    ("remote.*.receivepack", When::Action),
    ("remote.*.uploadpack", When::Action),
    ("remote.*.vcs", When::Action),
    ("sendemail.*.smtpserver", When::Action),
    ("sendemail.cccmd", When::Action),
    ("sendemail.headercmd", When::Action),
    ("sendemail.sendmailcmd", When::Action),
    ("sendemail.smtpserver", When::Action),
    ("sendemail.tocmd", When::Action),
    ("sequence.editor", When::Action),
    ("submodule.*.update", When::Action),
    ("tar.*.command", When::Action),
    ("trailer.*.cmd", When::Action),
    ("trailer.*.command", When::Action),
    ("uploadpack.packobjectshook", When::Action),
    ("web.browser", When::Action),
];

/// Keys that send something elsewhere, or read it from there.
const REDIRECTING: &[&str] = &[
    "core.attributesfile",
    "core.worktree",
    "http.proxy",
    "http.*.proxy",
    "http.cookiefile",
    "http.extraheader",
    "http.*.extraheader",
    "include.path",
    "includeif.*.path",
    "remote.*.proxy",
    "url.*.insteadof",
    "url.*.pushinsteadof",
];

/// Keys that weaken a check where they are false.
const CHECKS: &[&str] = &[
    "core.protecthfs",
    "core.protectntfs",
    "fetch.fsckobjects",
    "http.sslverify",
    "http.*.sslverify",
    "receive.fsckobjects",
    "transfer.fsckobjects",
];

/// What a repository's configuration makes git do.
pub(crate) fn config(path: &TreePath, content: &[u8]) -> Vec<Finding> {
    let text = String::from_utf8_lossy(content);
    let mut findings = Vec::new();
    let mut rest = 0_usize;
    for entry in entries(&text) {
        let Some((rule, when, effect, says)) = judged(&entry) else { continue };
        if findings.len() == GIT_KEYS_MAX {
            rest += 1;
            continue;
        }
        let cut = entry.value.floor_char_boundary(CARRIED_BYTES_MAX);
        let mut carries = entry.value.get(..cut).unwrap_or_default().to_owned();
        if cut < entry.value.len() {
            carries.push_str(&format!("\n(and {} more bytes)", entry.value.len() - cut));
        }
        findings.push(found(path, (rule, entry.line, entry.key), carries, (when, effect), says));
    }
    if rest > 0 {
        let carries = format!("{rest} more keys that act");
        let place = ("git-config-executes", None, String::new());
        let how = (When::Open, Act::Execute);
        findings.push(found(path, place, carries, how, "has more such keys than are shown"));
    }
    findings
}

fn found(
    path: &TreePath,
    (rule, line, key): (&'static str, Option<u32>, String),
    carries: String,
    (when, effect): (When, Act),
    says: &'static str,
) -> Finding {
    Finding {
        rule: Cow::Borrowed(rule),
        path: path.clone(),
        line,
        key,
        carries,
        readers: Cow::Borrowed("git, and every tool that uses it"),
        when,
        effect,
        level: Level::High,
        says: Cow::Borrowed(says),
    }
}

fn judged(entry: &Entry) -> Option<(&'static str, When, Act, &'static str)> {
    let value = entry.value.trim();
    if let Some((pattern, when)) = EXECUTING.iter().find(|(it, _)| fits(it, &entry.key)) {
        let is_harmless = match *pattern {
            "core.fsmonitor" => is_switch(value),
            "pager.*" => is_switch(value),
            // Others than these name another alias or a way to update.
            "alias.*" | "submodule.*.update" => !value.starts_with('!'),
            _ => value.is_empty(),
        };
        let says = "runs the value as a program";
        return (!is_harmless).then_some(("git-config-executes", *when, Act::Execute, says));
    }
    if REDIRECTING.iter().any(|it| fits(it, &entry.key)) {
        let says = "sends git elsewhere, or has it read what lies elsewhere";
        return (!value.is_empty()).then_some((
            "git-config-redirects",
            When::Action,
            Act::Redirect,
            says,
        ));
    }
    let is_off = ["false", "no", "off", "0"].contains(&value.to_lowercase().as_str());
    (is_off && CHECKS.iter().any(|it| fits(it, &entry.key))).then_some((
        "git-config-relaxes",
        When::Action,
        Act::Relax,
        "switches a check of git's off",
    ))
}

/// Whether git takes a value for yes or no instead of a program.
fn is_switch(value: &str) -> bool {
    let value = value.to_lowercase();
    ["", "true", "false", "yes", "no", "on", "off", "1", "0"].contains(&value.as_str())
}

/// Whether a key, with its sub-section as git has it, is one of the table's.
fn fits(pattern: &str, key: &str) -> bool {
    match pattern.split_once(".*") {
        None => pattern == key,
        Some((section, name)) => key
            .strip_prefix(section)
            .and_then(|rest| rest.strip_prefix('.'))
            .is_some_and(|rest| rest.len() > name.len() && rest.ends_with(name)),
    }
}

/// One value with its place.
#[derive(Debug, PartialEq, Eq)]
struct Entry {
    line: Option<u32>,
    /// Section, sub-section and name joined by dots, the first and the last in small letters.
    key: String,
    value: String,
}

/// The values of a configuration. What is no configuration gives nothing more from there on a
/// line's end: git itself refuses such a file.
fn entries(text: &str) -> Vec<Entry> {
    let mut found = Vec::new();
    let mut section = String::new();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.split('\n').enumerate();
    while let Some((number, line)) = lines.next() {
        let mut rest = line.trim_start();
        if let Some(head) = rest.strip_prefix('[') {
            let Some((name, behind)) = heading(head) else { continue };
            section = name;
            rest = behind.trim_start();
        }
        if rest.is_empty() || rest.starts_with(['#', ';']) {
            continue;
        }
        let end = rest
            .find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-')
            .unwrap_or(rest.len());
        let (name, behind) = rest.split_at_checked(end).unwrap_or((rest, ""));
        if name.is_empty() {
            continue;
        }
        let value = match behind.trim_start().strip_prefix('=') {
            // A name alone is a yes.
            None => "true".to_owned(),
            Some(first) => {
                let mut reading = Reading::default();
                let mut goes_on = reading.line(first);
                while goes_on {
                    let Some((_, next)) = lines.next() else { break };
                    goes_on = reading.line(next);
                }
                reading.end()
            }
        };
        let key = format!("{section}.{}", name.to_ascii_lowercase());
        found.push(Entry { line: u32::try_from(number + 1).ok(), key, value });
    }
    found
}

/// The name of a section behind its bracket, and what follows it on the line.
fn heading(text: &str) -> Option<(String, &str)> {
    let end = text.find([']', '"'])?;
    let (name, rest) = text.split_at_checked(end)?;
    let name = name.trim().to_ascii_lowercase();
    let Some(quoted) = rest.strip_prefix('"') else { return Some((name, rest.get(1..)?)) };
    let mut sub = String::new();
    let mut letters = quoted.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => sub.extend(letters.next().map(|(_, letter)| letter)),
            '"' => {
                let behind = quoted.get(at + 1..)?.trim_start().strip_prefix(']')?;
                return Some((format!("{name}.{sub}"), behind));
            }
            other => sub.push(other),
        }
    }
    None
}

/// A value that is being read, line by line.
#[derive(Debug, Default)]
struct Reading {
    value: String,
    /// The length of the value without blanks at its end that are in no quotes.
    kept: usize,
    is_quoted: bool,
}

impl Reading {
    /// Reads a line; whether the value goes on in the next one.
    fn line(&mut self, line: &str) -> bool {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let line = if self.value.is_empty() { line.trim_start() } else { line };
        let mut letters = line.chars();
        while let Some(letter) = letters.next() {
            match letter {
                '\\' => match letters.next() {
                    None => return true,
                    Some('n') => self.keep('\n'),
                    Some('t') => self.keep('\t'),
                    Some('b') => self.keep('\u{8}'),
                    Some(other) => self.keep(other),
                },
                '"' => {
                    self.is_quoted = !self.is_quoted;
                    self.kept = self.value.len();
                }
                '#' | ';' if !self.is_quoted => return false,
                ' ' | '\t' if !self.is_quoted => self.value.push(letter),
                other => self.keep(other),
            }
        }
        false
    }

    fn keep(&mut self, letter: char) {
        self.value.push(letter);
        self.kept = self.value.len();
    }

    fn end(mut self) -> String {
        self.value.truncate(self.kept);
        self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Vec<(String, String)> {
        entries(text).into_iter().map(|entry| (entry.key, entry.value)).collect()
    }

    #[test]
    fn the_syntax_is_read_as_git_reads_it() {
        let text = "# c\n[Core]\n\tFsMonitor = \"a b\"  ; c\n  bare\n[filter \"X.y\\\"\"] clean = a \\\n  b # c\n\
                    [a]\nb = x \"# y\" \\\\ z  \nc=\r\n";
        let expected = [
            ("core.fsmonitor", "a b"),
            ("core.bare", "true"),
            ("filter.X.y\".clean", "a   b"),
            ("a.b", "x # y \\ z"),
            ("a.c", ""),
        ];
        let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(keys(text), expected);
        for broken in ["[", "[a", "[a \"b", "=\n", "[a]\n= b\n", "\\", "[a]\nb = \\"] {
            let _no_panic = entries(broken);
        }
    }

    #[test]
    fn every_key_acts_and_its_near_miss_does_not() {
        let path = TreePath::parse(".git/config").unwrap();
        let write = |pattern: &str, value: &str| {
            let key = pattern.replace('*', "Sub.one");
            let (section, name) = key.rsplit_once('.').unwrap();
            match section.split_once('.') {
                None => format!("[{section}]\n\t{name} = {value}\n"),
                Some((section, sub)) => format!("[{section} \"{sub}\"]\n\t{name} = {value}\n"),
            }
        };
        // `alias.*` and `pager.*` name keys and no sub-sections.
        let plain =
            |pattern: &str| pattern.replace("alias.*", "alias.x").replace("pager.*", "pager.x");
        for (pattern, when) in EXECUTING {
            let text = write(&plain(pattern), "!touch CANARY");
            let found = config(&path, text.as_bytes());
            assert_eq!(found.len(), 1, "{text}");
            assert!(found[0].carries == "!touch CANARY" && found[0].when == *when, "{found:?}");
            assert_eq!(found[0].line, Some(2));
            assert!(config(&path, write(&plain(pattern), "").as_bytes()).is_empty(), "{pattern}");
            let other = text.replacen('\t', "\tnot-", 1);
            assert!(config(&path, other.as_bytes()).iter().all(|it| it.key != found[0].key));
        }
        for pattern in REDIRECTING {
            let found = config(&path, write(pattern, "/elsewhere").as_bytes());
            assert_eq!((found.len(), found[0].effect), (1, Act::Redirect), "{pattern}");
        }
        for pattern in CHECKS {
            let off = config(&path, write(pattern, "false").as_bytes());
            assert_eq!((off.len(), off[0].effect), (1, Act::Relax), "{pattern}");
            assert!(config(&path, write(pattern, "true").as_bytes()).is_empty(), "{pattern}");
        }
        let usual = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n\tfsmonitor = true\n\
                     [remote \"origin\"]\n\turl = https://git.example/a\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n\
                     [branch \"main\"]\n\tremote = origin\n\tmerge = refs/heads/main\n[alias]\n\tst = status\n\
                     [pager]\n\tlog = false\n[submodule \"a\"]\n\tupdate = rebase\n\tactive = true\n";
        assert_eq!(config(&path, usual.as_bytes()), []);
    }

    #[test]
    fn many_keys_are_bounded_and_counted() {
        let path = TreePath::parse(".git/config").unwrap();
        let text = "[core]\n".to_owned() + &"pager = x\n".repeat(GIT_KEYS_MAX + 7);
        let found = config(&path, text.as_bytes());
        assert_eq!(found.len(), GIT_KEYS_MAX + 1);
        assert!(found.last().unwrap().carries.starts_with("7 more"));
    }
}
