// SPDX-License-Identifier: Apache-2.0
//! Lets a workspace tighten what the user and the administrator say.
//!
//! Invariant: a value of a workspace counts only where it is at least as tight as the one that
//! would count without it, in the order that its key has ([`crate::Tighter`]). Nothing that a
//! workspace holds makes an error.

use crate::key::{Key, Kind, Tighter};
use crate::layer::{Origin, Provenance, Value};
use crate::merge::Loaded;
use crate::settings::WorkspaceSettings;
use crate::workspace::{Ignored, Untrusted, Wish};

/// How a value stands to the one that counts without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stands {
    Tighter,
    Equal,
    Looser,
}

/// Compares what counts with what is wished for.
type Judge = fn(&Key, Option<&Value>, &Value) -> Stands;

impl Loaded {
    /// What holds in a workspace: the same, tightened by what the workspace says. What would
    /// loosen, is unknown or cannot be read is in [`Loaded::ignored`].
    #[must_use]
    pub fn tightened(&self, workspace: &Untrusted) -> Self {
        self.tightened_by(workspace, stands)
    }

    fn tightened_by(&self, workspace: &Untrusted, judge: Judge) -> Self {
        match self.settings.workspace.value {
            WorkspaceSettings::Ignore => return self.clone(),
            WorkspaceSettings::Tighten => {}
        }
        let (wishes, mut ignored) = workspace.wishes();
        let mut effective = self.effective.clone();
        for Wish { key, value, place } in wishes {
            let held = effective.0.get(key.path);
            let stands = judge(key, held.map(|(held, _)| held), &value);
            let is_required =
                held.is_some_and(|(_, held)| matches!(held.origin, Origin::Requirements(_)));
            match stands {
                Stands::Equal if is_required => {}
                Stands::Tighter | Stands::Equal => {
                    let provenance = Provenance { origin: place.origin, line: place.line };
                    effective.0.insert(key.path.to_owned(), (value, provenance));
                }
                Stands::Looser => {
                    let why = held.map_or_else(String::new, |(held, provenance)| {
                        format!("{value} would loosen {held} ({provenance})")
                    });
                    ignored.push(Ignored { key: key.path.to_owned(), place, why });
                }
            }
        }
        // No tighter value makes a table of a model server wrong; were it so, it would not count.
        self.with(effective, ignored).unwrap_or_else(|_error| self.clone())
    }
}

fn stands(key: &Key, held: Option<&Value>, wished: &Value) -> Stands {
    let numbers = || Some((held?.count()?, wished.count()?));
    match key.tighter {
        Tighter::Neither => Stands::Looser,
        Tighter::Later => later(key.kind, held.and_then(Value::text), wished.text()),
        Tighter::Smaller => {
            numbers().map_or(Stands::Looser, |(held, wished)| smaller(held, wished))
        }
        Tighter::SmallerOrZero => match numbers() {
            // What the machine gives is taken as well, where the number counts.
            Some((0, 1..)) => Stands::Tighter,
            Some((1.., 0)) | None => Stands::Looser,
            Some((held, wished)) => smaller(held, wished),
        },
        Tighter::Fewer => fewer(held.and_then(Value::texts), wished.texts()),
    }
}

fn later(kind: Kind, held: Option<&str>, wished: Option<&str>) -> Stands {
    let choices = match kind {
        Kind::Choice(choices) => choices,
        Kind::Text | Kind::Count { .. } | Kind::Path | Kind::Address | Kind::Zone | Kind::Texts => {
            return Stands::Looser;
        }
    };
    let rank = |text: Option<&str>| choices.iter().position(|choice| Some(*choice) == text);
    match (rank(held), rank(wished)) {
        (Some(held), Some(wished)) if wished > held => Stands::Tighter,
        (Some(held), Some(wished)) if wished == held => Stands::Equal,
        (Some(_) | None, Some(_) | None) => Stands::Looser,
    }
}

fn smaller(held: u64, wished: u64) -> Stands {
    match wished.cmp(&held) {
        std::cmp::Ordering::Less => Stands::Tighter,
        std::cmp::Ordering::Equal => Stands::Equal,
        std::cmp::Ordering::Greater => Stands::Looser,
    }
}

fn fewer(held: Option<&[String]>, wished: Option<&[String]>) -> Stands {
    let within = |one: &[String], other: &[String]| one.iter().all(|text| other.contains(text));
    match (held, wished) {
        (_, None) => Stands::Looser,
        (None, Some(_)) => Stands::Tighter,
        (Some(held), Some(wished)) if !within(wished, held) => Stands::Looser,
        (Some(held), Some(wished)) if within(held, wished) => Stands::Equal,
        (Some(_), Some(_)) => Stands::Tighter,
    }
}

