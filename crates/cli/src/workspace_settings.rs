// SPDX-License-Identifier: Apache-2.0
//! The settings that a workspace has itself: they tighten, or they are reported.
//!
//! The file is read beneath the workspace's root, through no link. Its bytes go into
//! [`Untrusted`] at once, out of which nobody takes them again; `moat-config` says what of it
//! counts.
//!
//! Invariant: whatever lies there, what runs without it runs with it or is held back further.
//! The broker and the model server never look at it.

use std::path::Path;

use moat_base::{EntryKind, Tree as _, TreeError, TreePath};
use moat_config::limits::WORKSPACE_BYTES_MAX;
use moat_config::{Loaded, Origin, Untrusted, WORKSPACE_FILE, WorkspaceSettings};
use moat_files::{DirTree, Root};

use crate::terminal::complain;

/// What holds in a workspace.
pub(crate) fn tightened(loaded: &Loaded, workspace: &Path) -> Loaded {
    match loaded.settings.workspace.value {
        WorkspaceSettings::Ignore => loaded.clone(),
        WorkspaceSettings::Tighten => loaded.tightened(&read(workspace)),
    }
}

/// Says on standard error what the workspace tightens, and what does not count.
pub(crate) fn tell(holds: &Loaded) {
    let of_workspace = |origin: &Origin| matches!(origin, Origin::Workspace(_));
    for row in holds.rows.iter().filter(|row| of_workspace(&row.provenance.origin)) {
        complain(&format!("note: {} = {}, {}", row.key, row.value, row.provenance));
    }
    for ignored in holds.ignored.iter().filter(|it| of_workspace(&it.place.origin)) {
        complain(&format!("note: {ignored}"));
    }
}

/// What lies where the settings would be.
fn read(workspace: &Path) -> Untrusted {
    let shown = workspace.join(WORKSPACE_FILE);
    let found = TreePath::parse(WORKSPACE_FILE).map_err(|error| error.to_string());
    let read = found.and_then(|path| {
        let root = Root::open(workspace).map_err(|error| error.to_string())?;
        bytes(&DirTree::new(root), &path)
    });
    match read {
        Ok(Some(bytes)) => Untrusted::bytes(shown, bytes),
        Ok(None) => Untrusted::nothing(),
        Err(why) => Untrusted::unusable(shown, why),
    }
}

