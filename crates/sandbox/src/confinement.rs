// SPDX-License-Identifier: Apache-2.0
//! What a sandbox enforces, said by effect and not by mechanism.
//!
//! Invariant: a [`Confinement`] starts with nothing enforced; only a layer that
//! was put up adds to it.

use serde::{Deserialize, Serialize};

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

/// How much of the sandbox stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Every effect is enforced.
    Full,
    /// At least one effect is not.
    Partial,
}

/// What one running sandbox enforces; recorded with the session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confinement {
    /// Each effect and whether it holds.
    pub effects: Vec<(Effect, Standing)>,
}

impl Confinement {
    /// Full when every effect is present and enforced.
    #[must_use]
    pub fn level(&self) -> Level {
        if self.lost().is_empty() { Level::Full } else { Level::Partial }
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

/// One line of `moat doctor`: an attack that was tried in a real sandbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The effect that the attempt belongs to.
    pub effect: Effect,
    /// What was tried.
    pub attempt: String,
    /// What came of it.
    pub standing: Standing,
}

/// Turns what could not be put up into what that means.
pub(crate) fn judge(lost: &[Lost]) -> Confinement {
    let effects = Effect::ALL
        .into_iter()
        .map(|effect| {
            let standing = lost
                .iter()
                .find_map(|lost| consequence(lost, effect))
                .unwrap_or(Standing::Enforced);
            (effect, standing)
        })
        .collect();
    Confinement { effects }
}

fn consequence(lost: &Lost, effect: Effect) -> Option<Standing> {
    match (lost, effect) {
        (Lost::Landlock { version }, Effect::ForeignFilesUnchanged | Effect::ProcessesSeparate) => {
            Some(Standing::NotEnforced {
                why: format!("the kernel's Landlock is version {version}, and 6 is needed"),
                fix: "use Linux 6.12 or later with Landlock in its list of security modules"
                    .to_owned(),
            })
        }
        (Lost::Nesting, Effect::PrivilegeFixed) => Some(Standing::NotEnforced {
            why: "nested user namespaces could not be bounded".to_owned(),
            fix: "make `/proc/sys/user` writable in the container that Moat runs in".to_owned(),
        }),
        (Lost::Landlock { .. } | Lost::Nesting, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lost_shows_in_the_level() {
        assert_eq!(judge(&[]).level(), Level::Full);
        let old = judge(&[Lost::Landlock { version: 4 }]);
        assert_eq!(old.level(), Level::Partial);
        assert_eq!(old.lost(), [Effect::ForeignFilesUnchanged, Effect::ProcessesSeparate]);
        assert_eq!(judge(&[Lost::Nesting]).lost(), [Effect::PrivilegeFixed]);
        assert_eq!(Confinement { effects: vec![] }.lost(), Effect::ALL);
    }
}
