// SPDX-License-Identifier: Apache-2.0
//! The right to carry out one effect, once.

use crate::record::Effect;

/// What an approval or the policy gave: exactly this effect, one time.
///
/// Only the orchestrator makes one, after the decision was made and the intent
/// was stored. It is not `Clone`, and the world takes it by value: what was
/// approved is what runs, and it runs once.
#[derive(Debug)]
pub struct Grant {
    effect: u32,
    intent: Effect,
}

impl Grant {
    pub(crate) const fn new(effect: u32, intent: Effect) -> Self {
        Self { effect, intent }
    }

    /// The effect's number in the session.
    #[must_use]
    pub const fn effect(&self) -> u32 {
        self.effect
    }

    /// What may be carried out.
    #[must_use]
    pub const fn intent(&self) -> &Effect {
        &self.intent
    }
}
