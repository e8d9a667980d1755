// SPDX-License-Identifier: Apache-2.0
//! Finds the places that a task is about, with what the model has to see of them.

use std::fmt::Write as _;

use moat_index::Corpus;
use moat_tools::{Evidence, context, localise};

use super::check::report_of;
use crate::limits::{PROMPT_CONTEXT_BYTES_MAX, SUSPECTS_MAX};
use crate::record::Place;
use crate::state::Turn;

const REASONS_MAX: usize = 4;

pub(super) fn places(corpus: &Corpus<'_>, turn: &Turn, root: &str) -> Vec<Place> {
    let report = turn.baseline().map(|(summary, output)| report_of(summary, output, root));
    let evidence = Evidence { task: &turn.task.text, report: report.as_ref() };
    let suspects = localise(corpus, evidence);
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
        })
    });
    near.collect()
}
