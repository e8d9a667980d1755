// SPDX-License-Identifier: Apache-2.0
//! The closed catalogue of surfaces.
//!
//! It names files by what tools look for, so an entry counts whether or not the tool is
//! installed. Left out are files that can never lie in a workspace, and what any file may
//! carry (modelines, schemas, hidden text): `docs/surfaces.md` says what that leaves open.
//!
//! Sources: the documentation of each tool, and published advisories about agents and
//! editors that wrote to or were steered by such a file.
//!
//! Invariant: patterns are folded already and have at most one `*` in a name.

mod agent;
mod build;
mod content;
mod editor;
mod system;

use crate::part::Part;
use crate::surface::{Effect, Surface};

/// Every entry.
pub fn catalogue() -> impl Iterator<Item = &'static Surface> {
    let tables = [agent::AGENTS, editor::EDITORS, system::SYSTEM, build::BUILDS, content::CONTENT];
    tables.into_iter().flatten()
}

/// What a name alone can do, whatever the file is.
pub(crate) static ODD_NAME: Surface = Surface {
    patterns: &[],
    reader: "shells and scripts",
    keys: "",
    effects: &[Effect::Inject],
    does: "the name has characters that a shell obeys, or that hide",
    part: Part::Whole,
};

/// An entry of which the whole file counts.
const fn whole(
    patterns: &'static [&'static str],
    reader: &'static str,
    keys: &'static str,
    effects: &'static [Effect],
    does: &'static str,
) -> Surface {
    Surface { patterns, reader, keys, effects, does, part: Part::Whole }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::fold_name;

    #[test]
    fn the_catalogue_is_well_formed() {
        let mut seen = std::collections::BTreeMap::new();
        for surface in catalogue() {
            assert!(!surface.patterns.is_empty() && !surface.effects.is_empty(), "{surface:?}");
            for text in [surface.reader, surface.does] {
                assert!(!text.is_empty() && !text.ends_with('.') && text.is_ascii(), "{text}");
            }
            let mut effects = surface.effects.to_vec();
            effects.sort_unstable();
            effects.dedup();
            assert_eq!(effects, surface.effects, "sorted, once each: {surface:?}");
            for pattern in surface.patterns {
                let names: Vec<&str> = pattern.trim_start_matches('/').split('/').collect();
                for (at, name) in names.iter().enumerate() {
                    let is_any = *name == "**";
                    assert!(!is_any || at > 0, "{pattern} begins with any directory by itself");
                    assert!(is_any || name.matches('*').count() < 2, "{pattern}");
                    assert!(is_any || fold_name(name) == *name, "{pattern} is not folded");
                    assert!(*name != "*", "{pattern} names nothing in particular");
                }
                let part = format!("{:?}", surface.part);
                let key = (*pattern, surface.effects, part);
                if let Some(other) = seen.insert(key, surface.reader) {
                    panic!("{pattern} twice with the same effects: {other}, {}", surface.reader);
                }
            }
        }
        assert!(seen.len() > 400, "{}", seen.len());
    }
}
