// SPDX-License-Identifier: Apache-2.0
//! What a person does with the commits of a session: look at them, take them, give them back.

use moat_protocol::{ChangeClass, ChangeSet, Event, Level};

use super::Engine;
use crate::Error;
use crate::record::{CommitTip, Effect};
use crate::world::{Setback, World};

impl<W: World> Engine<W> {
    /// Shows what the session committed.
    pub(super) fn show_commits(&mut self) -> Result<(), Error> {
        match self.world.commits(&self.settings.session) {
            Ok(commits) => self.emit(Event::CommitsPending(commits)),
            Err(Setback::Failed(report)) => self.emit(Event::Failed { report }),
            Err(Setback::Stopped) => {}
        }
        Ok(())
    }

    /// Shows what the session committed, where it touched git's own files at all.
    pub(super) fn mention_commits(&mut self, set: &ChangeSet) {
        if !set.changes.iter().any(|change| change.class == ChangeClass::GitMetadata) {
            return;
        }
        if let Ok(commits) = self.world.commits(&self.settings.session)
            && !commits.is_empty()
        {
            self.emit(Event::CommitsPending(commits));
        }
    }

    /// Takes the commits of branches, or of all branches that have new ones.
    pub(super) fn take_commits(&mut self, branches: &[String]) -> Result<(), Error> {
        if self.state.turn().is_some_and(|turn| !turn.stopped) {
            return self.refuse(TURN_RUNS, "wait for its end, or stop it with Ctrl-C");
        }
        let commits = match self.world.commits(&self.settings.session) {
            Ok(commits) => commits,
            Err(Setback::Failed(report)) => {
                self.emit(Event::Failed { report });
                return Ok(());
            }
            Err(Setback::Stopped) => return Ok(()),
        };
        if let Some(reason) = &commits.unavailable {
            return self.refuse(
                &format!("the commits of the session cannot be taken: {reason}"),
                "its files can still be kept with `moat session keep`",
            );
        }
        let known = |name: &&String| commits.branches.iter().any(|branch| branch.name == **name);
        if let Some(unknown) = branches.iter().find(|name| !known(name)) {
            let why = commits.refused.iter().find(|refusal| refusal.branch == *unknown);
            let error = why.map_or_else(
                || format!("the session has no new commits on a branch `{unknown}`"),
                |refusal| format!("the branch `{unknown}` cannot be taken: {}", refusal.reason),
            );
            return self.refuse(&error, "`moat session commits` lists them");
        }
        let wanted = commits.branches.into_iter();
        let wanted = wanted.filter(|it| branches.is_empty() || branches.contains(&it.name));
        let tips: Vec<CommitTip> = wanted
            .map(|it| CommitTip { branch: it.name, tip: it.tip, reference: it.reference })
            .collect();
        if tips.is_empty() {
            let (taken, refused) = (Vec::new(), commits.refused);
            self.emit(Event::CommitsTaken { taken, refused });
            return Ok(());
        }
        if branches.is_empty() {
            for it in &commits.refused {
                let text = format!("the branch `{}` is left: {}", it.branch, it.reason);
                self.notice(Level::Warning, text);
            }
        }
        self.stop.lower();
        self.propose(Effect::TakeCommits { tips })
    }

    /// Removes the refs that the last taking made.
    pub(super) fn return_commits(&mut self) -> Result<(), Error> {
        if self.state.turn().is_some_and(|turn| !turn.stopped) {
            return self.refuse(TURN_RUNS, "wait for its end, or stop it with Ctrl-C");
        }
        let Some(refs) = self.state.taken.last().cloned() else {
            let (returned, refused) = (Vec::new(), Vec::new());
            self.emit(Event::CommitsReturned { returned, refused });
            return Ok(());
        };
        self.stop.lower();
        self.propose(Effect::ReturnCommits { refs })
    }
}

const TURN_RUNS: &str = "commits cannot be taken or given back while a turn runs";
