// SPDX-License-Identifier: Apache-2.0
//! Asks the turn's model and shows its answer while it writes.

use std::time::Duration;

use moat_base::{Report, clip};
use moat_model::{Chunk, Error, Interrupt, Message, Provider, Request, Role};
use moat_protocol::Event;

use super::{Setback, StopFlag};
use crate::limits::ANSWER_BYTES_MAX;
use crate::record::{EffectOutcome, Prompt, PromptRole, Skill};

/// A model that is ready to be asked.
#[derive(Debug)]
pub struct ReadyModel {
    /// Reaches its server.
    pub provider: Provider,
    /// The name by which the server knows it.
    pub name: String,
    /// The most answers that one request asks for, at least 1.
    pub candidates_max: u32,
}

/// Gives models by their names in the configuration, starting a server where needed.
///
/// Implementors say through `live` what they wait for, and give the same provider
/// again while its server lives.
pub trait ModelSource: Send + std::fmt::Debug {
    /// Begins to get `model` ready, in the background where that takes long.
    fn prepare(&mut self, model: &str);

    /// Says what a model can do, without starting anything.
    fn skill(&self, model: &str) -> Skill;

    /// Gives a model that is ready.
    ///
    /// # Errors
    /// A report for the user, with what to do.
    fn ready(&mut self, model: &str, live: &mut dyn FnMut(Event)) -> Result<&ReadyModel, Report>;
}

pub(super) fn ask(
    models: &mut dyn ModelSource,
    model: &str,
    (number, prompt): (u32, &Prompt),
    (stop, left): (&StopFlag, Duration),
    (live, elapsed): (&mut dyn FnMut(Event), &dyn Fn() -> Duration),
) -> Result<EffectOutcome, Setback> {
    if prompt.draft.is_some() && models.skill(model) == Skill::Writes {
        // The name means another server than when the turn began.
        return Ok(EffectOutcome::Answers {
            texts: Vec::new(),
            millinats: Vec::new(),
            costs: Vec::new(),
            prompt_tokens: 0,
            completion_tokens: 0,
        });
    }
    let ready = models.ready(model, live).map_err(Setback::Failed)?;
    let mut request = request(&ready.name, prompt);
    request.candidates = request.candidates.min(ready.candidates_max).max(1);
    live(Event::ModelAsked {
        request: number,
        model: model.to_owned(),
        purpose: prompt.purpose.clone(),
        candidates: request.candidates,
    });
    let started = elapsed();
    let interrupt = Interrupt::from(stop.shared());
    let answer = ready.provider.within(left).chat(&request, &interrupt, &mut |chunk| {
        // Revisions are shown when they are tried: each is nearly the whole draft again.
        if let (Chunk::Text { candidate, text }, None) = (chunk, &prompt.draft) {
            live(Event::ModelText { request: number, candidate: *candidate, text: text.clone() });
        }
    });
    let answer = answer.map_err(|error| {
        if matches!(error, Error::Interrupted) { Setback::Stopped } else { Setback::of(&error) }
    })?;
    let usage = answer.usage.unwrap_or_default();
    let took = elapsed().saturating_sub(started);
    live(Event::ModelAnswered {
        request: number,
        prompt_tokens: usage.prompt_tokens,
        completion_tokens: usage.completion_tokens,
        duration_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
    });
    let revised = prompt.draft.is_some();
    let texts = answer.candidates.iter().map(|one| clip(&one.text, ANSWER_BYTES_MAX));
    Ok(EffectOutcome::Answers {
        texts: if revised {
            texts.filter(|text| !text.is_empty()).map(|text| format!("```\n{text}\n```")).collect()
        } else {
            texts.map(str::to_owned).collect()
        },
        millinats: answer.candidates.iter().filter_map(|one| one.millinats).collect(),
        costs: Vec::new(),
        prompt_tokens: usage.prompt_tokens,
        completion_tokens: usage.completion_tokens,
    })
}

fn request(name: &str, prompt: &Prompt) -> Request {
    let messages = prompt.messages.iter().map(|message| {
        let role = match message.role {
            PromptRole::System => Role::System,
            PromptRole::User => Role::User,
            PromptRole::Assistant => Role::Assistant,
        };
        Message::new(role, message.text.clone())
    });
    let mut request = Request::new(name, messages.collect());
    request.temperature = f64::from(prompt.temperature_percent) / 100.0;
    request.top_p = if prompt.temperature_percent == 0 { 1.0 } else { 0.95 };
    request.seed = u64::from(prompt.seed);
    request.max_tokens = prompt.tokens_max;
    request.candidates = prompt.candidates;
    request.revise.clone_from(&prompt.draft);
    request
}
