// SPDX-License-Identifier: Apache-2.0
//! The model in llama.cpp: loading, prefill with prefix reuse, batched decoding.
//!
//! Sequence 0 of the KV cache holds the prompt. A lone candidate continues in
//! it, so that the next turn of a conversation finds prompt and answer there;
//! several candidates get copies of it (the cells are shared, not copied) and are
//! decoded as one batch, which on a processor costs far less than one after the
//! other. What two prompts have in common at their start is computed once.
//!
//! Invariant: `kept` lists exactly the tokens that sequence 0 holds, and no other
//! sequence holds a cell, whenever no request runs.

mod revision;

use std::num::NonZeroU32;
use std::path::Path;
use std::sync::OnceLock;

use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::context::params::LlamaContextParams;
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::model::params::LlamaModelParams;
use llama_cpp_2::sampling::LlamaSampler;
use llama_cpp_2::token::LlamaToken;
use moat_base::Clock;

use crate::engine::Engine;
use crate::error::EngineError;
use crate::limits::{FILL_CHUNK_TOKENS, PENALTY_TOKENS, PREFILL_CHUNK_TOKENS, SAMPLED_TOKENS_MAX};
use crate::mailbox::{Finish, Mailbox, Usage};
use crate::prompt;
use crate::refusal::Refusal;
use crate::request::{Length, Order, Prompt, Reuse, Sampling, Seed, Work};
use crate::stop::{Progress, Stop};

/// How a context is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) context_tokens: u32,
    pub(crate) threads: u32,
    pub(crate) candidates_max: u32,
}

/// `LLAMA_FLASH_ATTN_TYPE_DISABLED` of llama.h.
const FLASH_ATTENTION_OFF: i32 = 0;

/// The library, which is started once in a process and never stopped.
pub(crate) fn backend() -> Result<&'static LlamaBackend, EngineError> {
    static BACKEND: OnceLock<Result<LlamaBackend, EngineError>> = OnceLock::new();
    BACKEND
        .get_or_init(|| LlamaBackend::init().map_err(|error| step("starting llama.cpp", &error)))
        .as_ref()
        .map_err(Clone::clone)
}

/// Loads the weights. `progress` is called with 0 to 1 on the way.
pub(crate) fn load(
    backend: &LlamaBackend,
    path: &Path,
    mut progress: impl FnMut(f32) + 'static,
) -> Result<LlamaModel, EngineError> {
    if path.to_str().is_none() {
        return Err(EngineError::Path);
    }
    let parameters =
        LlamaModelParams::default().with_n_gpu_layers(0).with_progress_callback(move |done| {
            progress(done);
            true
        });
    LlamaModel::load_from_file(backend, path, &parameters)
        .map_err(|error| step("loading the weights", &error))
}

/// A loaded model with its context.
#[derive(Debug)]
pub(crate) struct Llama<'a> {
    model: &'a LlamaModel,
    context: LlamaContext<'a>,
    batch: LlamaBatch<'a>,
    kept: Vec<LlamaToken>,
    /// How many sequences there are beside sequence 0.
    sequences: u32,
    clock: &'a dyn Clock,
}

/// One candidate while it is decoded.
struct Candidate {
    index: usize,
    sequence: i32,
    sampler: LlamaSampler,
    stop: Stop,
    produced: u32,
    token: LlamaToken,
}

