// SPDX-License-Identifier: Apache-2.0
//! Paths that the user changed after the session began, and whose base is certain.
//!
//! Invariant: both sides and the base are stored before the change is recorded.

use moat_base::TreePath;

use crate::change::Merge;
use crate::change::compare::{Comparison, Draft, is_before};
use crate::change::join::{Joined, Side, join};
use crate::file_error::FileError;
use crate::node::{Node, NodeKind};
use crate::stat::Stat;
use crate::tree::Observation;

impl Comparison<'_> {
    /// What the user has at a path whose base is certain; `None` while it is the base.
    pub(super) fn newer(
        &self,
        path: &TreePath,
        base: Option<&Node>,
        lower: Option<Stat>,
    ) -> Result<Option<Option<Observation>>, FileError> {
        let Some(stat) = lower else {
            return Ok(base.is_some().then_some(None));
        };
        // What is as old as the session is what its base was read from.
        if base.is_some() && is_before(stat.changed, self.since.begin()) {
            return Ok(None);
        }
        match self.lower.observe_as(path, stat) {
            Ok(seen) if Some(&seen.node) == base => Ok(None),
            Ok(seen) => Ok(Some(Some(seen))),
            // The keep says why it cannot be written.
            Err(_) => Ok(None),
        }
    }

    /// Records a path that the user and the session both changed.
    pub(super) fn both(
        &mut self,
        path: &TreePath,
        base: Option<Node>,
        user: Option<Observation>,
        session: Option<(Node, &[u8])>,
    ) -> Result<(), FileError> {
        let base_bytes = match base.as_ref().and_then(|base| base.blob) {
            Some(id) => self.blobs.get(&id)?,
            None => Vec::new(),
        };
        let (user, user_bytes) =
            user.map_or((None, Vec::new()), |seen| (Some(seen.node), seen.bytes));
        if user.as_ref().is_some_and(|user| user.blob.is_some()) {
            self.blobs.put(&user_bytes)?;
        }
        let (session, session_bytes) =
            session.map_or((None, [].as_slice()), |(node, bytes)| (Some(node), bytes));
        let joined = join(
            Side { node: base.as_ref(), bytes: &base_bytes },
            Side { node: user.as_ref(), bytes: &user_bytes },
            Side { node: session.as_ref(), bytes: session_bytes },
        );
        if session.as_ref().is_some_and(|node| node.blob.is_some()) {
            self.blobs.put(session_bytes)?;
        }
        let merge = Some(Merge { base, session: session.clone() });
        match joined {
            Joined::Clean { mode, bytes } => {
                let blob = Some(self.blobs.put(&bytes)?);
                let after = Node { kind: NodeKind::File, mode, blob };
                if Some(&after) == user.as_ref() {
                    // The user's file has the session's changes already.
                    return Ok(());
                }
                let after = Some(after);
                let (conflict, clashes) = (None, Vec::new());
                let draft = Draft { before: user, after, bytes: &bytes, conflict, merge, clashes };
                self.add(path, draft)
            }
            Joined::Conflict { reason, clashes } => {
                let conflict = Some(reason.to_owned());
                let (after, bytes) = (session, session_bytes);
                self.add(path, Draft { before: user, after, bytes, conflict, merge, clashes })
            }
        }
    }
}
