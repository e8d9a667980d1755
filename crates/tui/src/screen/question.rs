// SPDX-License-Identifier: Apache-2.0
//! What a person is asked, and commands in one line.
//!
//! Invariant: a foreign text stays in its line and in its quotes, so it cannot pass for one of
//! the question's own lines.

use moat_base::hides;
use moat_protocol::{Proposal, ProposedCandidate};

use super::Screen;
use crate::Tone;

impl Screen {
    pub(super) fn question(&self, request: u32, proposal: &Proposal) -> String {
        let command = words(&proposal.argv);
        let mut text = format!("question {request}: run exactly this?\n{command}\n");
        if let Some(candidate) = &proposal.candidate {
            text.push_str(&format!("trying  {}\n", trial(candidate)));
        }
        text.push_str(&format!("in      {}\n", quoted(&format!("./{}", proposal.directory))));
        for (name, value) in &proposal.environment {
            text.push_str(&format!("with    {}={}\n", quoted(name), quoted(value)));
        }
        text.push_str(&format!("writes  {}\nnetwork {}\n", proposal.writes, proposal.network));
        text.push_str(&format!("asked by the rule `{}`", proposal.rule));
        self.line("ask", Tone::Warning, &text)
    }
}

impl Screen {
    pub(super) fn check_asked(&self) -> String {
        let text = "no command that tells right from wrong was found; which one is it?\n\
                    name a shell line that fails now and must pass, such as `make test`; it is \
                    run in the sandbox";
        self.line("ask", Tone::Warning, text)
    }

    pub(super) fn check_given(&self, line: Option<&str>) -> String {
        let text =
            line.map_or_else(|| "there is none".into(), |line| format!("`{}`", inline(line)));
        self.line("answer", Tone::Label, &text)
    }
}

fn trial(candidate: &ProposedCandidate) -> String {
    let (path, symbol) = (quoted(&candidate.path.to_string()), quoted(&candidate.symbol));
    let tests = candidate.tests.as_ref().map(|tests| quoted(&tests.to_string()));
    let tests = tests.map_or_else(String::new, |tests| format!(", with tests in {tests}"));
    format!("candidate {}, which changes {symbol} in {path}{tests}", candidate.number)
}

/// A command in one line. Of a shell line that Moat itself has a shell read, only the line is
/// shown; a question shows everything.
pub(super) fn command_line(argv: &[String]) -> String {
    match argv {
        [shell, flag, line] if shell == "/bin/sh" && flag == "-c" => inline(line),
        _ => words(argv),
    }
}

/// A shell line as it is, where it is one line that can be seen.
fn inline(line: &str) -> String {
    if line.chars().any(breaks) { escaped(line) } else { line.to_owned() }
}