impl<'a> Llama<'a> {
    /// Makes a context for a loaded model. It is never longer than the model was trained for.
    pub(crate) fn new(
        backend: &LlamaBackend,
        model: &'a LlamaModel,
        shape: Shape,
        clock: &'a dyn Clock,
    ) -> Result<Self, EngineError> {
        let trained = model.n_ctx_train().max(1);
        let chunk = u32::try_from(PREFILL_CHUNK_TOKENS).unwrap_or(u32::MAX);
        let threads = i32::try_from(shape.threads.max(1)).unwrap_or(i32::MAX);
        let parameters = LlamaContextParams::default()
            .with_n_ctx(NonZeroU32::new(shape.context_tokens.min(trained)))
            .with_n_batch(chunk)
            .with_n_ubatch(chunk)
            .with_n_seq_max(shape.candidates_max.saturating_add(1))
            .with_n_threads(threads)
            .with_n_threads_batch(threads)
            .with_kv_unified(true)
            // On a processor the fused attention is the slower one: docs/models.md.
            .with_flash_attention_policy(FLASH_ATTENTION_OFF)
            .with_no_perf(true);
        let context = model
            .new_context(backend, parameters)
            .map_err(|error| step("making the context", &error))?;
        Ok(Self {
            model,
            context,
            batch: LlamaBatch::new(PREFILL_CHUNK_TOKENS, 1),
            kept: Vec::new(),
            sequences: shape.candidates_max,
            clock,
        })
    }

    /// The length of the context.
    pub(crate) fn context_tokens(&self) -> u32 {
        self.context.n_ctx()
    }

    /// Cuts sequence 0 back to what `prompt` begins with, and gives its length.
    fn reuse(&mut self, prompt: &[LlamaToken], reuse: Reuse) -> Result<usize, Refusal> {
        let common = match reuse {
            Reuse::Nothing => 0,
            // The last token is always computed again: its logits are needed.
            Reuse::Prefix => common_prefix(&self.kept, prompt).min(prompt.len().saturating_sub(1)),
        };
        let from = u32::try_from(common).map_err(|error| engine(&error))?;
        let cut = self
            .context
            .clear_kv_cache_seq(Some(0), Some(from), None)
            .map_err(|error| engine(&error))?;
        if cut && common > 0 {
            self.kept.truncate(common);
            return Ok(common);
        }
        // Recurrent models cannot forget a part.
        self.context.clear_kv_cache();
        self.kept.clear();
        Ok(0)
    }

    /// Computes the prompt from `done` on. The logits of its last token are there afterwards.
    fn prefill(
        &mut self,
        prompt: &[LlamaToken],
        done: usize,
        chunk_tokens: usize,
        mailbox: &Mailbox,
    ) -> Result<i32, Refusal> {
        let mut logits = 0;
        mailbox.prefilled(done, prompt.len());
        let rest = prompt.get(done..).unwrap_or_default();
        for chunk in rest.chunks(chunk_tokens) {
            if mailbox.is_abandoned() {
                return Err(Refusal::Stopping);
            }
            self.batch.clear();
            for token in chunk {
                let position =
                    self.kept.len() + usize::try_from(self.batch.n_tokens()).unwrap_or(0);
                let last = position + 1 == prompt.len();
                self.batch
                    .add(*token, at(position)?, &[0], last)
                    .map_err(|error| engine(&error))?;
            }
            logits = self.batch.n_tokens() - 1;
            self.decode()?;
            self.kept.extend_from_slice(chunk);
            mailbox.prefilled(self.kept.len(), prompt.len());
        }
        Ok(logits)
    }

    fn decode(&mut self) -> Result<(), Refusal> {
        self.context.decode(&mut self.batch).map_err(|error| engine(&error))
    }

    /// Forgets everything after a failed step, when it is not known what the cache holds.
    fn forget(&mut self) {
        self.context.clear_kv_cache();
        self.kept.clear();
    }

    fn candidates(&mut self, order: &Order, logits: i32) -> Result<Vec<Candidate>, Refusal> {
        let base = match order.sampling.seed {
            Seed::Given(seed) => seed,
            Seed::Random => random_seed()?,
        };
        let mut candidates = Vec::new();
        for index in 0..order.candidates {
            let sequence = match order.candidates {
                1 => 0,
                _ => i32::try_from(index + 1).map_err(|error| engine(&error))?,
            };
            if sequence != 0 {
                self.context
                    .copy_kv_cache_seq(0, sequence, None, None)
                    .map_err(|error| engine(&error))?;
            }
            let mut sampler = sampler(self.model, &order.sampling, base.wrapping_add(index));
            let token = sampler.sample(&self.context, logits);
            candidates.push(Candidate {
                index: usize::try_from(index).map_err(|error| engine(&error))?,
                sequence,
                sampler,
                stop: Stop::new(&order.stops),
                produced: 0,
                token,
            });
        }
        Ok(candidates)
    }

