// SPDX-License-Identifier: Apache-2.0
//! Checkpoints, and going back to one: what would happen, and what did.

use moat_base::TreePath;
use moat_protocol::{ChangeKind, Checkpoint, PathChange, Refusal, RewindPlan, Rewound};

use super::Screen;
use crate::{Detail, Tone, count};

impl Screen {
    pub(super) fn checkpointed(&self, checkpoint: &Checkpoint) -> String {
        match self.detail {
            Detail::Usual => String::new(),
            Detail::Everything => {
                let Checkpoint { number, after, .. } = checkpoint;
                self.line("saved", Tone::Faint, &format!("checkpoint {number}: {after}"))
            }
        }
    }

    pub(super) fn rewind_planned(&self, plan: &RewindPlan) -> String {
        let mut shown = self.path_changes(&plan.changes, plan.changed);
        for task in &plan.leaving {
            shown.push_str(&self.line("leaves", Tone::Bad, &format!("the turn: {task}")));
        }
        for task in &plan.returning {
            shown.push_str(&self.line("returns", Tone::Good, &format!("the turn: {task}")));
        }
        shown.push_str(&self.exceptions(&plan.left, &plan.kept));
        if shown.is_empty() {
            shown = self.line("rewind", Tone::Label, "nothing would change");
        }
        shown
    }

    pub(super) fn rewound(&self, rewound: &Rewound) -> String {
        let mut shown = self.path_changes(&rewound.changes, rewound.changed);
        shown.push_str(&self.exceptions(&rewound.left, &rewound.kept));
        let text = format!(
            "at checkpoint {}; your tree is untouched. Forward again: \
             `moat session rewind {} --to {}`",
            rewound.to, self.session, rewound.before
        );
        shown + &self.line("rewound", Tone::Good, &text)
    }

    fn path_changes(&self, changes: &[PathChange], all: u64) -> String {
        let mut shown = String::new();
        for change in changes {
            let (label, tone) = match change.kind {
                ChangeKind::Created => ("new", Tone::Good),
                ChangeKind::Modified => ("changed", Tone::Warning),
                ChangeKind::Deleted => ("gone", Tone::Bad),
                ChangeKind::Mode => ("mode", Tone::Warning),
                ChangeKind::Type => ("type", Tone::Warning),
            };
            shown.push_str(&self.line(label, tone, &change.path.to_string()));
        }
        let more = all.saturating_sub(changes.len() as u64);
        if more > 0 {
            let text = format!("and {}", count(more, "more path"));
            shown.push_str(&self.line("", Tone::Faint, &text));
        }
        shown
    }

    fn exceptions(&self, left: &[Refusal], kept: &[TreePath]) -> String {
        let mut shown = String::new();
        for refusal in left {
            let text = format!("{}: {}", refusal.path, refusal.reason);
            shown.push_str(&self.line("left", Tone::Warning, &text));
        }
        for path in kept {
            let text = format!(
                "{path}: it was kept, and the session shows it as your tree has it \
                 (`moat session undo` takes the keep back)"
            );
            shown.push_str(&self.line("kept", Tone::Warning, &text));
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use moat_protocol::RewindScope;

    use super::*;
    use crate::Paint;

    #[test]
    fn a_rewind_names_each_path_the_turns_and_the_way_forward() {
        let path = |text: &str| TreePath::parse(text).unwrap();
        let plan = RewindPlan {
            changes: vec![PathChange { path: path("a\\x1b"), kind: ChangeKind::Created }],
            changed: 3,
            left: vec![Refusal { path: path("big"), reason: "too large".into(), confirm: None }],
            kept: vec![path("kept.txt")],
            leaving: vec!["fix\u{1b} it".into()],
            ..RewindPlan::empty(2, RewindScope::Both)
        };
        let screen = Screen::new(Paint::Plain, Detail::Usual).for_session("abc");
        let shown = screen.rewind_planned(&plan);
        for part in ["new", "and 2 more paths", "big: too large", "kept.txt", "leaves", "<U+001B>"]
        {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        assert!(!shown.contains('\u{1b}'));
        let nothing = RewindPlan::empty(2, RewindScope::Both);
        assert!(screen.rewind_planned(&nothing).contains("nothing would change"));
        let RewindPlan { to, scope, changes, changed, left, kept, .. } = plan;
        let rewound = Rewound { to, scope, before: 7, changes, changed, left, kept };
        assert!(screen.rewound(&rewound).contains("moat session rewind abc --to 7"));
    }
}
