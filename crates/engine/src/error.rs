// SPDX-License-Identifier: Apache-2.0
//! Why the engine could not go on.

use moat_base::Hint;

use crate::store::StoreError;

/// The engine's own failures. What goes wrong inside a turn ends the turn, not the engine.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The session cannot be stored; nothing more may happen in it.
    #[error("could not store the session")]
    Store {
        /// The store's error.
        #[from]
        source: StoreError,
    },
    /// The session belongs to another workspace.
    #[error("the session belongs to `{recorded}`, not to `{opened}`")]
    OtherWorkspace {
        /// The workspace that the session recorded.
        recorded: String,
        /// The workspace that was opened.
        opened: String,
    },
}

impl Hint for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Store { source } => source.hint(),
            Self::OtherWorkspace { recorded, .. } => {
                Some(format!("open the session in `{recorded}`"))
            }
        }
    }
}
