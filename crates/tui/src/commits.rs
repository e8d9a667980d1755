// SPDX-License-Identifier: Apache-2.0
//! Commits of a session: what there is to take, what was taken, and what to do with it.
//!
//! Invariant: every text of a repository is one line, made visible.

use moat_base::visible;
use moat_protocol::{Branch, BranchRefusal, Commits, TakenBranch};

use crate::{Paint, Tone, count};

const ID_DIGITS_SHOWN: usize = 10;

/// Shows what a session committed; nothing when there is nothing to tell.
#[must_use]
pub fn commits(commits: &Commits, paint: Paint) -> String {
    let mut shown = String::new();
    for branch in &commits.branches {
        shown.push_str(&branch_lines(branch, paint));
    }
    if !commits.branches.is_empty() {
        shown.push_str(&row(paint, Tone::Label, "next", NEXT));
    }
    for it in &commits.taken {
        let text = format!("{} is taken already: {}", it.branch, place(it));
        shown.push_str(&row(paint, Tone::Faint, "commits", &text));
    }
    shown.push_str(&refusals(&commits.refused, paint));
    for it in &commits.others {
        let at = |place: &Option<String>| place.as_deref().map_or("not there", digits).to_owned();
        let text = format!(
            "{} is {} in the session, {} in your repository: {}",
            it.name,
            at(&it.session),
            at(&it.user),
            it.meaning
        );
        shown.push_str(&row(paint, Tone::Faint, "ref", &text));
    }
    if let Some(reason) = &commits.unavailable {
        let text = format!("commits of the session cannot be looked at: {reason}");
        shown.push_str(&row(paint, Tone::Warning, "commits", &text));
    }
    shown
}

/// Shows what a session committed, or that this is nothing.
pub(crate) fn pending(set: &Commits, paint: Paint) -> String {
    if set.is_empty() {
        return row(paint, Tone::Label, "commits", "the session has no new commits");
    }
    commits(set, paint)
}

/// Shows commits that were taken, and how to go on from there.
pub(crate) fn taken(taken: &[TakenBranch], refused: &[BranchRefusal], paint: Paint) -> String {
    let mut shown = String::new();
    for it in taken {
        let text = format!("{} in your repository; no branch of yours moved", place(it));
        shown.push_str(&row(paint, Tone::Good, "taken", &text));
        let name = short(&it.reference);
        let text = format!(
            "look with `git log {name}`, join with `git merge {name}`; undo with \
             `moat session commits --undo`"
        );
        shown.push_str(&row(paint, Tone::Label, "next", &text));
    }
    shown.push_str(&refusals(refused, paint));
    if shown.is_empty() {
        shown = row(paint, Tone::Label, "taken", "nothing: there are no new commits");
    }
    shown
}

/// Shows refs that were removed or moved back.
pub(crate) fn returned(
    returned: &[TakenBranch],
    refused: &[BranchRefusal],
    paint: Paint,
) -> String {
    let mut shown = String::new();
    for it in returned {
        let text = match &it.before {
            None => format!(
                "`{}` is removed; its objects stay until git clears unused ones away",
                it.reference
            ),
            Some(id) => format!("`{}` is at {} again", it.reference, digits(id)),
        };
        shown.push_str(&row(paint, Tone::Good, "undone", &text));
    }
    shown.push_str(&refusals(refused, paint));
    if shown.is_empty() {
        shown = row(paint, Tone::Label, "undone", "nothing: no commits were taken");
    }
    shown
}

fn branch_lines(branch: &Branch, paint: Paint) -> String {
    let from = branch.before.as_deref().map_or_else(
        || "you have no such branch".to_owned(),
        |id| format!("yours is at {}", digits(id)),
    );
    let text = format!(
        "{}: {} in {}, up to {}; {from}",
        branch.name,
        count(branch.commits, "new commit"),
        count(branch.objects, "object"),
        digits(&branch.tip),
    );
    let mut shown = row(paint, Tone::Label, "commits", &text);
    for commit in &branch.newest {
        let text = format!("{}  {}  ({})", digits(&commit.id), commit.subject, commit.author);
        shown.push_str(&format!("        {}\n", one_line(&text)));
    }
    let left = branch.commits.saturating_sub(branch.newest.len() as u64);
    if left > 0 {
        shown.push_str(&format!("        and {left} before these\n"));
    }
    shown
}

fn refusals(refused: &[BranchRefusal], paint: Paint) -> String {
    let lines = refused
        .iter()
        .map(|it| row(paint, Tone::Warning, "left", &format!("{}: {}", it.branch, it.reason)));
    lines.collect()
}

fn place(it: &TakenBranch) -> String {
    format!("`{}` is at {}", it.reference, digits(&it.tip))
}

/// A ref as git takes it on the command line.
fn short(reference: &str) -> &str {
    reference.strip_prefix("refs/").unwrap_or(reference)
}

fn digits(id: &str) -> &str {
    let is_id = id.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_id { id.get(..ID_DIGITS_SHOWN).unwrap_or(id) } else { id }
}

fn row(paint: Paint, tone: Tone, label: &str, text: &str) -> String {
    format!("{} {}\n", paint.paint(tone, &format!("{label:<7}")), one_line(text))
}

fn one_line(text: &str) -> String {
    visible(text).replace('\n', " ")
}

const NEXT: &str = "`moat session commits --keep` takes them into refs of their own in your \
                    repository; `moat session keep` does not";

#[cfg(test)]
mod tests {
    use moat_protocol::{Commit, OtherRef};

    use super::*;

    #[test]
    fn what_a_commit_says_is_shown_and_not_obeyed() {
        let evil = "\u{1b}]52;c;aGk=\u{7}\n\u{202e}x".to_owned();
        let commit = Commit { id: "ab".repeat(20), author: evil.clone(), subject: evil.clone() };
        let branch = Branch {
            name: evil.clone(),
            before: None,
            tip: "cd".repeat(20),
            commits: 30,
            objects: 90,
            newest: vec![commit],
            reference: "refs/moat/s/x".into(),
        };
        let refusal = BranchRefusal { branch: evil.clone(), reason: evil.clone() };
        let set = Commits {
            branches: vec![branch],
            taken: Vec::new(),
            refused: vec![refusal],
            others: vec![OtherRef {
                name: evil.clone(),
                session: Some(evil.clone()),
                user: None,
                meaning: evil.clone(),
            }],
            unavailable: Some(evil),
        };
        let shown = commits(&set, Paint::Plain);
        assert!(shown.contains("30 new commits in 90 objects, up to cdcdcdcdcd"), "{shown}");
        assert!(shown.contains("and 29 before these"), "{shown}");
        assert_eq!(shown.lines().count(), 7, "{shown}");
        assert!(!shown.chars().any(|it| it.is_control() && it != '\n'), "{shown:?}");
        assert!(!shown.contains('\u{202e}'));
    }

    #[test]
    fn taken_commits_say_how_to_go_on() {
        let it = TakenBranch {
            branch: "main".into(),
            reference: "refs/moat/0123456789/main".into(),
            before: None,
            tip: "ab".repeat(20),
        };
        let shown = taken(std::slice::from_ref(&it), &[], Paint::Plain);
        assert!(shown.contains("git merge moat/0123456789/main"), "{shown}");
        assert!(returned(&[it], &[], Paint::Plain).contains("is removed"));
        assert!(taken(&[], &[], Paint::Plain).contains("nothing"));
        assert!(commits(&Commits::default(), Paint::Plain).is_empty());
    }
}
