// SPDX-License-Identifier: Apache-2.0
//! A new session that goes on from a checkpoint of another one.

use std::sync::Arc;

use moat_base::{RealDepot, SessionId};
use moat_engine::{Forge, ForkError, ForkPoint, Forked};

use super::{Told, key, state_failure, tell};
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;

/// Makes a new session of what `id` was at a point; that one may be open elsewhere, and stays
/// as it is.
pub(crate) fn fork(
    environment: &Environment,
    id: &SessionId,
    point: ForkPoint,
) -> Result<(SessionId, Forked), Failure> {
    let Told { history, broken, .. } = tell(environment, id.clone())?;
    if let Some(report) = broken {
        return Err(Failure { report, exit: Exit::Environment });
    }
    let sessions = environment.layout.sessions();
    let new = SessionId::random().map_err(|error| state_failure(&sessions, &error))?;
    let forge = Forge {
        fs: Arc::clone(&environment.fs),
        depot: Arc::new(RealDepot),
        clock: Arc::clone(&environment.clock),
        key: key(environment)?,
        sessions,
    };
    let forked = forge.fork((id, &history), point, &new).map_err(|error| {
        let is_of_the_input = matches!(
            error,
            ForkError::NoCheckpoint { .. }
                | ForkError::NoSuchCheckpoint { .. }
                | ForkError::NoPoint { .. }
                | ForkError::Busy
        );
        let exit = if is_of_the_input { Exit::Usage } else { Exit::Environment };
        Failure::of(exit, &error)
    })?;
    Ok((new, forked))
}
