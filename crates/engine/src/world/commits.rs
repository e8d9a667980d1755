// SPDX-License-Identifier: Apache-2.0
//! Takes commits out of a session into the user's repository, and never a file of `.git`.
//!
//! Git packs them in a throw-away fork of the session, where the session's own
//! configuration can hurt nobody. The bytes are read by another git in a sandbox that
//! can only read the user's repository (`host`), and what they say is shown. Only what a
//! person then asks for is stored, and refs of their own are made for it: branches of the
//! user are never moved.
//!
//! Invariant: nothing that a session wrote is executed or obeyed outside of its fork; what
//! comes out is a pack of bounded length, ids and names.

mod git;
mod host;
mod name;
mod other;
mod refs;

use moat_base::{SessionId, random_hex, visible};
use moat_protocol::{Branch, BranchRefusal, Commits, TakenBranch};

use self::git::Git;
use self::host::{Checked, Host, Move};
use self::other::others;
use self::refs::{Ref, Refs, line, present};
use super::ground::{Below, Ground};
use super::{Setback, Settled, StopFlag};
use crate::limits::{BRANCHES_MAX, COMMITS_MAX, PACK_BYTES_MAX};
use crate::record::{CommitTip, EffectOutcome};

const HEADS: &[u8] = b"refs/heads/";
/// The name under which commits on no branch are shown and taken.
const DETACHED: &str = "HEAD";

/// What came out of the session, checked.
struct Received<'a> {
    host: Host<'a>,
    pack: Vec<u8>,
    branches: Vec<Found>,
    refused: Vec<BranchRefusal>,
    session: Refs,
}

/// A branch of the session.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Found {
    name: String,
    tip: String,
}

/// What the session committed.
pub(super) fn pending(
    ground: &Ground,
    stop: &StopFlag,
    session: &SessionId,
) -> Result<Commits, Setback> {
    match looked_at(ground, stop, session) {
        Err(Setback::Failed(report)) => {
            let parts = std::iter::once(report.error).chain(report.causes);
            let reason = parts.collect::<Vec<_>>().join(": ");
            Ok(Commits { unavailable: Some(reason), ..Commits::default() })
        }
        other => other,
    }
}

fn looked_at(ground: &Ground, stop: &StopFlag, session: &SessionId) -> Result<Commits, Setback> {
    let Received { host, branches, refused, session: refs, .. } = receive(ground, stop)?;
    let mut commits = Commits { refused, ..Commits::default() };
    for Found { name, tip } in branches {
        let reference = format!("refs/moat/{session}/{name}");
        if host.refs.at(&reference) == Some(tip.as_str()) {
            let before = None;
            commits.taken.push(TakenBranch { branch: name, reference, before, tip });
            continue;
        }
        match host.check(&tip)? {
            // The user has it all, by whatever way.
            Checked::Whole(extent) if extent.commits == 0 => {}
            Checked::Whole(extent) if extent.commits > COMMITS_MAX => {
                let reason = format!("it has more than {COMMITS_MAX} new commits");
                commits.refused.push(BranchRefusal { branch: name, reason });
            }
            Checked::Whole(extent) => commits.branches.push(Branch {
                before: host.refs.at(&format!("refs/heads/{name}")).map(str::to_owned),
                commits: extent.commits,
                objects: extent.objects,
                newest: host.newest(&tip)?,
                name,
                tip,
                reference,
            }),
            Checked::Broken(reason) => {
                commits.refused.push(BranchRefusal { branch: name, reason });
            }
        }
    }
    let told = commits.branches.iter().map(|it| it.name.as_str());
    let told = told.chain(commits.taken.iter().map(|it| it.branch.as_str()));
    let told: Vec<&str> = told.chain(commits.refused.iter().map(|it| it.branch.as_str())).collect();
    commits.others = others(&refs.with_head(), &host.refs.with_head(), &told);
    Ok(commits)
}

/// Takes the commits of branches that are still as they were shown.
pub(super) fn take(
    ground: &Ground,
    stop: &StopFlag,
    tips: &[CommitTip],
) -> Result<EffectOutcome, Setback> {
    let Received { host, pack, branches, mut refused, .. } = receive(ground, stop)?;
    refused.retain(|refusal| tips.iter().any(|it| it.branch == refusal.branch));
    let mut moves = Vec::new();
    for it in tips {
        if !branches.iter().any(|found| found.name == it.branch && found.tip == it.tip) {
            let reason = "it is not what was shown; look at it again".to_owned();
            refused.push(BranchRefusal { branch: it.branch.clone(), reason });
            continue;
        }
        match judged(&host, it)? {
            Ok(before) => {
                let (branch, reference) = (it.branch.clone(), it.reference.clone());
                let (from, to) = (before.clone(), Some(it.tip.clone()));
                let branch = TakenBranch { branch, reference, before, tip: it.tip.clone() };
                moves.push(Move { branch, from, to });
            }
            Err(reason) => refused.push(BranchRefusal { branch: it.branch.clone(), reason }),
        }
    }
    if moves.is_empty() {
        return Ok(EffectOutcome::CommitsTaken { taken: Vec::new(), refused });
    }
    host.store(pack)?;
    let (taken, left) = host.update(&moves)?;
    refused.extend(left);
    Ok(EffectOutcome::CommitsTaken { taken, refused })
}

