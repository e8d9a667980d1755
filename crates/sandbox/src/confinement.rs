// SPDX-License-Identifier: Apache-2.0
//! What a sandbox enforces, said by effect and not by mechanism.
//!
//! Invariant: a [`Confinement`] starts with nothing enforced; only a layer that
//! was put up adds to it.

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::footing::{Base, Footing, Namespace, ProcessList, Step};
use crate::wire::Lost;

/// One thing that a confined command cannot do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Read files outside the allow-listed view: keys, other projects, the home.
    ForeignFilesHidden,
    /// Change anything but the session's own tree and its private directories.
    ForeignFilesUnchanged,
    /// See, signal, trace or outlive into other processes.
    ProcessesSeparate,
    /// Send a byte to any network or to a socket of another process.
    NetworkClosed,
    /// Use kernel interfaces that widen rights or reach around the other layers.
    KernelInterfaceNarrow,
    /// Gain rights through setuid programs, capabilities or new namespaces.
    PrivilegeFixed,
    /// Use processes, memory, file sizes and time without bound.
    ResourcesBounded,
}

impl Effect {
    /// Every effect, in the order in which they are shown.
    pub const ALL: [Self; 7] = [
        Self::ForeignFilesHidden,
        Self::ForeignFilesUnchanged,
        Self::ProcessesSeparate,
        Self::NetworkClosed,
        Self::KernelInterfaceNarrow,
        Self::PrivilegeFixed,
        Self::ResourcesBounded,
    ];

    /// Whether nothing runs where it is lost.
    #[must_use]
    pub const fn is_vital(self) -> bool {
        match self {
            Self::ForeignFilesHidden
            | Self::ForeignFilesUnchanged
            | Self::NetworkClosed
            | Self::KernelInterfaceNarrow
            | Self::PrivilegeFixed => true,
            Self::ProcessesSeparate | Self::ResourcesBounded => false,
        }
    }

    /// The effect in a few words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ForeignFilesHidden => "other files are hidden",
            Self::ForeignFilesUnchanged => "other files stay unchanged",
            Self::ProcessesSeparate => "other processes are out of reach",
            Self::NetworkClosed => "the network is closed",
            Self::KernelInterfaceNarrow => "the kernel's interface is narrow",
            Self::PrivilegeFixed => "no privilege can be gained",
            Self::ResourcesBounded => "resources are bounded",
        }
    }
}

/// Whether an effect holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The kernel enforces it.
    Enforced,
    /// It does not hold, or not fully.
    NotEnforced {
        /// Why not.
        why: String,
        /// What would change that.
        fix: String,
    },
}

/// What one running sandbox enforces; recorded with the session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confinement {
    /// The step of the ladder that it stands on.
    pub step: Step,
    /// Each effect and whether it holds.
    pub effects: Vec<(Effect, Standing)>,
    /// What is different from the full sandbox beside effects, a few words each: a wall that
    /// stands alone, and what programs cannot do.
    pub remarks: Vec<String>,
}

impl Confinement {
    /// Whether it stands on the first step and every effect is present and enforced.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.step == Step::Full && self.lost().is_empty()
    }

    /// The step, what is lost on it and what is different, in one line.
    #[must_use]
    pub fn line(&self) -> String {
        let mut line = self.step.name().to_owned();
        let lost: Vec<String> = self
            .effects
            .iter()
            .filter_map(|(effect, standing)| match standing {
                Standing::Enforced => None,
                Standing::NotEnforced { why, .. } => Some(format!("{} ({why})", effect.name())),
            })
            .collect();
        if !lost.is_empty() {
            line.push_str(&format!("; not enforced: {}", lost.join(", ")));
        }
        if !self.remarks.is_empty() {
            line.push_str(&format!("; {}", self.remarks.join("; ")));
        }
        line
    }

    /// Whether one effect holds; `None` when nothing was said about it.
    #[must_use]
    pub fn standing(&self, effect: Effect) -> Option<&Standing> {
        self.effects.iter().find(|(known, _)| *known == effect).map(|(_, standing)| standing)
    }

    /// Refuses what may never be lost, and what the floor does not allow.
    pub(crate) fn stands(&self, least: Step) -> Result<(), Error> {
        let lost = self.lost();
        let is_vital = lost.iter().any(|effect| effect.is_vital());
        let is_too_little = match least {
            Step::Full => !self.is_full(),
            Step::Shared | Step::Rules => self.step > least,
        };
        if is_vital || is_too_little {
            return Err(Error::Unenforced { step: self.step, lost });
        }
        Ok(())
    }

    /// The effects that are not enforced.
    #[must_use]
    pub fn lost(&self) -> Vec<Effect> {
        Effect::ALL
            .into_iter()
            .filter(|effect| {
                !self
                    .effects
                    .iter()
                    .any(|(known, standing)| known == effect && *standing == Standing::Enforced)
            })
            .collect()
    }
}

/// Turns what a sandbox stands on, and what could not be put up, into what that means.
pub(crate) fn judge(footing: &Footing, lost: &[Lost]) -> Confinement {
    let effects = Effect::ALL
        .into_iter()
        .map(|effect| {
            let standing = consequence(footing, effect)
                .or_else(|| lost.iter().find_map(|lost| failure(lost, effect)))
                .unwrap_or(Standing::Enforced);
            (effect, standing)
        })
        .collect();
    let mut remarks: Vec<String> = differences(footing).map(str::to_owned).collect();
    for lost in lost {
        match lost {
            Lost::Landlock { version } => remarks.push(format!(
                "files and signals are held by namespaces alone (Landlock is version {version})"
            )),
            Lost::Nesting => {
                remarks.push("nested user namespaces are forbidden by the filter alone".to_owned())
            }
            Lost::Processes => {}
        }
    }
    Confinement { step: footing.step(), effects, remarks }
}

