// SPDX-License-Identifier: Apache-2.0
//! A keep: what it needs from a person, what it wrote, and what can be done about the rest.

use moat_base::TreePath;
use moat_protocol::{Change, Refusal};

use super::Screen;
use crate::surface::ways_to_confirm;
use crate::{Tone, surface_question};

impl Screen {
    pub(super) fn keep_planned(&self, unconfirmed: &[Change]) -> String {
        unconfirmed.iter().map(|change| surface_question(change, self.paint)).collect()
    }

    pub(super) fn kept(&self, paths: &[TreePath], refused: &[Refusal]) -> String {
        let mut shown = self.moved("kept", "in your tree", paths, refused);
        for way in ways_to_confirm(&self.session, refused) {
            shown.push_str(&self.line("confirm", Tone::Label, &way));
        }
        if refused.iter().any(|refusal| refusal.confirm.is_none()) {
            shown.push_str(&self.line("next", Tone::Label, STILL_PENDING));
        }
        shown
    }
}

/// What can be done about changes that a keep left.
const STILL_PENDING: &str = "`moat session show` has both sides of what is left; settle it in your \
                             editor, or drop it with `moat session undo --path PATH`";