    /// Decodes all candidates until each has ended, and gives the number of tokens.
    fn generate(
        &mut self,
        mut live: Vec<Candidate>,
        tokens_max: u32,
        mailbox: &Mailbox,
    ) -> Result<usize, Refusal> {
        let prompt_tokens = self.kept.len();
        let mut produced = 0;
        loop {
            let mut still = Vec::with_capacity(live.len());
            for mut candidate in live {
                produced += 1;
                if self.accept(&mut candidate, tokens_max, mailbox) {
                    still.push(candidate);
                } else if candidate.sequence != 0 {
                    self.drop_sequence(candidate.sequence)?;
                }
            }
            live = still;
            if live.is_empty() {
                return Ok(produced);
            }
            if mailbox.is_abandoned() {
                return Err(Refusal::Stopping);
            }
            self.batch.clear();
            for candidate in &live {
                let position = prompt_tokens + usize::try_from(candidate.produced).unwrap_or(0) - 1;
                self.batch
                    .add(candidate.token, at(position)?, &[candidate.sequence], true)
                    .map_err(|error| engine(&error))?;
            }
            self.decode()?;
            for (row, candidate) in (0..).zip(live.iter_mut()) {
                if candidate.sequence == 0 {
                    self.kept.push(candidate.token);
                }
                candidate.token = candidate.sampler.sample(&self.context, row);
            }
        }
    }

    /// Hands out a candidate's new token; `false` when the candidate has ended with it.
    fn accept(&self, candidate: &mut Candidate, tokens_max: u32, mailbox: &Mailbox) -> bool {
        candidate.produced += 1;
        let vocab = self.model.vocab();
        if vocab.is_eog(candidate.token) {
            let rest = candidate.stop.finish();
            mailbox.push(candidate.index, &rest, Some(Finish::Stop));
            return false;
        }
        let bytes = vocab.token_to_piece(candidate.token, false, None);
        match candidate.stop.push(&bytes) {
            Progress::Stopped(text) => {
                mailbox.push(candidate.index, &text, Some(Finish::Stop));
                false
            }
            Progress::Text(mut text) => {
                let ended = candidate.produced >= tokens_max;
                if ended {
                    text.push_str(&candidate.stop.finish());
                }
                mailbox.push(candidate.index, &text, ended.then_some(Finish::Length));
                !ended
            }
        }
    }

    fn drop_sequence(&mut self, sequence: i32) -> Result<(), Refusal> {
        let sequence = u32::try_from(sequence).map_err(|error| engine(&error))?;
        self.context
            .clear_kv_cache_seq(Some(sequence), None, None)
            .map_err(|error| engine(&error))?;
        Ok(())
    }

    /// How many tokens each candidate may have so that all fit in the context.
    fn room(&self, prompt_tokens: usize, order: &Order) -> Result<u32, Refusal> {
        let limit = self.context_tokens();
        let too_long = || Refusal::PromptTooLong { tokens: prompt_tokens, limit };
        let prompt_tokens = u32::try_from(prompt_tokens).map_err(|_| too_long())?;
        let each = limit.saturating_sub(prompt_tokens) / order.candidates.max(1);
        if each == 0 {
            return Err(too_long());
        }
        Ok(match order.tokens_max {
            Length::AtMost(tokens) => tokens.min(each),
            Length::Rest => each,
        })
    }

