// SPDX-License-Identifier: Apache-2.0
//! The report for people: the verdict first, then one line for each thing.
//!
//! Invariant: nothing that the machine or the user named reaches the terminal unescaped, and
//! a colour never says what no word says.

use moat_base::visible;
use moat_probe::{
    Basis, Examination, Finding, Look, Outcome, Part, Standing as PartStanding, Verdict as Found,
};
use moat_sandbox::{Effect, Standing};
use moat_tui::{Paint, Tone, count};

use super::configuration::{File, Limit, Unit};
use super::{Diagnosis, Verdict};

/// How much of the report is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    /// One line for each effect.
    Short,
    /// All of it.
    Whole,
}

/// The report as text.
pub(super) fn text(diagnosis: &Diagnosis, paint: Paint, length: Length) -> String {
    let mut page = Page { text: String::new(), paint };
    page.verdict(diagnosis);
    match length {
        Length::Short => short(&mut page, diagnosis),
        Length::Whole => long(&mut page, diagnosis),
    }
    page.text
}

fn short(page: &mut Page, diagnosis: &Diagnosis) {
    page.step(diagnosis);
    if let Some(examination) = &diagnosis.examination {
        for effect in Effect::ALL {
            page.effect(examination, effect);
        }
        for part in &examination.parts {
            page.part(part);
        }
    }
    page.warnings(diagnosis);
}

fn long(page: &mut Page, diagnosis: &Diagnosis) {
    page.warnings(diagnosis);
    page.machine(diagnosis);
    page.heading("The sandbox");
    page.step(diagnosis);
    page.ladder(diagnosis);
    if let Some(examination) = &diagnosis.examination {
        page.field("bound by", &examination.resources);
        page.heading("What a command cannot do");
        for effect in Effect::ALL {
            page.effect(examination, effect);
            for finding in examination.findings.iter().filter(|it| it.effect == effect) {
                page.finding(finding);
            }
        }
        page.heading("Moat's own processes");
        for part in &examination.parts {
            page.part(part);
        }
    }
    page.workspace(diagnosis);
    page.heading("Limits of a command");
    for limit in &diagnosis.limits {
        page.limit(limit);
    }
    page.configuration(diagnosis);
    page.heading("Not covered by any of this");
    for gap in diagnosis.not_covered {
        page.wrapped("- ", &format!("{} ({})", gap.what, gap.see));
    }
    page.heading("Directories");
    for (name, path) in &diagnosis.directories {
        page.field(name, path);
    }
    page.heading("Reading this");
    page.wrapped("", READING);
}

struct Page {
    text: String,
    paint: Paint,
}

impl Page {
    fn line(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }

    fn heading(&mut self, name: &str) {
        let name = self.paint.paint(Tone::Label, name);
        self.line("");
        self.line(&name);
    }

    /// Writes text in lines of the page's width; those after the first begin below `first`'s end.
    fn wrapped(&mut self, first: &str, text: &str) {
        self.toned(first, text, None);
    }

