// SPDX-License-Identifier: Apache-2.0
//! A session's sandbox over a tree in which the user goes on working.
//!
//! The kernel does not say what an overlay shows when the tree below it changes while it is
//! mounted: names that it has looked up stay as they were. So the tree is watched, and the
//! overlay is mounted anew, over the same upper, before it is used again. A mount that was
//! not looked at has remembered nothing, so that a start costs no second one.
//!
//! Invariant: what [`Live::renew`] was called before is shown as it was then, or newer.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use moat_files::{Budget, Root, Sight, Watch};

use crate::{Confinement, Error, Launcher, Plan, Sandbox};

/// The sandbox of a session, mounted anew when the user's tree changed.
#[derive(Debug)]
pub struct Live {
    launcher: Arc<Launcher>,
    plan: Plan,
    root: Arc<Root>,
    /// `None` only after it could not be started again.
    sandbox: Option<Sandbox>,
    confinement: Confinement,
    watch: OnceLock<Watch>,
    is_used: AtomicBool,
    /// What had changed when the overlay was mounted, or first used; `None` when unknown.
    mounted: Mutex<Option<u64>>,
}

impl Live {
    /// Starts the sandbox. `root` is the workspace of the plan, without what is mounted in it.
    ///
    /// # Errors
    /// As [`Sandbox::start`].
    pub fn start(launcher: Arc<Launcher>, plan: Plan, root: Arc<Root>) -> Result<Self, Error> {
        let sandbox = Sandbox::start(&launcher, &plan)?;
        let confinement = sandbox.confinement().clone();
        let sandbox = Some(sandbox);
        let (watch, is_used, mounted) = (OnceLock::new(), AtomicBool::new(false), Mutex::new(None));
        Ok(Self { launcher, plan, root, sandbox, confinement, watch, is_used, mounted })
    }

    /// What the sandbox enforces.
    #[must_use]
    pub const fn confinement(&self) -> &Confinement {
        &self.confinement
    }

    /// The sandbox, to look at its files or to run something in it. This begins the watch.
    ///
    /// # Errors
    /// [`Error::Gone`] when the last renewal failed; the next one tries again.
    pub fn sandbox(&self) -> Result<&Sandbox, Error> {
        if !self.is_used.swap(true, Ordering::SeqCst) {
            self.set_mounted(clear(self.watch().sight()));
        }
        self.sandbox.as_ref().ok_or(Error::Gone)
    }

    /// Whether the overlay may show something older than the user's tree.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        if self.sandbox.is_none() {
            return true;
        }
        if !self.is_used.load(Ordering::SeqCst) {
            return false;
        }
        let mounted = *self.mounted.lock().unwrap_or_else(PoisonError::into_inner);
        mounted.is_none() || clear(self.watch().sight()) != mounted
    }

    /// Mounts the overlay anew. `while_down` runs while it is not mounted: then its upper
    /// directory may be changed.
    ///
    /// Nothing that was opened in the old one should be held: it would show old files.
    ///
    /// # Errors
    /// As [`Sandbox::start`]; also when the directory of the workspace was replaced, and
    /// [`Error::Lingering`] while the old mount is not gone, because two of one upper at a
    /// time are undefined.
    pub fn renew(&mut self, while_down: impl FnOnce()) -> Result<(), Error> {
        if let Some(old) = self.sandbox.take() {
            old.end()?;
        }
        let mounted = clear(self.watch().sight());
        while_down();
        self.sandbox = Some(Sandbox::start(&self.launcher, &self.plan)?);
        self.set_mounted(mounted);
        Ok(())
    }

    /// How often the tree was changed until now, contents included, to ask later whether it is
    /// still the same; `None` when it cannot be watched. This begins the watch, and its first
    /// moments, until every directory is watched, are not covered.
    #[must_use]
    pub fn changes_seen(&self) -> Option<u64> {
        match self.watch().sight() {
            Sight::Clear(counted) | Sight::Forming(counted) => {
                Some(counted.names.saturating_add(counted.contents))
            }
            Sight::Blind(_) => None,
        }
    }

    /// Why the tree cannot be watched, when it cannot: then the overlay is mounted anew
    /// before each use.
    #[must_use]
    pub fn blindness(&self) -> Option<&'static str> {
        match self.watch.get()?.sight() {
            Sight::Blind(reason) => Some(reason),
            Sight::Clear(_) | Sight::Forming(_) => None,
        }
    }

    fn watch(&self) -> &Watch {
        self.watch.get_or_init(|| Watch::start(Arc::clone(&self.root), Budget::of_system()))
    }

    fn set_mounted(&self, mounted: Option<u64>) {
        *self.mounted.lock().unwrap_or_else(PoisonError::into_inner) = mounted;
    }
}

fn clear(sight: Sight) -> Option<u64> {
    match sight {
        Sight::Clear(counted) => Some(counted.names),
        Sight::Forming(_) | Sight::Blind(_) => None,
    }
}
