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
