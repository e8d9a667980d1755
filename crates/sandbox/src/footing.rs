// SPDX-License-Identifier: Apache-2.0
//! What a sandbox stands on: which namespaces the kernel gives on this machine.
//!
//! It is found by doing (`inside::survey`), never from version numbers, and only
//! after the full sandbox was refused. `docs/sandbox.md` has the ladder.
//!
//! Invariant: what a footing lacks is made up for by another layer, named in
//! `confinement`, or the sandbox is refused there.

use serde::{Deserialize, Serialize};

/// Who owns the namespaces of a sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Base {
    /// A user namespace of its own.
    User,
    /// The machine's root, without a user namespace.
    Root,
    /// Nobody: there are none, not even one for mounts.
    None,
}

/// A namespace that a sandbox can be without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Namespace {
    /// Process ids.
    Process,
    /// Network devices.
    Network,
    /// System V objects and message queues.
    Ipc,
    /// The host's name.
    Name,
    /// The paths of control groups.
    ControlGroup,
}

impl Namespace {
    /// All, in the order in which they are tried.
    pub(crate) const ALL: [Self; 5] =
        [Self::Process, Self::Network, Self::Ipc, Self::Name, Self::ControlGroup];

    /// The kernel's flag.
    pub(crate) const fn flag(self) -> i32 {
        match self {
            Self::Process => libc::CLONE_NEWPID,
            Self::Network => libc::CLONE_NEWNET,
            Self::Ipc => libc::CLONE_NEWIPC,
            Self::Name => libc::CLONE_NEWUTS,
            Self::ControlGroup => libc::CLONE_NEWCGROUP,
        }
    }

    /// What it is, for people.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Process => "a process-id namespace",
            Self::Network => "a network namespace",
            Self::Ipc => "an ipc namespace",
            Self::Name => "a host-name namespace",
            Self::ControlGroup => "a control-group namespace",
        }
    }
}

/// What shows processes inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ProcessList {
    /// A `/proc` of the command's own.
    Own,
    /// Nothing: of `/proc` only facts about the machine appear.
    Absent,
}

/// What a sandbox stands on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Footing {
    pub(crate) base: Base,
    pub(crate) lacking: Vec<Namespace>,
    pub(crate) process_list: ProcessList,
}

impl Footing {
    /// Everything.
    pub(crate) const fn full() -> Self {
        Self { base: Base::User, lacking: Vec::new(), process_list: ProcessList::Own }
    }

    /// No namespace at all.
    pub(crate) fn bare() -> Self {
        Self {
            base: Base::None,
            lacking: Namespace::ALL.to_vec(),
            process_list: ProcessList::Absent,
        }
    }

    /// Whether sandboxes have this namespace of their own.
    pub(crate) fn has(&self, namespace: Namespace) -> bool {
        self.base != Base::None && !self.lacking.contains(&namespace)
    }

    /// The flags of those that it has, with the one for mounts.
    pub(crate) fn flags(&self) -> i32 {
        let owner = match self.base {
            Base::None => return 0,
            Base::User => libc::CLONE_NEWUSER | libc::CLONE_NEWNS,
            Base::Root => libc::CLONE_NEWNS,
        };
        let has = Namespace::ALL.into_iter().filter(|namespace| self.has(*namespace));
        has.fold(owner, |flags, namespace| flags | namespace.flag())
    }

    /// Which step of the ladder this is.
    pub(crate) fn step(&self) -> Step {
        if *self == Self::full() {
            Step::Full
        } else if self.base == Base::None {
            Step::Rules
        } else {
            Step::Shared
        }
    }
}

/// A step of the ladder; each is weaker than the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// All namespaces, Landlock and the system call filter.
    Full,
    /// Mounts of its own, Landlock and the filter; some namespaces are shared with the host.
    Shared,
    /// Landlock, the filter and a supervisor, over a copied tree.
    Rules,
}

impl Step {
    /// The step in a few words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Shared => "shared namespaces",
            Self::Rules => "rules only",
        }
    }
}

/// What was tried on the way to a footing, and the system's error; `None` when it worked.
pub(crate) type Attempt = (String, Option<String>);

/// What was found by trying.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Survey {
    pub(crate) footing: Footing,
    pub(crate) attempts: Vec<Attempt>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_follow_from_what_there_is() {
        let less = |lacking: &[Namespace]| Footing { lacking: lacking.to_vec(), ..Footing::full() };
        assert_eq!(Footing::full().step(), Step::Full);
        assert_eq!(less(&[Namespace::Network]).step(), Step::Shared);
        assert_eq!(Footing { base: Base::Root, ..Footing::full() }.step(), Step::Shared);
        assert_eq!(Footing::bare().step(), Step::Rules);
        assert_eq!(Footing::bare().flags(), 0);
        assert_eq!(less(&[Namespace::Network]).flags() & libc::CLONE_NEWNET, 0);
        assert!(!Footing { lacking: Vec::new(), ..Footing::bare() }.has(Namespace::Process));
    }
}