    fn toned(&mut self, first: &str, text: &str, tone: Option<Tone>) {
        let text = visible(text);
        let indent = first.chars().count();
        let room = WIDTH.saturating_sub(indent);
        let mut start = first.to_owned();
        let mut line = String::new();
        let mut lines = Vec::new();
        for word in text.split_whitespace() {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > room {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
        for line in lines {
            let line = tone.map_or_else(|| line.clone(), |tone| self.paint.paint(tone, &line));
            self.line(&format!("{start}{line}"));
            start = " ".repeat(indent);
        }
    }

    fn field(&mut self, name: &str, value: &str) {
        self.wrapped(&format!("{name:<14}"), value);
    }

    /// A line that begins with what came of something.
    fn marked(&mut self, mark: &str, tone: Tone, rest: &str) {
        let mark = self.paint.paint(tone, &format!("{mark:<9}"));
        self.line(&format!("{mark} {rest}"));
    }

    fn verdict(&mut self, diagnosis: &Diagnosis) {
        let (word, tone) = match diagnosis.verdict {
            Verdict::Enforced => ("ENFORCED", Tone::Good),
            Verdict::Partial => ("PARTIAL", Tone::Warning),
            Verdict::Refused => ("REFUSED", Tone::Bad),
            Verdict::Broken => ("BROKEN", Tone::Bad),
        };
        let mark = format!("{word:<10}");
        let start = self.text.len();
        self.wrapped(&mark, &diagnosis.summary);
        // Painted after it was wrapped, because colours take no room.
        let painted = self.paint.paint(tone, &mark);
        self.text.replace_range(start..start + mark.len(), &painted);
    }

    fn warnings(&mut self, diagnosis: &Diagnosis) {
        for warning in &diagnosis.warnings {
            self.toned("warning   ", warning, Some(Tone::Warning));
        }
    }

    fn machine(&mut self, diagnosis: &Diagnosis) {
        let machine = &diagnosis.machine;
        self.heading("Machine");
        self.field("moat", &format!("{} ({})", machine.version, machine.program));
        self.field("sha256", &machine.sha256);
        self.field("date", &machine.date.to_string());
        let user = &machine.user;
        let id = user.id.map_or_else(|| "unknown".to_owned(), |id| id.to_string());
        let name = user.name.as_deref().unwrap_or("no name");
        let groups = match user.groups.as_slice() {
            [] => "no further groups".to_owned(),
            groups => format!("further groups: {}", groups.join(", ")),
        };
        self.field("user", &format!("{name}, uid {id}; {groups}"));
        self.field("system", &machine.distribution);
        self.field("kernel", &format!("{} {}", machine.kernel, machine.architecture));
        self.field("modules", &machine.security_modules);
        let landlock = match machine.landlock {
            0 => "none".to_owned(),
            version => format!("version {version}"),
        };
        self.field("landlock", &landlock);
        for (name, value) in &machine.settings {
            let value = value.as_deref().unwrap_or("not here");
            self.line(&format!("  {name:<46}{}", visible(value)));
        }
    }

    fn step(&mut self, diagnosis: &Diagnosis) {
        match (&diagnosis.refused, &diagnosis.examination) {
            (Some(refused), _) => {
                self.toned(&format!("{:<14}", "step"), "none: refused", Some(Tone::Bad));
                for line in refused.lines() {
                    self.wrapped("  ", line);
                }
            }
            (None, Some(examination)) => {
                let confinement = &examination.confinement;
                let tone = if confinement.is_full() { Tone::Good } else { Tone::Warning };
                self.toned(&format!("{:<14}", "step"), &confinement.line(), Some(tone));
            }
            (None, None) => {}
        }
    }

    /// What was tried on the way down the ladder.
    fn ladder(&mut self, diagnosis: &Diagnosis) {
        for attempt in &diagnosis.attempts {
            match &attempt.error {
                None => self.marked("  works", Tone::Good, &attempt.what),
                Some(error) => {
                    self.marked("  refused", Tone::Bad, &attempt.what);
                    self.wrapped("            ", error);
                }
            }
        }
    }

    fn effect(&mut self, examination: &Examination, effect: Effect) {
        let of_it: Vec<&Finding> =
            examination.findings.iter().filter(|finding| finding.effect == effect).collect();
        let with = |found| of_it.iter().filter(|it| it.verdict == found).count();
        let lost = examination.confinement.standing(effect);
        let (mark, tone) = match (examination.holds(effect), with(Found::Through), lost) {
            (true, _, _) => ("enforced", Tone::Good),
            (false, 0, Some(Standing::Enforced)) => ("unproved", Tone::Warning),
            (false, _, _) => ("NOT", Tone::Bad),
        };
        let mut counts = Vec::new();
        for (found, words) in [
            (Found::Enforced, "held"),
            (Found::Through, "got through"),
            (Found::ProvesNothing, "unproved"),
            (Found::NotTried, "not tried"),
        ] {
            match with(found) {
                0 => {}
                some => counts.push(format!("{some} {words}")),
            }
        }
        self.marked(mark, tone, &format!("{:<36}{}", effect.name(), counts.join(", ")));
        if let Some(Standing::NotEnforced { why, fix }) = lost {
            self.toned("          ", why, Some(Tone::Bad));
            self.wrapped("          fix: ", fix);
        }
    }

    fn finding(&mut self, finding: &Finding) {
        let (mark, tone, outcome) = match (&finding.verdict, &finding.outside, &finding.inside) {
            (Found::Enforced, _, inside) => {
                ("enforced", Tone::Faint, format!("works outside; {}", short_reason(inside)))
            }
            (Found::Through, outside, _) => {
                ("THROUGH", Tone::Bad, format!("got through; outside: {}", reason(outside)))
            }
            (Found::ProvesNothing, Outcome::NotTried { reason }, _) => (
                "unproved",
                Tone::Warning,
                format!("proves nothing here (not tried outside: {reason})"),
            ),
            (Found::ProvesNothing, outside, _) => (
                "unproved",
                Tone::Warning,
                format!("proves nothing here (fails outside too: {})", reason(outside)),
            ),
            (Found::NotTried, _, inside) => {
                ("untried", Tone::Bad, format!("could not be tried: {}", reason(inside)))
            }
        };
        let mark = self.paint.paint(tone, &format!("{mark:<9}"));
        let attempt = visible(&finding.attempt);
        let length = attempt.chars().count();
        let fits = finding.verdict == Found::Enforced
            && length <= ATTEMPT_WIDTH
            && 12 + ATTEMPT_WIDTH + 1 + outcome.chars().count() <= WIDTH;
        if fits {
            self.line(&format!("  {mark} {attempt:<ATTEMPT_WIDTH$} {outcome}"));
        } else {
            self.line(&format!("  {mark} {attempt}"));
            self.wrapped("              ", &outcome);
        }
    }

    fn part(&mut self, part: &Part) {
        let basis = match part.basis {
            Basis::Observed => "observed".to_owned(),
            Basis::Tried if part.findings.is_empty() => "tried".to_owned(),
            Basis::Tried => {
                let with = |found| part.findings.iter().filter(|it| it.verdict == found).count();
                let (held, unproved) = (with(Found::Enforced), with(Found::ProvesNothing));
                format!("tried: {held} held, {unproved} unproved")
            }
        };
        let (mark, tone, why) = match &part.standing {
            PartStanding::Enforced => ("enforced", Tone::Good, None),
            PartStanding::DoesNotStart(why) => ("absent", Tone::Warning, Some(why)),
            PartStanding::NotEnforced(why) => ("NOT", Tone::Bad, Some(why)),
        };
        self.marked(mark, tone, &format!("{:<36}{basis}", part.name));
        match why {
            None => self.wrapped("          ", part.confined),
            Some(why) => self.toned("          ", why, Some(tone)),
        }
    }

    fn workspace(&mut self, diagnosis: &Diagnosis) {
        let workspace = &diagnosis.workspace;
        self.heading("Workspace");
        self.field("path", &workspace.path.display().to_string());
        let system = workspace.file_system.as_ref().map_or_else(
            || "unknown".to_owned(),
            |system| format!("{}, mounted at `{}`", system.kind, system.mounted_at.display()),
        );
        self.field("file system", &system);
        let files = match &workspace.look {
            None => "not looked at".to_owned(),
            Some(Look::Overlay) => {
                "under an overlay: a file written in it did not reach the workspace".to_owned()
            }
            Some(Look::Copy { why }) => format!("a copy: no overlay can be laid here: {why}"),
            Some(Look::Refused { why }) => format!("no session can work here: {why}"),
            Some(Look::Open { why }) => format!("NOT protected: {why}"),
        };
        self.field("files", &files);
    }

    fn limit(&mut self, limit: &Limit) {
        self.line(&format!("{:<34}{}", limit.what, amount(limit.value, limit.unit)));
    }

    fn configuration(&mut self, diagnosis: &Diagnosis) {
        let configuration = &diagnosis.configuration;
        self.heading("Configuration");
        if let Some(error) = &configuration.error {
            for line in error.lines() {
                self.toned("", line, Some(Tone::Bad));
            }
        }
        for (key, value) in [
            ("sandbox.least", &configuration.least),
            ("approval.commands", &configuration.approval),
        ] {
            if let Some(value) = value {
                self.wrapped("", &format!("{key} = {}, from {}", value.value, value.origin));
            }
        }
        for tightened in &configuration.tightened {
            let (key, value) = (&tightened.key, &tightened.value);
            self.wrapped("", &format!("{key} = {}, {}", value.value, value.origin));
        }
        self.file("requirements", &configuration.requirements);
        self.file("user's file", &configuration.user);
    }

    fn file(&mut self, name: &str, file: &File) {
        let state = match (&file.sha256, &file.error) {
            (Some(_), _) => String::new(),
            (None, Some(error)) => format!(": unreadable: {error}"),
            (None, None) => ": there is none".to_owned(),
        };
        self.field(name, &format!("{}{state}", file.path.display()));
        if let Some(sha256) = &file.sha256 {
            self.field("  sha256", sha256);
        }
    }
}

/// An error's name, or its words where it has none.
fn short_reason(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Works => "works".to_owned(),
        Outcome::Fails { code, reason } if code.is_empty() => reason.clone(),
        Outcome::Fails { code, .. } => code.clone(),
        Outcome::NotTried { reason } => format!("not tried: {reason}"),
    }
}

fn reason(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Works => "works".to_owned(),
        Outcome::Fails { code, reason } if code.is_empty() => reason.clone(),
        Outcome::Fails { code, reason } => format!("{code}, {reason}"),
        Outcome::NotTried { reason } => format!("not tried: {reason}"),
    }
}

