// SPDX-License-Identifier: Apache-2.0
//! Changes that need a confirmation of their own, before and when they are kept.

use super::SessionFiles;
use crate::change::{Change, ChangeSet, Content};
use crate::file_error::FileError;
use crate::keep::{KeepRecord, Selection, plan_keep};
use crate::surface::{Confirmation, SurfaceGate};
use crate::tree::DirTree;

impl SessionFiles {
    /// Writes selected changes into the user's tree without any confirmation, see
    /// [`SessionFiles::keep_confirmed`].
    ///
    /// # Errors
    /// As [`SessionFiles::keep_confirmed`].
    pub fn keep(
        &mut self,
        real: &DirTree,
        changes: &ChangeSet,
        selection: &Selection,
    ) -> Result<KeepRecord, FileError> {
        self.keep_confirmed(real, changes, selection, &[])
    }

    /// Gives the gate for a change set, with what was confirmed.
    ///
    /// # Errors
    /// As [`SurfaceGate::new`].
    pub fn gate<'all>(
        &'all self,
        real: &DirTree,
        changes: &ChangeSet,
        confirmed: &'all [Confirmation],
    ) -> Result<SurfaceGate<'all>, FileError> {
        SurfaceGate::new(&self.blobs, real, changes, confirmed)
    }

    /// The selected changes that would not be kept without a confirmation, as they would be
    /// written: of a selection of hunks with these hunks alone, and of a renamed file with
    /// all of its content, since that is what is new at its place.
    ///
    /// # Errors
    /// As [`SessionFiles::keep_confirmed`] for the selection.
    pub fn preview(
        &self,
        real: &DirTree,
        changes: &ChangeSet,
        selection: &Selection,
    ) -> Result<Vec<Change>, FileError> {
        let gate = self.gate(real, changes, &[])?;
        let plan = plan_keep(&self.blobs, changes, selection, &gate)?;
        let mut needed = Vec::new();
        for step in plan.steps.iter().filter(|step| plan.unconfirmed.contains(&step.path)) {
            let Some(mut change) = changes.find(&step.path).cloned() else { continue };
            if change.rename.take().is_some() || change.after != step.after {
                change.after.clone_from(&step.after);
                if change.content == Content::Text {
                    let content = |id| match id {
                        Some(id) => self.blobs.get(&id),
                        None => Ok(Vec::new()),
                    };
                    let (old, new) = (content(change.compared_with())?, content(change.latest())?);
                    change.set_hunks(moat_diff::hunks(&old, &new));
                }
            }
            needed.push(change);
        }
        Ok(needed)
    }
}
