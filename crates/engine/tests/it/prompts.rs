// SPDX-License-Identifier: Apache-2.0
//! What a model is sent, published whole in docs/prompts.md, and equal to it (P-28).
//!
//! Every kind of task is played with marks in place of the task, the code and the
//! failure, and every request that it makes is written down. A prompt that is not in
//! the document, or a document that says something else, fails.

use std::fmt::Write as _;

use moat_base::TreePath;
use moat_engine::{
    Effect, EffectOutcome, Place, Prompt, PromptRole, Record, Skill, State, Step, TestForm,
    TestPlace, Verdict, next,
};
use moat_files::BlobId;
use moat_protocol::{RunStatus, Task, TaskKind};

use crate::scripted::summary;

const PUBLISHED: &str = include_str!("../../../../docs/prompts.md");
const MARK: &str = "<!-- What follows is checked by crates/engine/tests/it/prompts.rs. -->\n";

/// One way through the engine.
struct Way {
    kind: TaskKind,
    skill: Skill,
    places: Vec<Place>,
    /// What the model answers.
    answer: &'static str,
}

/// An answer that is code, so that a request for tests shows the head of its function.
const CODE: &str = "```python\ndef SYMBOL(PARAMETER):\n    return PARAMETER\n```\n";

fn ways() -> Vec<Way> {
    let one = |language: &str| vec![place("SYMBOL", language)];
    let tested = |form| vec![Place { tests: Some(tests(form)), ..place("SYMBOL", "LANGUAGE") }];
    let two = vec![place("SYMBOL", "LANGUAGE"), place("OTHER", "LANGUAGE")];
    let way = |kind, skill, places| Way { kind, skill, places, answer: "ANSWER" };
    let mut ways = vec![
        way(TaskKind::Repair, Skill::Revises, two),
        way(TaskKind::Write, Skill::Writes, one("LANGUAGE")),
        way(TaskKind::Explain, Skill::Writes, one("LANGUAGE")),
        way(TaskKind::CommitMessage, Skill::Writes, Vec::new()),
    ];
    let forms = [
        TestForm::Unittest,
        TestForm::Pytest,
        TestForm::RustModule,
        TestForm::NodeScript,
        TestForm::NodeModule,
    ];
    ways.extend(forms.map(|form| way(TaskKind::Write, Skill::Writes, tested(form))));
    let python = Place { tests: Some(tests(TestForm::Unittest)), ..place("SYMBOL", "python") };
    ways.push(Way { answer: CODE, ..way(TaskKind::Write, Skill::Writes, vec![python]) });
    let languages = ["python", "rust", "javascript", "c"];
    ways.extend(languages.map(|name| way(TaskKind::Document, Skill::Writes, one(name))));
    ways
}

fn place(symbol: &str, language: &str) -> Place {
    Place {
        path: TreePath::parse("PATH").unwrap(),
        symbol: symbol.into(),
        language: language.into(),
        reasons: Vec::new(),
        source: format!("CODE OF {symbol}"),
        context: "CONTEXT".into(),
        test: "TEST".into(),
        failure: "FAILURE".into(),
        tests: None,
    }
}

fn tests(form: TestForm) -> TestPlace {
    TestPlace {
        path: TreePath::parse("TESTS").unwrap(),
        form,
        import: "IMPORT".into(),
        line: "LINE".into(),
    }
}

/// Plays a way to its end and gives the requests that it made.
fn requests(way: &Way) -> Vec<Prompt> {
    let mut state = State::default();
    state.apply(&Record::TurnStarted {
        task: Task {
            text: "TASK".into(),
            kind: way.kind,
            check: Some("CHECK".into()),
            model: "MODEL".into(),
            time_limit_ms: u64::MAX,
        },
    });
    let mut prompts = Vec::new();
    for effect in 1.. {
        let Some(Step::Effect(intent)) = state.turn().map(next) else { break };
        let outcome = match &*intent {
            Effect::RunCheck { .. } => {
                EffectOutcome::Checked { summary: summary(1, 3, 1), output: "OUTPUT".into() }
            }
            Effect::Observe { .. } => {
                EffectOutcome::Observed { status: RunStatus::Code(0), output: "CHANGE".into() }
            }
            Effect::Locate => {
                EffectOutcome::Located { places: way.places.clone(), skill: way.skill }
            }
            Effect::Ask { prompt } => {
                prompts.push(prompt.clone());
                EffectOutcome::Answers {
                    texts: vec![way.answer.into()],
                    millinats: prompt.draft.iter().map(|_| -1).collect(),
                    costs: Vec::new(),
                    prompt_tokens: 0,
                    completion_tokens: 0,
                }
            }
            Effect::Try { .. } | Effect::TryTested { .. } => EffectOutcome::Tried {
                verdict: Verdict::Ran {
                    summary: summary(1, 3, 1),
                    broken: Vec::new(),
                    output: "OUTPUT".into(),
                },
                content: Some("CONTENT".into()),
                tests: None,
            },
            _ => EffectOutcome::Applied { symbols: Vec::new() },
        };
        state.apply(&Record::Intended { effect, intent: *intent, rule: None });
        state.apply(&Record::Resolved { effect, took_ms: 0, outcome });
    }
    prompts
}

/// Writes the published part: each different prompt once.
fn published() -> String {
    let mut text = String::new();
    let mut seen: Vec<String> = Vec::new();
    for way in ways() {
        for prompt in requests(&way) {
            let mut block = String::new();
            for message in &prompt.messages {
                let role = match message.role {
                    PromptRole::System => "system",
                    PromptRole::User => "user",
                    PromptRole::Assistant => "assistant, begun",
                };
                write!(block, "[{role}]\n{}\n", message.text.trim_end()).unwrap();
            }
            if let Some(draft) = &prompt.draft {
                write!(block, "[revise]\n{}\n", draft.trim_end()).unwrap();
            }
            // The same about the other function is the same prompt.
            let form = block.replace("OTHER", "SYMBOL");
            if seen.contains(&form) {
                continue;
            }
            let digest = BlobId::of(block.as_bytes());
            write!(
                text,
                "\n### {} ({:?})\n\nSHA-256 `{digest}`\n\n~~~text\n{block}~~~\n",
                prompt.purpose.replace('`', ""),
                way.kind,
            )
            .unwrap();
            seen.push(form);
        }
    }
    text
}

#[test]
fn what_a_model_is_sent_is_what_is_published() {
    let (_, checked) = PUBLISHED.split_once(MARK).unwrap();
    let expected = published();
    let written = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("prompts.md");
    if checked != expected {
        #[expect(clippy::disallowed_methods, reason = "what to publish, beside the build")]
        std::fs::write(&written, &expected).unwrap();
    }
    assert!(
        checked == expected,
        "docs/prompts.md differs; it should end as `{}`",
        written.display()
    );
}

#[test]
fn every_published_prompt_is_plain_text() {
    assert!(published().bytes().all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte)));
}