/// An argument vector, each word as a shell would have to be given it.
fn words(argv: &[String]) -> String {
    argv.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |character: char| character.is_alphanumeric() || "-_./=:,@+%".contains(character);
    if word.chars().any(breaks) {
        escaped(word)
    } else if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// Whether a character would end the line, move in it, or not be seen.
fn breaks(character: char) -> bool {
    matches!(character, '\n' | '\t') || hides(character)
}

/// Text in the quotes of shells that know escapes.
fn escaped(text: &str) -> String {
    let mut shown = String::from("$'");
    for character in text.chars() {
        match character {
            '\\' | '\'' => shown.extend(['\\', character]),
            '\n' => shown.push_str("\\n"),
            '\t' => shown.push_str("\\t"),
            '\r' => shown.push_str("\\r"),
            other if breaks(other) => shown.push_str(&match u32::from(other) {
                code @ 0..0x80 => format!("\\x{code:02x}"),
                code @ 0x80..0x1_0000 => format!("\\u{code:04x}"),
                code => format!("\\U{code:08x}"),
            }),
            other => shown.push(other),
        }
    }
    shown.push('\'');
    shown
}

#[cfg(test)]
mod tests {
    use moat_base::TreePath;
    use moat_protocol::Event;

    use super::*;
    use crate::{Detail, Paint};

    fn proposal(argv: &[&str]) -> Proposal {
        Proposal {
            argv: argv.iter().map(|word| (*word).to_owned()).collect(),
            environment: vec![("NAME".into(), "value".into())],
            directory: TreePath::root(),
            candidate: None,
            writes: "a fork".into(),
            network: "none".into(),
            rule: "commands-ask".into(),
        }
    }

    fn shown(proposal: Proposal) -> String {
        let event = Event::ApprovalAsked { request: 1, proposal };
        Screen::new(Paint::Plain, Detail::Usual).show(&event).lines
    }

    #[test]
    fn a_question_shows_the_whole_command() {
        let long = "x".repeat(10_000);
        let shown = shown(proposal(&["/bin/echo", &long, "a b", "", "it's"]));
        let whole = format!("/bin/echo {long} 'a b' '' 'it'\\''s'\n");
        for part in [whole.as_str(), "question 1:", "NAME=value", "commands-ask", "none"] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
    }

    #[test]
    fn a_shell_is_shown_whichever_it_is() {
        for (argv, line) in [
            (["/bin/sh", "-c", "make"], "        /bin/sh -c make\n"),
            (["./evil/sh", "-c", "make test"], "        ./evil/sh -c 'make test'\n"),
            (["/tmp/sh", "-c", ""], "        /tmp/sh -c ''\n"),
        ] {
            assert!(shown(proposal(&argv)).contains(line), "{argv:?}");
        }
        let own = ["/bin/sh", "-c", "make test"].map(str::to_owned);
        assert_eq!(command_line(&own), "make test");
        let other = ["./evil/sh", "-c", "make test"].map(str::to_owned);
        assert_eq!(command_line(&other), "./evil/sh -c 'make test'");
        let forged = ["/bin/sh", "-c", "true\npasses: 3 tests"].map(str::to_owned);
        assert_eq!(command_line(&forged), "$'true\\npasses: 3 tests'");
    }

    #[test]
    fn no_foreign_text_passes_for_a_line_of_the_question() {
        let forged =
            "true\nin      ./\nwrites  nothing\r\nnetwork none\tx\u{2028}\u{1b}[A\u{e0041}";
        let clean = shown(proposal(&["/bin/sh", "-c", "true"])).lines().count();
        let mut asked = proposal(&["/bin/sh", "-c", forged, forged]);
        assert_eq!(shown(asked.clone()).lines().count(), clean);
        let escaped =
            "$'true\\nin      ./\\nwrites  nothing\\r\\nnetwork none\\tx\\u2028\\x1b[A\\U000e0041'";
        let line = format!("        /bin/sh -c {escaped} {escaped}\n");
        assert!(shown(asked.clone()).contains(&line), "{}", shown(asked));
        asked.environment = vec![(forged.into(), forged.into())];
        asked.directory = TreePath::from_bytes("a\nnetwork all\u{202e}".as_bytes()).unwrap();
        asked.candidate = Some(ProposedCandidate {
            number: 3,
            path: asked.directory.clone(),
            symbol: forged.into(),
            tests: Some(asked.directory.clone()),
        });
        let all = shown(asked);
        assert_eq!(all.lines().count(), clean + 1, "{all}");
        assert!(!all.contains('\u{202e}') && !all.contains('\u{1b}'), "{all}");
        assert_eq!(all.matches("\n        network ").count(), 1, "{all}");
    }

    #[test]
    fn a_trial_names_its_candidate_its_file_and_its_symbol() {
        let mut asked = proposal(&["/bin/sh", "-c", "make"]);
        let path = TreePath::parse("src/my calc.py").unwrap();
        let candidate = ProposedCandidate { number: 7, path, symbol: "total".into(), tests: None };
        asked.candidate = Some(candidate.clone());
        let line = "trying  candidate 7, which changes total in 'src/my calc.py'\n";
        assert!(shown(asked.clone()).contains(line), "{}", shown(asked));
        let tests = Some(TreePath::parse("test_calc.py").unwrap());
        asked.candidate = Some(ProposedCandidate { tests, ..candidate });
        assert!(shown(asked).contains("calc.py', with tests in test_calc.py\n"));
    }
}