impl Value {
    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Count(_) | Self::Texts(_) => None,
        }
    }

    const fn count(&self) -> Option<u64> {
        match self {
            Self::Count(count) => Some(*count),
            Self::Text(_) | Self::Texts(_) => None,
        }
    }

    fn texts(&self) -> Option<&[String]> {
        match self {
            Self::Texts(texts) => Some(texts),
            Self::Text(_) | Self::Count(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::{select, subsequence};
    use proptest::test_runner::{Config, TestRunner};

    use super::*;
    use crate::key::KEYS;
    use crate::{Layer, Settings, Untrusted, merge};

    const TABLES: &str = "[models.corp]\nurl = \"https://corp.example/v1\"\nmodel = \"m\"\n\
                          [models.team]\nurl = \"https://team.example/v1\"\nmodel = \"m\"\n";
    const ELSEWHERE: &str = "[models.more]\nurl = \"https://more.example/v1\"\nmodel = \"m\"\n";

    fn quoted(texts: &'static [&'static str]) -> BoxedStrategy<String> {
        select(texts).prop_map(|text| format!("\"{text}\"")).boxed()
    }

    fn value(key: &'static Key) -> BoxedStrategy<String> {
        match key.kind {
            Kind::Count { min, max } => {
                prop_oneof![min..=max, min..=(min + 40).min(max), Just(min), Just(max)]
                    .prop_map(|count| count.to_string())
                    .boxed()
            }
            Kind::Choice(choices) => quoted(choices),
            Kind::Texts => subsequence(vec!["embedded", "corp", "team"], 0..=3)
                .prop_map(|texts| format!("{texts:?}"))
                .boxed(),
            Kind::Zone => quoted(&["host", "network:a", "external:b"]),
            Kind::Address => quoted(&["https://a.example", "https://b.example"]),
            Kind::Text => quoted(&["embedded", "corp"]),
            Kind::Path => quoted(&["/a.pem", "b.pem"]),
        }
    }

    fn line() -> impl Strategy<Value = (&'static str, String)> {
        let keys: Vec<&'static Key> =
            KEYS.iter().filter(|key| !key.path.contains("NAME")).collect();
        select(keys).prop_flat_map(|key| (Just(key.path), value(key)))
    }

    /// Lines of a file that set each key once at most.
    fn text() -> impl Strategy<Value = String> {
        prop::collection::vec(line(), 0..8).prop_map(|lines| {
            let lines: std::collections::BTreeMap<_, _> = lines.into_iter().collect();
            lines.into_iter().map(|(key, value)| format!("{key} = {value}\n")).collect()
        })
    }

    /// What a workspace may hold: settings, what is no setting, and what is not even TOML.
    fn workspace() -> impl Strategy<Value = String> {
        let stray = select(
            &[
                "",
                "limits.turn_minutes = \"1\"\n",
                "limits.nothing = 1\n",
                "hooks = [{ run = \"./x\" }]\n",
                "[models.corp]\nurl = \"https://evil.example\"\n",
                "[[limits]]\n",
                "= =\n",
            ][..],
        );
        (text(), stray).prop_map(|(text, stray)| format!("{text}{stray}"))
    }

    fn merged(user: &str, line: &str, required: &str) -> Option<Loaded> {
        let user = format!("{user}{TABLES}{ELSEWHERE}");
        let required = format!("{required}{TABLES}");
        let layers = [
            Layer::parse(Origin::UserFile("u".into()), user.as_bytes()).unwrap(),
            Layer::parse(Origin::CommandLine, line.as_bytes()).unwrap(),
            Layer::parse(Origin::Requirements("r".into()), required.as_bytes()).unwrap(),
        ];
        // A default that no table has, or a name of a table that is the user's, ends it all.
        merge(&layers).ok()
    }

    /// The first thing that holds less back than before, by what the settings mean.
    fn loosened(before: &Settings, after: &Settings) -> Option<String> {
        use crate::{CommandApproval as A, InlineCompletion as C, LeastConfinement as L};
        let rank = |settings: &Settings| {
            let commands = match settings.approval.commands.value {
                A::Allow => 0,
                A::Ask => 1,
            };
            let least = match settings.least.value {
                L::Partial => 0,
                L::Full => 1,
            };
            let completion = match settings.completion.value {
                C::On => 0,
                C::Off => 1,
            };
            [commands, least, completion]
        };
        let (old, new) = (rank(before), rank(after));
        if old.iter().zip(&new).any(|(old, new)| new < old) {
            return Some(format!("{old:?} became {new:?}"));
        }
        let numbers = |settings: &Settings| {
            let limits = &settings.limits;
            let mut numbers = vec![
                limits.command_seconds.value,
                limits.turn_minutes.value,
                limits.session_disk_mib.value,
            ];
            // Whatever the machine has.
            numbers.extend([1 << 20, 1 << 30, 1 << 50].map(|it| limits.command_memory_bytes(it)));
            numbers
        };
        let (old, new) = (numbers(before), numbers(after));
        if old.iter().zip(&new).any(|(old, new)| new > old) {
            return Some(format!("{old:?} became {new:?}"));
        }
        for name in ["embedded", "some-weights", "corp", "team", "more"] {
            if before.forbids(name).is_some() && after.forbids(name).is_none() {
                return Some(format!("{name} is allowed"));
            }
            if after.models.get(name).is_some_and(|it| before.models.get(name) != Some(it)) {
                return Some(format!("{name} became another server"));
            }
        }
        let rest = |settings: &Settings| {
            let (embedded, weights) = (&settings.embedded, &settings.weights);
            let (threads, idle) = (embedded.threads.value, embedded.idle_minutes.value);
            let texts = [
                &embedded.weights.value,
                &weights.packages_zone.value,
                weights.mirror.as_ref().map_or(&embedded.weights.value, |it| &it.value),
            ];
            format!(
                "{:?} {texts:?} {threads:?} {idle} {:?} {:?} {:?}",
                settings.model_default.value,
                weights.sources.value,
                settings.network.extra_ca.as_ref().map(|it| &it.value),
                settings.workspace.value
            )
        };
        (rest(before) != rest(after)).then(|| format!("{} became {}", rest(before), rest(after)))
    }

    /// Whether a workspace loosened anything, of some thousand, where `judge` compares.
    fn any_loosens(judge: Judge) -> Result<(), String> {
        let config = Config { cases: 4000, failure_persistence: None, ..Config::default() };
        let cases = (text(), text(), text(), workspace());
        let ran = TestRunner::new(config).run(&cases, |(user, line, required, workspace)| {
            let Some(base) = merged(&user, &line, &required) else { return Ok(()) };
            let with = base.tightened_by(&Untrusted::bytes("w", workspace), judge);
            match loosened(&base.settings, &with.settings) {
                None => Ok(()),
                Some(what) => Err(TestCaseError::fail(what)),
            }
        });
        ran.map_err(|error| error.to_string())
    }

    #[test]
    fn no_workspace_loosens_anything_and_without_the_order_some_do() {
        assert_eq!(any_loosens(stands), Ok(()));
        // The control: everything that is wished for counts.
        let error = any_loosens(|_, _, _| Stands::Tighter).unwrap_err();
        assert!(error.contains("became") || error.contains("is allowed"), "{error}");
    }

    #[test]
    fn every_key_with_an_order_tightens_and_a_looser_value_stays_out() {
        let pairs = |key: &Key| match key.tighter {
            Tighter::Neither => None,
            Tighter::Later => match key.kind {
                Kind::Choice([loose, tight]) => Some((format!("{loose:?}"), format!("{tight:?}"))),
                Kind::Choice(_)
                | Kind::Text
                | Kind::Count { .. }
                | Kind::Path
                | Kind::Address
                | Kind::Zone
                | Kind::Texts => None,
            },
            Tighter::Smaller | Tighter::SmallerOrZero => Some(("20".to_owned(), "10".to_owned())),
            Tighter::Fewer => Some(("[\"corp\", \"team\"]".into(), "[\"team\"]".into())),
        };
        let mut tried = 0;
        for (key, (loose, tight)) in KEYS.iter().filter_map(|key| Some((key, pairs(key)?))) {
            let path = key.path;
            let with = |held: &str, wished: &str| {
                let base = merged(&format!("{path} = {held}\n"), "", "").unwrap();
                let with = base.tightened(&Untrusted::bytes("w", format!("\n{path} = {wished}")));
                let row = with.rows.iter().find(|row| row.key == path).unwrap().clone();
                // A model that is not allowed any more is told as well.
                let said = with.ignored.iter().filter(|it| !it.key.starts_with("models."));
                let ignored: Vec<String> = said.map(ToString::to_string).collect();
                (format!("{} # {}", row.value, row.provenance), ignored)
            };
            let (row, ignored) = with(&loose, &tight);
            assert_eq!(row, format!("{tight} # tightened by w:2"));
            assert!(ignored.is_empty(), "{ignored:?}");
            let (row, ignored) = with(&tight, &loose);
            assert_eq!(row, format!("{tight} # u:1"));
            let expect = format!("w:2: `{path}` is ignored: {loose} would loosen {tight} (u:1)");
            assert_eq!(ignored, [expect]);
            tried += 1;
        }
        let ordered = KEYS.iter().filter(|key| key.tighter != Tighter::Neither).count();
        assert!(tried == ordered && tried >= 8, "{tried} of {ordered}");
    }
}