/// Whether a branch may be taken, and where its ref is now.
fn judged(host: &Host<'_>, tip: &CommitTip) -> Result<Result<Option<String>, String>, Setback> {
    match host.check(&tip.tip)? {
        Checked::Broken(reason) => return Ok(Err(reason)),
        Checked::Whole(extent) if extent.commits > COMMITS_MAX => {
            return Ok(Err(format!("it has more than {COMMITS_MAX} new commits")));
        }
        Checked::Whole(_) => {}
    }
    let before = host.refs.at(&tip.reference).map(str::to_owned);
    if let Some(before) = &before
        && !host.is_before(before, &tip.tip)?
    {
        return Ok(Err(format!(
            "`{}` was taken before and the session has rewritten it since; \
             `moat session commits --undo` removes what was taken last",
            tip.reference
        )));
    }
    Ok(Ok(before))
}

/// Removes refs, or moves them back, where they still are as they were made.
pub(super) fn give_back(
    ground: &Ground,
    stop: &StopFlag,
    refs: &[TakenBranch],
) -> Result<EffectOutcome, Setback> {
    let host = Host::open(ground.launcher(), stop, ground.workspace())?;
    let (mut moves, mut refused, mut gone) = (Vec::new(), Vec::new(), Vec::new());
    for it in refs {
        match host.refs.at(&it.reference) {
            // The user removed it.
            None => gone.push(it.clone()),
            Some(id) if id == it.tip => moves.push(Move {
                branch: it.clone(),
                from: Some(it.tip.clone()),
                to: it.before.clone(),
            }),
            Some(_) => {
                let reason = format!("`{}` was moved since", it.reference);
                refused.push(BranchRefusal { branch: it.branch.clone(), reason });
            }
        }
    }
    let (mut returned, left) =
        if moves.is_empty() { (Vec::new(), Vec::new()) } else { host.update(&moves)? };
    returned.extend(gone);
    refused.extend(left);
    Ok(EffectOutcome::CommitsReturned { returned, refused })
}

/// Whether commits were taken when the process died: their refs say so.
pub(super) fn settle(ground: &Ground, tips: &[CommitTip]) -> Settled {
    // The wish that ended the effect must not end the look at what it did.
    let Ok(stop) = StopFlag::new() else { return Settled::Unknown };
    let Ok(host) = Host::open(ground.launcher(), &stop, ground.workspace()) else {
        return Settled::Unknown;
    };
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    for CommitTip { branch, tip, reference } in tips {
        let (branch, reference) = (branch.clone(), reference.clone());
        if host.refs.at(&reference) == Some(tip.as_str()) {
            // Where it was before is not known any more; an undo removes it.
            taken.push(TakenBranch { branch, reference, before: None, tip: tip.clone() });
        } else {
            let reason = "the process died before it was taken; take it again".to_owned();
            refused.push(BranchRefusal { branch, reason });
        }
    }
    // Objects without a ref are nothing that anybody sees.
    if taken.is_empty() {
        return Settled::NotDone;
    }
    Settled::Done(EffectOutcome::CommitsTaken { taken, refused })
}