/// What follows from a namespace that is not there, for an effect that nothing else holds whole.
fn consequence(footing: &Footing, effect: Effect) -> Option<Standing> {
    let fix = || fix(footing).to_owned();
    match effect {
        Effect::ProcessesSeparate if !footing.has(Namespace::Process) => {
            Some(Standing::NotEnforced {
                why: "which process numbers are in use can be asked, and if Moat's own reaper is \
                      killed a command's processes stay"
                    .to_owned(),
                fix: fix(),
            })
        }
        Effect::ResourcesBounded if footing.base == Base::None => Some(Standing::NotEnforced {
            why: "private places share the disk with yours, and processes are counted with yours"
                .to_owned(),
            fix: fix(),
        }),
        Effect::ForeignFilesHidden
        | Effect::ForeignFilesUnchanged
        | Effect::ProcessesSeparate
        | Effect::NetworkClosed
        | Effect::KernelInterfaceNarrow
        | Effect::PrivilegeFixed
        | Effect::ResourcesBounded => None,
    }
}

fn failure(lost: &Lost, effect: Effect) -> Option<Standing> {
    match (lost, effect) {
        (Lost::Processes, Effect::ResourcesBounded) => Some(Standing::NotEnforced {
            why: "the number of processes of the machine's root is not bounded".to_owned(),
            fix:
                "use Linux 6.14 or later where a `/proc` of its own can be mounted, or do not run \
                  Moat as root"
                    .to_owned(),
        }),
        // The namespaces hold the same by themselves; where they are missing, too, the
        // holder refuses to start.
        (Lost::Processes | Lost::Landlock { .. } | Lost::Nesting, _) => None,
    }
}

/// What people should know about a footing beside its effects.
fn differences(footing: &Footing) -> impl Iterator<Item = &'static str> {
    let differs = |applies: bool, text: &'static str| applies.then_some(text);
    let bare = footing.base == Base::None;
    let lists = footing.process_list == ProcessList::Own;
    [
        differs(footing.base == Base::Root, "commands keep the root's id, without capabilities"),
        differs(
            bare,
            "files are held by Landlock and a supervisor alone: that a file of a known name \
             exists can be asked; `/tmp`, `/dev/shm`, terminals and watches do not work, and \
             caches are read-only",
        ),
        differs(
            !footing.has(Namespace::Network),
            "the network is closed by the filter alone, and there is no loopback",
        ),
        differs(!bare && !footing.has(Namespace::Ipc), "System V objects are closed by the filter"),
        differs(!bare && !footing.has(Namespace::Name), "the machine's name shows"),
        differs(!lists, "`/proc` shows no process"),
    ]
    .into_iter()
    .flatten()
}

/// What would bring a namespace back.
const fn fix(footing: &Footing) -> &'static str {
    match footing.base {
        Base::None => {
            "allow user namespaces for `moat`: in Ubuntu by the profile that \
             `moat doctor --apparmor-profile` prints, in a container by its runtime's settings"
        }
        Base::User | Base::Root => {
            "raise the limit in `/proc/sys/user` or the container runtime's that forbids the \
             namespace"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn less(lacking: &[Namespace]) -> Footing {
        Footing { lacking: lacking.to_vec(), ..Footing::full() }
    }

    #[test]
    fn what_is_lost_shows_in_the_level_and_decides_whether_it_stands() {
        use Effect::{ProcessesSeparate, ResourcesBounded};
        let cases = [
            (Footing::full(), vec![], true, vec![]),
            (Footing::full(), vec![Lost::Landlock { version: 4 }], true, vec![]),
            (Footing::full(), vec![Lost::Nesting], true, vec![]),
            (Footing::full(), vec![Lost::Processes], false, vec![ResourcesBounded]),
            (less(&[Namespace::Network]), vec![], false, vec![]),
            (less(&[Namespace::Process]), vec![], false, vec![ProcessesSeparate]),
            (Footing { base: Base::Root, ..Footing::full() }, vec![], false, vec![]),
            (Footing::bare(), vec![], false, vec![ProcessesSeparate, ResourcesBounded]),
        ];
        for (footing, lost, full, effects) in cases {
            let judged = judge(&footing, &lost);
            assert_eq!((judged.is_full(), judged.lost()), (full, effects), "{footing:?} {lost:?}");
            assert!(judged.stands(Step::Rules).is_ok());
            assert_eq!(judged.stands(Step::Full).is_ok(), full);
            assert_eq!(judged.stands(Step::Shared).is_ok(), footing.base != Base::None);
            let plain = judged.remarks.is_empty() && judged.lost().is_empty();
            assert_eq!(plain, judged.line() == "full");
        }
        let nothing = Confinement { step: Step::Full, effects: Vec::new(), remarks: Vec::new() };
        assert_eq!(nothing.lost(), Effect::ALL);
        assert!(nothing.stands(Step::Rules).is_err());
    }

    #[test]
    fn each_vital_effect_is_refused_when_it_is_lost() {
        for lost in Effect::ALL {
            let mut judged = judge(&Footing::bare(), &[]);
            for (effect, standing) in &mut judged.effects {
                *standing = if *effect == lost {
                    Standing::NotEnforced { why: String::new(), fix: String::new() }
                } else {
                    Standing::Enforced
                };
            }
            assert_eq!(judged.stands(Step::Rules).is_err(), lost.is_vital(), "{lost:?}");
        }
    }
}