fn amount(value: u64, unit: Unit) -> String {
    match unit {
        Unit::Pieces => value.to_string(),
        Unit::Seconds if value >= 3600 && value.is_multiple_of(3600) => count(value / 3600, "hour"),
        Unit::Seconds if value >= 60 && value.is_multiple_of(60) => count(value / 60, "minute"),
        Unit::Seconds => count(value, "second"),
        Unit::Bytes if value >= 1 << 30 => {
            let tenths = (value >> 20) * 10 / 1024;
            match tenths % 10 {
                0 => format!("{} GiB", tenths / 10),
                rest => format!("{}.{rest} GiB", tenths / 10),
            }
        }
        Unit::Bytes => format!("{} MiB", value >> 20),
    }
}

const WIDTH: usize = 80;
const ATTEMPT_WIDTH: usize = 38;

const READING: &str = "An attack counts as held when it got through outside of the sandbox, tried \
    by this program in a process of its own, and was refused inside. One that fails outside too \
    proves nothing and is not counted. An effect is enforced when at least one attack on it was \
    held and none got through. Exit codes: 0 everything is enforced; 1 commands run with less, \
    and are asked for; 2 the configuration is broken, so that no command runs; 5 nothing runs \
    here, or something got through. See docs/sandbox.md, The report.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_in_the_largest_unit_that_is_whole_or_nearly() {
        for (value, unit, expected) in [
            (600, Unit::Seconds, "10 minutes"),
            (36_000, Unit::Seconds, "10 hours"),
            (61, Unit::Seconds, "61 seconds"),
            (8 << 30, Unit::Bytes, "8 GiB"),
            ((5 << 30) + (1 << 29), Unit::Bytes, "5.5 GiB"),
            (8 << 20, Unit::Bytes, "8 MiB"),
            (2048, Unit::Pieces, "2048"),
        ] {
            assert_eq!(amount(value, unit), expected);
        }
    }

    #[test]
    fn lines_are_as_wide_as_a_page() {
        let mut page = Page { text: String::new(), paint: Paint::Plain };
        page.field("name", &"word ".repeat(60));
        page.field("sha256", &"a".repeat(64));
        page.wrapped("- ", READING);
        assert!(page.text.lines().all(|line| line.chars().count() <= WIDTH), "{}", page.text);
        assert!(
            page.text.lines().nth(1).is_some_and(|line| line.starts_with("              word"))
        );
    }
}
