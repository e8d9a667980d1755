// SPDX-License-Identifier: Apache-2.0
//! Surfaces: what a change would make other tools do, and the question before it is kept.
//!
//! Invariant: a question shows all that a yes would write, or its digest.

use moat_base::visible;
use moat_protocol::{Change, ChangeClass, Refusal, Surface, SurfaceEffect};

use crate::change::{one_line, whole};
use crate::{Paint, Tone};

/// Shows a change that needs a confirmation of its own: who reads it and when, what it can
/// do, and all of the change.
#[must_use]
pub fn surface_question(change: &Change, paint: Paint) -> String {
    let path = change.path.to_string();
    let mut text = format!(
        "{} {}\n",
        paint.paint(Tone::Bad, "confirm"),
        paint.paint(Tone::Name, &one_line(&path))
    );
    let mut row = |label: &str, words: &str| {
        let label = paint.paint(Tone::Label, &format!("{label:<8}"));
        text.push_str(&format!("        {label} {}\n", one_line(words)));
    };
    for surface in change.gates() {
        row("can", surface.does.trim_start_matches("can "));
        row("read by", &surface.reader);
        let times = surface.effects.iter().map(|effect| when(*effect));
        row("acts", &times.collect::<Vec<_>>().join("; "));
        if !surface.keys.is_empty() {
            row("look for", &surface.keys);
        }
    }
    // What it does was said above.
    let plain = Change { surfaces: Vec::new(), ..change.clone() };
    text.push_str(&whole(&plain, paint));
    // A long change may have pushed the first lines out of sight.
    if let Some(id) = &change.confirm {
        let exactly = one_line(&format!("{path} as {id}"));
        text.push_str(&format!("{} {exactly}\n", paint.paint(Tone::Bad, "exactly")));
    }
    text
}

/// The lines below a change's path that say what it would make other tools do.
pub(crate) fn surface_lines(change: &Change) -> Vec<(Tone, String)> {
    let line = |surface: &Surface| {
        let (tone, note) = if surface.gated {
            (Tone::Bad, "; kept only with a confirmation of its own")
        } else {
            (Tone::Warning, "")
        };
        (
            tone,
            format!("surface: {} ({}){note}", one_line(&surface.does), one_line(&surface.reader)),
        )
    };
    change.surfaces.iter().map(line).collect()
}

/// The section about git's own files, which are never kept; empty when there are none.
pub(crate) fn git_section(changes: &[Change], paint: Paint) -> String {
    let mut text = String::new();
    for change in changes.iter().filter(|change| change.class == ChangeClass::GitMetadata) {
        let label = paint.paint(Tone::Warning, &format!("{:<7}", "git"));
        let path = change.path.to_string();
        let path = paint.paint(Tone::Name, &one_line(&path));
        text.push_str(&format!("{label} {path}  changed in the session; never kept\n"));
        for surface in &change.surfaces {
            let at = surface.at.as_ref().unwrap_or(&change.path).to_string();
            let words = format!("{at}: {} ({})", surface.does, surface.reader);
            text.push_str(&format!("        {}\n", paint.paint(Tone::Bad, &one_line(&words))));
        }
    }
    text
}

/// How each change is confirmed that a keep left for want of it.
pub(crate) fn ways_to_confirm(session: &str, refused: &[Refusal]) -> Vec<String> {
    let way = |refusal: &Refusal| {
        let id = refusal.confirm.as_ref()?;
        let name = format!("{}={id}", refusal.path).replace('\'', "'\\''");
        Some(format!("moat session keep {session} --confirm-surface '{name}'"))
    };
    let ways = refused.iter().filter_map(way);
    ways.map(|way| visible(&way.replace("keep  ", "keep ")).into_owned()).collect()
}

/// When a reader acts on a surface.
const fn when(effect: SurfaceEffect) -> &'static str {
    match effect {
        SurfaceEffect::ExecOpen => "when the directory is opened, or a tool starts in it",
        SurfaceEffect::ExecAction => "at a build, a test, an installation or a git command",
        SurfaceEffect::Redirect => "when something connects or downloads",
        SurfaceEffect::Relax => "when a tool decides what to ask about or to confine",
        SurfaceEffect::Prompt => "when a model reads it",
        SurfaceEffect::Render => "when it is shown",
        SurfaceEffect::Inject => "when its name reaches a shell",
        SurfaceEffect::Persist => "at every login, from a home directory",
    }
}

