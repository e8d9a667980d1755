// SPDX-License-Identifier: Apache-2.0
//! What changes would make other tools do, in the protocol's words, and what was confirmed.
//!
//! The gate itself is in `moat-files`, beside what writes: a keep without the confirmation
//! that it needs is refused there, whoever asks for it.

use moat_files::{
    Change, ChangeSet, Class, Confirmation, Confirmed, KeepStep, SurfaceEffect, SurfaceGate, Touch,
};
use moat_protocol as protocol;

use super::Setback;
use super::files::{Ledger, included, selected};

impl Ledger {
    /// The changes of a selection that a keep would leave for want of a confirmation, as it
    /// would write them.
    pub(super) fn plan_keep(
        &mut self,
        selection: &protocol::Selection,
    ) -> Result<Vec<protocol::Change>, Setback> {
        let set = self.set(included(selection))?;
        let needed = self.files.preview(&self.real, &set, &selected(selection));
        self.shown_with_surfaces(&set, &needed.map_err(|error| Setback::of(&error))?)
    }

    /// Some changes of a set for front ends, with what they would make other tools do.
    pub(super) fn shown_with_surfaces(
        &self,
        set: &ChangeSet,
        changes: &[Change],
    ) -> Result<Vec<protocol::Change>, Setback> {
        let gate = self.files.gate(&self.real, set, &[]).map_err(|error| Setback::of(&error))?;
        let shown = changes.iter().map(|change| {
            let mut shown = self.shown(change).map_err(|error| Setback::of(&error))?;
            (shown.surfaces, shown.confirm) = self.surfaces(&gate, change)?;
            Ok(shown)
        });
        shown.collect()
    }

    fn surfaces(
        &self,
        gate: &SurfaceGate<'_>,
        change: &Change,
    ) -> Result<(Vec<protocol::Surface>, Option<String>), Setback> {
        let mut touched = gate.touched(change).map_err(|error| Setback::of(&error))?;
        match change.class {
            Class::Edit => {}
            // What it holds is not known until somebody names it.
            Class::Ignored => touched.confirmation = None,
            Class::GitMetadata => return Ok((self.inside_git(change)?, None)),
        }
        Ok((touched.surfaces.iter().map(surface).collect(), touched.confirmation))
    }

    /// What of a repository's own directory acts; none of it is ever kept.
    fn inside_git(&self, change: &Change) -> Result<Vec<protocol::Surface>, Setback> {
        let inside = SurfaceGate::inside(&self.upper()?, &self.real, &change.path);
        let shown = inside.iter().map(|(path, touch)| protocol::Surface {
            at: Some(path.clone()),
            gated: false,
            ..surface(touch)
        });
        Ok(shown.collect())
    }
}

/// What was confirmed, for the gate.
pub(super) fn given(confirmed: &[protocol::Confirmation]) -> Vec<Confirmation> {
    let one = |it: &protocol::Confirmation| Confirmation {
        path: it.path.clone(),
        content: it.id.clone(),
        by: it.by.name().to_owned(),
    };
    confirmed.iter().map(one).collect()
}

/// What a confirmation of a step that was refused for want of one has to name.
pub(super) fn missing(step: &KeepStep) -> Option<String> {
    match &step.confirmed {
        Some(Confirmed::Missing { content }) => Some(content.clone()),
        Some(Confirmed::Given { .. }) | None => None,
    }
}

fn surface(touch: &Touch) -> protocol::Surface {
    protocol::Surface {
        at: None,
        reader: touch.surface.reader.to_owned(),
        keys: touch.surface.keys.to_owned(),
        effects: touch.surface.effects.iter().copied().map(effect).collect(),
        does: touch.surface.does.to_owned(),
        gated: touch.is_gated,
    }
}