    fn answer(
        &mut self,
        order: &Order,
        mailbox: &Mailbox,
        prompt: &[LlamaToken],
        tokens_max: u32,
    ) -> Result<Usage, Refusal> {
        let start = self.clock.monotonic();
        let cached = self.reuse(prompt, order.reuse)?;
        let chunk_tokens = match order.prompt {
            Prompt::Fill { .. } => FILL_CHUNK_TOKENS,
            Prompt::Chat(_) | Prompt::Text(_) => PREFILL_CHUNK_TOKENS,
        };
        let logits = self.prefill(prompt, cached, chunk_tokens, mailbox)?;
        let prefilled = self.clock.monotonic();
        let candidates = self.candidates(order, logits)?;
        let completion_tokens = self.generate(candidates, tokens_max, mailbox)?;
        Ok(Usage {
            prompt_tokens: prompt.len(),
            cached_tokens: cached,
            completion_tokens,
            prefill: prefilled.saturating_sub(start),
            decode: self.clock.monotonic().saturating_sub(prefilled),
        })
    }
}

impl Engine for Llama<'_> {
    fn run(&mut self, order: &Order, mailbox: &Mailbox) -> Result<Usage, Refusal> {
        let prompt = prompt::tokens(self.model, &order.prompt)?;
        if prompt.is_empty() {
            return Err(Refusal::bad("prompt", "the prompt has no tokens"));
        }
        let end = match &order.work {
            Work::Continue => {
                let tokens_max = self.room(prompt.len(), order)?;
                self.answer(order, mailbox, &prompt, tokens_max)
            }
            Work::Revise { draft } => self.revise(order, mailbox, &prompt, draft),
        };
        match &end {
            Err(Refusal::Engine { .. }) => self.forget(),
            // Cancelled: sequence 0 is in order, the copies may be left over.
            Err(_) => {
                for sequence in 1..=self.sequences {
                    let sequence = i32::try_from(sequence).map_err(|error| engine(&error))?;
                    self.drop_sequence(sequence)?;
                }
            }
            Ok(_) => {}
        }
        end
    }
}

/// Source of the order of the samplers: llama.cpp's default chain, without those
/// that are off by default there.
fn sampler(model: &LlamaModel, sampling: &Sampling, seed: u32) -> LlamaSampler {
    let mut chain = Vec::new();
    if sampling.frequency_penalty != 0.0 || sampling.presence_penalty != 0.0 {
        chain.push(LlamaSampler::penalties(
            model.n_vocab(),
            PENALTY_TOKENS,
            1.0,
            sampling.frequency_penalty,
            sampling.presence_penalty,
        ));
    }
    if sampling.temperature <= 0.0 {
        chain.push(LlamaSampler::greedy());
    } else {
        let top_k = sampling.top_k.unwrap_or(SAMPLED_TOKENS_MAX);
        chain.push(LlamaSampler::top_k(top_k));
        if sampling.top_p < 1.0 {
            chain.push(LlamaSampler::top_p(sampling.top_p, 1));
        }
        chain.push(LlamaSampler::temp(sampling.temperature));
        chain.push(LlamaSampler::dist(seed));
    }
    LlamaSampler::chain(chain, true)
}

fn common_prefix(left: &[LlamaToken], right: &[LlamaToken]) -> usize {
    left.iter().zip(right).take_while(|(left, right)| left == right).count()
}

fn random_seed() -> Result<u32, Refusal> {
    let text = moat_base::random_hex(4).map_err(|error| engine(&error))?;
    u32::from_str_radix(&text, 16).map_err(|error| engine(&error))
}

fn at(position: usize) -> Result<i32, Refusal> {
    i32::try_from(position).map_err(|error| engine(&error))
}

fn engine(error: &dyn std::fmt::Display) -> Refusal {
    Refusal::Engine { reason: error.to_string() }
}

fn step(step: &'static str, error: &dyn std::fmt::Display) -> EngineError {
    EngineError::Step { step, reason: error.to_string() }
}