/// Packs what the session has and the user has not, and checks its form.
fn receive<'a>(ground: &'a Ground, stop: &'a StopFlag) -> Result<Received<'a>, Setback> {
    let host = Host::open(ground.launcher(), stop, ground.workspace())?;
    let number = random_hex(4).map_err(|source| Setback::of(&NumberError { source }))?;
    let fork = ground.fork(&format!("commits-{number}"), Below::Session)?;
    let Some(sandbox) = fork.sandbox() else { return Err(Setback::Stopped) };
    let git_dir = ground.workspace().join(".git");
    let places = vec![
        ("GIT_DIR", git_dir.clone().into_os_string()),
        ("GIT_SHALLOW_FILE", git_dir.join("shallow").into_os_string()),
    ];
    let git = Git { sandbox, stop, places };
    let session = Refs::read(&git, host.format)?;
    let (mut branches, mut refused) = branches(&session, &host.refs);
    if branches.len() > BRANCHES_MAX {
        for left in branches.split_off(BRANCHES_MAX) {
            let reason = format!("there are more than {BRANCHES_MAX} branches with new commits");
            refused.push(BranchRefusal { branch: left.name, reason });
        }
    }
    if branches.is_empty() {
        return Ok(Received { host, pack: Vec::new(), branches, refused, session });
    }
    let known: Vec<u8> =
        present(&git, &host.refs.ids())?.iter().flat_map(|id| line(&format!("^{id}"))).collect();
    let sides = Sides { git: &git, host: &host, known: &known };
    let pack = match sides.packed(&branches)? {
        Ok(pack) => pack,
        // One bad object spoils the pack, so each branch is tried alone.
        Err(_spoiled) => {
            let (good, bad) = sides.apart(branches)?;
            refused.extend(bad);
            branches = good;
            if branches.is_empty() {
                Vec::new()
            } else {
                sides.packed(&branches)?.map_err(|words| Setback::of(&PackError { words }))?
            }
        }
    };
    drop(fork);
    Ok(Received { host, pack, branches, refused, session })
}

/// The session's repository, and the user's that reads what it packs.
struct Sides<'all> {
    git: &'all Git<'all>,
    host: &'all Host<'all>,
    /// What the user has, to be left out of a pack.
    known: &'all [u8],
}

impl Sides<'_> {
    /// Packs some branches and checks the form of all that is in it; the inner error says
    /// what git does not like.
    fn packed(&self, branches: &[Found]) -> Result<Result<Vec<u8>, String>, Setback> {
        let tips = branches.iter().flat_map(|it| line(&it.tip));
        let input = tips.chain(self.known.iter().copied()).collect();
        let pack = ["pack-objects", "--revs", "--thin", "--stdout", "--quiet", "--threads=1"];
        let said = self.git.run(&pack, input, PACK_BYTES_MAX)?;
        if !said.success {
            return Ok(Err(said.words));
        }
        let received = self.host.receive(said.output.clone())?;
        Ok(received.map(|()| said.output))
    }

    /// Which branches are good alone, and why the others are not.
    fn apart(&self, branches: Vec<Found>) -> Result<(Vec<Found>, Vec<BranchRefusal>), Setback> {
        let (mut good, mut bad) = (Vec::new(), Vec::new());
        for it in branches {
            match self.packed(std::slice::from_ref(&it))? {
                Ok(_) => good.push(it),
                Err(words) => {
                    let reason = format!("git refuses what the session committed: {words}");
                    bad.push(BranchRefusal { branch: it.name, reason });
                }
            }
        }
        Ok((good, bad))
    }
}

/// The session's branches that are not where a branch of the user is, and those with names
/// that cannot be taken.
fn branches(session: &Refs, user: &Refs) -> (Vec<Found>, Vec<BranchRefusal>) {
    let (mut found, mut refused): (Vec<Found>, _) = (Vec::new(), Vec::new());
    let taken_before = |it: &&Ref| it.name.starts_with(b"refs/moat/");
    let is_known = |id: &str| {
        let named = user.refs.iter().filter(|it| !taken_before(it)).map(|it| it.id.as_str());
        named.chain(user.head.as_deref()).any(|known| known == id)
    };
    for it in &session.refs {
        let Some(bytes) = it.name.strip_prefix(HEADS) else { continue };
        if is_known(&it.id) {
            continue;
        }
        match name::branch(bytes) {
            Ok(name) => found.push(Found { name: name.to_owned(), tip: it.id.clone() }),
            Err(reason) => {
                let branch = visible(&String::from_utf8_lossy(bytes)).into_owned();
                refused.push(BranchRefusal { branch, reason: reason.to_owned() });
            }
        }
    }
    if let Some(id) = &session.head
        && session.branch.is_none()
        && !is_known(id)
        && !found.iter().any(|it| it.tip == *id)
    {
        found.push(Found { name: DETACHED.to_owned(), tip: id.clone() });
    }
    (found, refused)
}

#[derive(Debug, thiserror::Error)]
#[error("git refuses what the session committed: {words}")]
struct PackError {
    words: String,
}

impl moat_base::Hint for PackError {
    fn hint(&self) -> Option<String> {
        None
    }
}

#[derive(Debug, thiserror::Error)]
#[error("could not draw a random number")]
struct NumberError {
    #[source]
    source: std::io::Error,
}

impl moat_base::Hint for NumberError {
    fn hint(&self) -> Option<String> {
        None
    }
}