const fn effect(effect: SurfaceEffect) -> protocol::SurfaceEffect {
    match effect {
        SurfaceEffect::ExecOpen => protocol::SurfaceEffect::ExecOpen,
        SurfaceEffect::ExecAction => protocol::SurfaceEffect::ExecAction,
        SurfaceEffect::Redirect => protocol::SurfaceEffect::Redirect,
        SurfaceEffect::Relax => protocol::SurfaceEffect::Relax,
        SurfaceEffect::Prompt => protocol::SurfaceEffect::Prompt,
        SurfaceEffect::Render => protocol::SurfaceEffect::Render,
        SurfaceEffect::Inject => protocol::SurfaceEffect::Inject,
        SurfaceEffect::Persist => protocol::SurfaceEffect::Persist,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use moat_base::{Fs, RealFs, TreePath};
    use moat_files::BlobId;
    use moat_protocol::{Confirmation, Confirmer, Selection};

    use super::*;
    use crate::record::EffectOutcome;

    /// A session over a tree, with files of its own put where a command's writes end up.
    struct Session {
        place: tempfile::TempDir,
        ledger: Ledger,
    }

    impl Session {
        fn new(real: &[(&str, &str)], own: &[(&str, &str)]) -> Self {
            let place = tempfile::tempdir().unwrap();
            let at = |name: &str| place.path().join(name);
            let fs: Arc<dyn Fs> = Arc::new(RealFs);
            for directory in ["work", "session/upper"] {
                fs.create_dir_all(&at(directory)).unwrap();
            }
            put(&at("work"), real);
            let ledger = Ledger::open(&fs, &at("work"), &at("session"), &at("session")).unwrap();
            put(&at("session/upper"), own);
            Self { place, ledger }
        }

        fn real(&self, name: &str) -> PathBuf {
            self.place.path().join("work").join(name)
        }

        fn keep(
            &mut self,
            selection: &Selection,
            confirmed: &[Confirmation],
        ) -> (Vec<String>, Vec<protocol::Refusal>) {
            let outcome = self.ledger.keep(selection, confirmed).unwrap().0;
            let EffectOutcome::Moved { paths, refused } = outcome else { panic!("{outcome:?}") };
            (paths.iter().map(ToString::to_string).collect(), refused)
        }
    }

    fn put(root: &std::path::Path, files: &[(&str, &str)]) {
        for (name, text) in files {
            RealFs.create_dir_all(root.join(name).parent().unwrap()).unwrap();
            RealFs.replace(&root.join(name), text.as_bytes()).unwrap();
        }
    }

    fn confirm(path: &str, id: &str) -> Confirmation {
        let (path, id) = (TreePath::parse(path).unwrap(), id.to_owned());
        Confirmation { path, id, by: Confirmer::Terminal }
    }

    #[test]
    fn a_bare_keep_leaves_what_acts_by_itself_and_keeps_the_rest() {
        let own = [(".mcp.json", "{}"), ("Makefile", "all:\n"), ("notes", "x\n")];
        let mut session = Session::new(&[], &own);
        let (kept, refused) = session.keep(&Selection::All, &[]);
        assert_eq!(kept, ["Makefile", "notes"]);
        let [refusal] = refused.as_slice() else { panic!("{refused:?}") };
        assert_eq!(refusal.path.to_string(), ".mcp.json");
        assert!(refusal.reason.contains("a confirmation of its own"), "{}", refusal.reason);
        let id = refusal.confirm.clone().unwrap();
        assert!(id.ends_with(&BlobId::of(b"{}").to_string()), "{id}");

        let shown = session.ledger.changes().unwrap().changes;
        assert_eq!(shown[0].confirm.as_ref(), Some(&id));
        assert!(shown[0].gates().any(|it| it.reader.contains("Claude")), "{shown:?}");
        let planned = session.ledger.plan_keep(&Selection::All).unwrap();
        assert_eq!(planned, shown);

        let (kept, refused) = session.keep(&Selection::All, &[confirm(".mcp.json", "deleted")]);
        assert_eq!((kept.len(), refused[0].confirm.as_ref()), (0, Some(&id)));
        let (kept, refused) = session.keep(&Selection::All, &[confirm(".mcp.json", &id)]);
        assert_eq!((kept, refused.len()), (vec![".mcp.json".to_owned()], 0));
        assert!(session.real(".mcp.json").exists());
        session.ledger.undo_keep().unwrap();
        assert!(!session.real(".mcp.json").exists(), "taking it back needs no confirmation");
    }

    #[test]
    fn what_is_ignored_is_asked_about_when_it_is_named() {
        let own = [(".env", "PATH=.\n"), ("out/x", "y\n")];
        let mut session = Session::new(&[(".gitignore", ".env\nout/\n")], &own);
        let shown = session.ledger.changes().unwrap().changes;
        let env = shown.iter().find(|it| it.path.to_string() == ".env").unwrap();
        assert!(env.gates().count() == 1 && env.confirm.is_none(), "{env:?}");
        assert!(session.ledger.plan_keep(&Selection::All).unwrap().is_empty());
        let paths = [".env", "out"].map(|path| TreePath::parse(path).unwrap()).to_vec();
        let named = Selection::Paths { paths };
        let planned = session.ledger.plan_keep(&named).unwrap();
        let (kept, refused) = session.keep(&named, &[]);
        assert_eq!(kept, ["out", "out/x"]);
        assert_eq!((planned.len(), &planned[0].confirm), (1, &refused[0].confirm));
        let id = planned[0].confirm.clone().unwrap();
        let named = Selection::Paths { paths: vec![TreePath::parse(".env").unwrap()] };
        let (kept, _) = session.keep(&named, &[confirm(".env", &id)]);
        assert_eq!(kept, [".env"]);
    }

    #[test]
    fn what_a_session_did_to_git_is_told_by_what_would_act() {
        let real = [(".git/HEAD", "ref: x\n"), (".git/config", "[core]\n"), (".git/index", "a")];
        let own = [
            (".git/config", "[core]\n\tfsmonitor = x\n"),
            (".git/hooks/pre-commit", "#!/bin/sh\n"),
            (".git/index", "b"),
            (".git/objects/aa/bb", "c"),
            ("sub/bare/HEAD", "ref: x\n"),
            ("sub/bare/objects/info/alternates", "/x\n"),
            ("sub/bare/refs/x", ""),
        ];
        let mut session = Session::new(&real, &own);
        let shown = session.ledger.changes().unwrap().changes;
        let git = shown.iter().filter(|it| it.class == protocol::ChangeClass::GitMetadata);
        let told: Vec<_> = git
            .flat_map(|change| &change.surfaces)
            .map(|it| it.at.as_ref().unwrap().to_string())
            .collect();
        let expected = [".git/config", ".git/hooks/pre-commit", "sub/bare/objects/info/alternates"];
        assert_eq!(told, expected);
        assert!(session.ledger.plan_keep(&Selection::All).unwrap().is_empty());
        let paths = vec![TreePath::parse(".git").unwrap()];
        let (kept, refused) = session.keep(&Selection::Paths { paths }, &[]);
        assert!(kept.is_empty() && refused[0].confirm.is_none(), "{refused:?}");

        // The same content again is no change to tell of.
        let same = [(".git/config", "[core]\n\tfsmonitor = x\n")];
        let mut session = Session::new(&same, &same);
        let shown = session.ledger.changes().unwrap().changes;
        assert!(shown.iter().all(|change| change.surfaces.is_empty()), "{shown:?}");
    }
}
