// SPDX-License-Identifier: Apache-2.0
//! Finds the places that a task is about, with what the model has to see of them.

use std::fmt::Write as _;

use moat_base::TreePath;
use moat_index::limits::SEARCH_FILES_MAX;
use moat_index::{Corpus, Language, Scope, Walk};
use moat_protocol::TaskKind;
use moat_tools::{Evidence, SuiteForm, commission, context, convention, localise, mentioned};

use super::check::report_of;
use crate::check_command::CheckCommand;
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

/// What of the tree no search looks at, in words; `None` when it is small enough.
pub(super) fn unseen(walk: &Walk) -> Option<String> {
    let listed = walk.files.len();
    if walk.is_cut {
        return Some(format!(
            "the workspace is too large to be seen whole: {listed} of its files were listed, and \
             {SEARCH_FILES_MAX} of them are searched; the fault may be in another"
        ));
    }
    (listed > SEARCH_FILES_MAX).then(|| {
        format!(
            "{SEARCH_FILES_MAX} of the {listed} files of the workspace are searched; the fault may \
             be in another"
        )
    })
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
        line: CheckCommand::Words {
            argv: custom.argv,
            environment: custom.environment,
            directory: TreePath::root(),
        },
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

#[cfg(test)]
mod tests {
    use moat_index::File;

    use super::*;

    fn walk(files: usize, is_cut: bool) -> Walk {
        let file = File { path: TreePath::parse("a.py").unwrap() };
        Walk { files: vec![file; files], is_cut, ..Walk::default() }
    }

    #[test]
    fn a_tree_that_is_not_searched_whole_is_said_to_be_so() {
        assert_eq!(unseen(&walk(SEARCH_FILES_MAX, false)), None);
        let said = unseen(&walk(SEARCH_FILES_MAX + 1, false)).unwrap();
        assert!(said.starts_with("20000 of the 20001 files"), "{said}");
        let said = unseen(&walk(30_000, true)).unwrap();
        assert!(said.contains("30000 of its files were listed"), "{said}");
    }
}
