// SPDX-License-Identifier: Apache-2.0
//! Finds the places that a task is about, with what the model has to see of them.

use std::fmt::Write as _;

use moat_base::TreePath;
use moat_index::{Corpus, Language, Scope};
use moat_protocol::TaskKind;
use moat_tools::{Evidence, SuiteForm, commission, context, convention, localise, mentioned};

use super::check::report_of;
use crate::limits::{PROMPT_CONTEXT_BYTES_MAX, SUSPECTS_MAX};
use crate::record::{Place, TestForm, TestPlace};
use crate::state::Turn;

const REASONS_MAX: usize = 4;

pub(super) fn places(corpus: &Corpus<'_>, turn: &Turn, root: &str) -> Vec<Place> {
    let report = turn.baseline().map(|(summary, output)| report_of(summary, output, root));
    let evidence = Evidence { task: &turn.task.text, report: report.as_ref() };
    if turn.task.kind == TaskKind::Write {
        return written(corpus, &turn.task.text).into_iter().collect();
    }
    let mut suspects = localise(corpus, evidence);
    if turn.task.kind != TaskKind::Repair
        && let Some(named) = mentioned(corpus, &turn.task.text)
    {
        suspects.retain(|other| other.path != named.path || other.range != named.range);
        suspects.insert(0, named);
    }
    let near = suspects.iter().take(SUSPECTS_MAX).filter_map(|suspect| {
        let seen = context(corpus, suspect, evidence, PROMPT_CONTEXT_BYTES_MAX)?;
        let mut text = String::new();
        for section in &seen.sections {
            // Writing to a String cannot fail.
            let _infallible = writeln!(
                text,
                "{}:\n```{}\n{}\n```",
                section.title,
                seen.language.label(),
                section.text.trim_end()
            );
        }
        Some(Place {
            path: suspect.path.clone(),
            symbol: suspect.qualified.clone(),
            language: seen.language.label().to_owned(),
            reasons: suspect.reasons.iter().take(REASONS_MAX).map(ToString::to_string).collect(),
            source: seen.source,
            context: text,
            test: seen.test,
            failure: seen.failure,
            tests: None,
        })
    });
    near.collect()
}

/// The function that a task wants written, with where its tests go.
fn written(corpus: &Corpus<'_>, task: &str) -> Option<Place> {
    let found = commission(corpus, task)?;
    let tests = convention(corpus, &found.path, &found.symbol).map(|custom| TestPlace {
        path: custom.path,
        form: match custom.form {
            SuiteForm::Unittest => TestForm::Unittest,
            SuiteForm::Pytest => TestForm::Pytest,
            SuiteForm::RustModule => TestForm::RustModule,
            SuiteForm::NodeScript => TestForm::NodeScript,
            SuiteForm::NodeModule => TestForm::NodeModule,
        },
        import: custom.import,
        line: custom.line,
    });
    Some(Place {
        context: around(corpus, &found.path),
        path: found.path,
        symbol: found.symbol,
        language: found.language.label().to_owned(),
        reasons: vec![found.why],
        source: found.source,
        test: String::new(),
        failure: String::new(),
        tests,
    })
}

/// The heads of what else the file holds, so that what is written fits to it.
fn around(corpus: &Corpus<'_>, path: &TreePath) -> String {
    let Some(source) = corpus.source(path) else { return String::new() };
    let symbols = source.symbols.iter().filter(|symbol| symbol.scope == Scope::Item);
    let mut text = String::new();
    for symbol in symbols {
        if text.len() + symbol.signature.len() > PROMPT_CONTEXT_BYTES_MAX {
            break;
        }
        // Writing to a String cannot fail.
        let _infallible = writeln!(text, "{}", symbol.signature);
    }
    if text.is_empty() {
        return text;
    }
    let label = source.language.map_or("", Language::label);
    format!("what `{path}` defines:\n```{label}\n{}\n```", text.trim_end())
}