#[cfg(test)]
mod tests {
    use moat_base::TreePath;
    use moat_protocol::{ChangeKind, ChangeSet, Hunk, Merge, Mode, Side};

    use super::*;
    use crate::{Detail, change_set};

    fn surface(gated: bool) -> Surface {
        Surface {
            at: None,
            reader: "some tool".into(),
            keys: "servers".into(),
            effects: vec![SurfaceEffect::ExecOpen, SurfaceEffect::Redirect],
            does: "can start programs".into(),
            gated,
        }
    }

    fn change(class: ChangeClass, surfaces: Vec<Surface>) -> Change {
        Change {
            path: TreePath::parse(".mcp.json").unwrap(),
            kind: ChangeKind::Created,
            class,
            before: Side::Nothing,
            after: Side::File { mode: Mode(0o755), content: None },
            lines_added: 1,
            lines_removed: 0,
            hunks: vec![Hunk { number: 1, text: "@@ -0,0 +1 @@\n+{}\n".into() }],
            conflict: None,
            renamed_from: None,
            renamed_to: None,
            merge: Merge::Alone,
            surfaces,
            confirm: Some("755:ab".into()),
        }
    }

    fn shown(change: Change) -> String {
        let set = ChangeSet { changes: vec![change], ..ChangeSet::default() };
        change_set(&set, Paint::Plain, Detail::Usual)
    }

    #[test]
    fn a_review_says_which_changes_act_and_which_ask() {
        let text = shown(change(ChangeClass::Edit, vec![surface(true), surface(false)]));
        let asks = "surface: can start programs (some tool); kept only with a confirmation";
        assert!(text.contains(asks), "{text}");
        assert_eq!(text.matches("surface: can start programs (some tool)").count(), 2, "{text}");
        assert_eq!(text.matches("confirmation").count(), 1, "{text}");
        assert!(!shown(change(ChangeClass::Edit, Vec::new())).contains("surface"));
    }

    #[test]
    fn a_question_shows_the_tool_the_time_the_effect_and_all_of_the_change() {
        let text = surface_question(&change(ChangeClass::Edit, vec![surface(true)]), Paint::Plain);
        for part in [
            "confirm .mcp.json\n",
            "can      start programs",
            "read by  some tool",
            "when the directory is opened, or a tool starts in it; when something connects",
            "look for servers",
            "\nexactly .mcp.json as 755:ab\n",
            "mode 755",
            "+{}",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn git_files_stand_apart_with_what_would_act() {
        let mut git = change(ChangeClass::GitMetadata, vec![surface(false)]);
        git.path = TreePath::parse(".git").unwrap();
        git.surfaces[0].at = Some(TreePath::parse(".git/config").unwrap());
        let text = shown(git);
        let expected = "git     .git  changed in the session; never kept\n        \
                        .git/config: can start programs (some tool)\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn what_a_keep_left_says_how_it_is_confirmed() {
        let refusal = |path: &str, confirm: Option<&str>| Refusal {
            path: TreePath::parse(path).unwrap(),
            reason: "x".into(),
            confirm: confirm.map(str::to_owned),
        };
        let refused = [refusal("a", None), refusal("it's", Some("deleted"))];
        let way = "moat session keep 123 --confirm-surface 'it'\\''s=deleted'";
        assert_eq!(ways_to_confirm("123", &refused), [way]);
    }

    #[test]
    fn a_foreign_text_neither_acts_nor_makes_a_line() {
        let evil = "\u{1b}[2J\u{202e}\nconfirm b";
        let mut evil_change = change(ChangeClass::Edit, vec![surface(true)]);
        evil_change.path = TreePath::from_bytes(evil.as_bytes()).unwrap();
        evil_change.surfaces[0].does = evil.into();
        evil_change.confirm = Some(evil.into());
        let texts = [surface_question(&evil_change, Paint::Plain), shown(evil_change)];
        for text in texts {
            assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
            assert!(!text.contains('\u{202e}') && !text.contains("\nconfirm b"), "{text}");
        }
    }
}
