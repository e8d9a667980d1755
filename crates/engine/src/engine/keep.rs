// SPDX-License-Identifier: Apache-2.0
//! What a keep would need from a person, asked before it is tried.
//!
//! Nothing is decided here: a keep is judged again when it is carried out, against what the
//! files are then.

use moat_protocol::{Event, Selection};

use super::Engine;
use crate::Error;
use crate::world::{Setback, World};

impl<W: World> Engine<W> {
    /// Says which changes of a selection would be left for want of a confirmation.
    pub(super) fn plan_keep(&mut self, selection: &Selection) -> Result<(), Error> {
        match self.world.plan_keep(selection) {
            Ok(unconfirmed) => self.emit(Event::KeepPlanned { unconfirmed }),
            Err(Setback::Failed(report)) => self.emit(Event::Failed { report }),
            Err(Setback::Stopped) => {}
        }
        Ok(())
    }
}