/// Reads a regular file through no link; nothing when there is none.
fn bytes(tree: &DirTree, path: &TreePath) -> Result<Option<Vec<u8>>, String> {
    // What is no regular file is not opened at all.
    match tree.entry(path) {
        Ok(entry) if entry.kind == EntryKind::File => {}
        Ok(_) => return Err("it is no regular file".to_owned()),
        Err(TreeError::Missing { .. }) => return Ok(None),
        Err(error) => return Err(error.to_string()),
    }
    let mut bytes = Vec::new();
    match tree.append_listed(path, WORKSPACE_BYTES_MAX, &mut bytes) {
        Ok(()) => Ok(Some(bytes)),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use moat_config::{KEYS, Key, Kind, Layer, Settings, Tighter, merge};
    use moat_policy::{Action, Circumstances, Confinement, Decision, Place, decide};
    use moat_sandbox::Limits;
    use proptest::prelude::*;
    use proptest::sample::select;
    use proptest::test_runner::{Config, TestRunner};

    use super::*;
    use crate::command::exec::{beyond, bounds, rule};

    fn line() -> impl Strategy<Value = (&'static str, String)> {
        let keys: Vec<&Key> = KEYS.iter().filter(|it| it.tighter != Tighter::Neither).collect();
        select(keys).prop_flat_map(|key| {
            let value = match key.kind {
                Kind::Count { min, max } => {
                    (min..=max.min(min + 900)).prop_map(|count| count.to_string()).boxed()
                }
                Kind::Choice(choices) => select(choices).prop_map(|it| format!("{it:?}")).boxed(),
                Kind::Text | Kind::Path | Kind::Address | Kind::Zone | Kind::Texts => {
                    select(&["[\"embedded\"]", "[\"corp\"]", "[]", "[\"corp\", \"embedded\"]"][..])
                        .prop_map(str::to_owned)
                        .boxed()
                }
            };
            (Just(key.path), value)
        })
    }

    fn text() -> impl Strategy<Value = String> {
        prop::collection::vec(line(), 0..7).prop_map(|lines| {
            let lines: std::collections::BTreeMap<_, _> = lines.into_iter().collect();
            lines.into_iter().map(|(key, value)| format!("{key} = {value}\n")).collect()
        })
    }

    fn layer(origin: Origin, text: &str) -> Layer {
        let corp = "[models.corp]\nurl = \"https://corp.example\"\nmodel = \"m\"\n";
        Layer::parse(origin, format!("{text}{corp}").as_bytes()).unwrap()
    }

    /// Every action, under all that the settings and the machine can make of it, as how much
    /// holds it back: more is never allowed.
    fn held_back(settings: &Settings) -> Vec<u64> {
        let path = TreePath::parse("a").unwrap();
        let places = [Place::Fork, Place::Session, Place::UserTree];
        let mut actions = vec![Action::Inspect, Action::Keep];
        actions.extend(places.map(|place| Action::Run { argv: vec!["x".into()], place }));
        actions.extend(places.map(|place| Action::Edit { path: path.clone(), place }));
        actions.extend(["embedded", "corp"].map(|it| Action::AskModel { model: it.to_owned() }));
        let mut all = Vec::new();
        for confinement in [Confinement::Full, Confinement::Partial] {
            let refused = confinement == Confinement::Partial
                && crate::start::least(settings) == moat_sandbox::Step::Full;
            for action in &actions {
                let forbidden = match action {
                    Action::AskModel { model } => settings.forbids(model).is_some(),
                    Action::Inspect | Action::Keep | Action::Run { .. } | Action::Edit { .. } => {
                        refused
                    }
                };
                let circumstances = Circumstances { confinement, commands: rule(settings) };
                all.push(match decide(action, &circumstances) {
                    _ if forbidden => 3,
                    Decision::Deny { .. } => 2,
                    Decision::Ask { .. } => 1,
                    Decision::Allow { .. } => 0,
                });
            }
        }
        let Limits { memory_bytes_all, session_bytes, .. } = bounds(settings);
        let limits = &settings.limits;
        let times = [limits.command_seconds.value, limits.turn_minutes.value];
        all.extend(
            [memory_bytes_all, session_bytes].into_iter().chain(times).map(|it| u64::MAX - it),
        );
        all.extend(
            [30, 3600, 86_400].map(|it| u64::from(beyond(settings, "embedded", it).is_some())),
        );
        all
    }

    /// Whether any of many workspaces makes more possible, where `apply` takes what they say.
    fn any_allows_more(
        apply: impl Fn(&[Layer], String) -> Option<(Loaded, Loaded)>,
    ) -> Result<(), String> {
        let config = Config { cases: 1500, failure_persistence: None, ..Config::default() };
        let ran =
            TestRunner::new(config).run(&(text(), text(), text()), |(user, required, own)| {
                let layers = [
                    layer(Origin::UserFile("u".into()), &user),
                    layer(Origin::Requirements("r".into()), &required),
                ];
                let Some((base, with)) = apply(&layers, own) else { return Ok(()) };
                let (before, after) = (held_back(&base.settings), held_back(&with.settings));
                let more = before.iter().zip(&after).any(|(before, after)| after < before);
                prop_assert!(!more, "{:?} became {:?}", before, after);
                Ok(())
            });
        ran.map_err(|error| error.to_string())
    }

    #[test]
    fn whatever_a_workspace_says_nothing_is_allowed_that_was_not() {
        let tightening = any_allows_more(|layers, own| {
            let base = merge(layers).ok()?;
            let with = base.tightened(&Untrusted::bytes("w", own));
            Some((base, with))
        });
        assert_eq!(tightening, Ok(()));
        // The control: the same files, taken as a preference of the person would be.
        let preferring = any_allows_more(|layers, own| {
            let own = Layer::parse(Origin::CommandLine, own.as_bytes()).unwrap();
            let with = merge(&[layers, &[own]].concat()).ok()?;
            Some((merge(layers).ok()?, with))
        });
        assert!(preferring.unwrap_err().contains("became"));
    }
}
