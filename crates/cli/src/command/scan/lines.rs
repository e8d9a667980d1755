// SPDX-License-Identifier: Apache-2.0
//! What was found as a person reads it: the most dangerous first, the files of a level together.
//!
//! Invariant: what a finding carries is shown whole, and nothing of it acts on the terminal.

use moat_base::{TreePath, visible};
use moat_scan::{Level, When};
use moat_survey::Found;
use moat_tui::{Paint, Tone};

use super::{Told, level};

/// The text, in pieces that are written one after another.
pub(super) fn pieces(told: &Told, paint: Paint) -> impl Iterator<Item = String> {
    let mut last: Option<(Level, &TreePath)> = None;
    let findings = told.fresh().map(move |found| {
        let it = &found.finding;
        let mut text = String::new();
        if last.replace((it.level, &it.path)) != Some((it.level, &it.path)) {
            text.push_str(&heading(it.level, &it.path, paint));
        }
        text.push_str(&body(found, paint));
        text
    });
    findings.chain(std::iter::once_with(move || summary(told, paint)))
}

fn heading(of: Level, path: &TreePath, paint: Paint) -> String {
    let tone = match of {
        Level::High => Tone::Bad,
        Level::Medium => Tone::Warning,
        Level::Low => Tone::Faint,
    };
    let path = if path.is_root() { ".".to_owned() } else { line(&path.to_string()) };
    format!("{} {}\n", paint.paint(tone, level(of)), paint.paint(Tone::Name, &path))
}

fn body(found: &Found, paint: Paint) -> String {
    let it = &found.finding;
    let place = it.line.map_or_else(String::new, |line| format!("line {line}: "));
    let when = match it.when {
        When::Open => "on open",
        When::Action => "on action",
    };
    let mut text = format!("  {place}{}, {when}: {}", line(&it.readers), line(&it.says));
    text.push_str(&paint.paint(Tone::Faint, &format!(" [{}]", line(&it.rule))));
    text.push('\n');
    if !it.key.is_empty() {
        text.push_str(&format!("    {}\n", paint.paint(Tone::Faint, &line(&it.key))));
    }
    for carried in visible(&it.carries).lines() {
        text.push_str(&format!("    | {carried}\n"));
    }
    text
}

fn summary(told: &Told, paint: Paint) -> String {
    let count = |of: Level| told.fresh().filter(|it| it.finding.level == of).count();
    let counts = &told.seen.counts;
    let mut text = format!(
        "{} high, {} medium, {} low in {} files of {}\n",
        count(Level::High),
        count(Level::Medium),
        count(Level::Low),
        counts.files,
        line(&told.root.display().to_string()),
    );
    let accepted = told.accepted.iter().filter(|accepted| **accepted).count();
    if accepted > 0 {
        text.push_str(&format!("{accepted} more are accepted by the baseline\n"));
    }
    if told.stale > 0 {
        text.push_str(&format!(
            "{} entries of the baseline were not found: they are fixed, or their files changed\n",
            told.stale
        ));
    }
    if !told.is_whole() {
        let note = "interrupted: not everything was looked at\n";
        text.push_str(&paint.paint(Tone::Warning, note));
    }
    text
}

/// A text of one line in which nothing hides.
fn line(text: &str) -> String {
    visible(text).replace(['\n', '\t'], " ")
}
