// SPDX-License-Identifier: Apache-2.0
//! Revisions of a draft in llama.cpp: one pass scores it, then branches are decoded.
//!
//! The draft stands after the prompt in sequence 0; a branch shares the cells up to
//! its place and writes one line. As many branches as there are sequences are one batch.

use llama_cpp_2::sampling::LlamaSampler;
use llama_cpp_2::token::LlamaToken;

use super::{Llama, at, engine};
use crate::limits::{PREFILL_CHUNK_TOKENS, REVISED_LINE_TOKENS_MAX, SCORED_TOKENS};
use crate::mailbox::{Finish, Mailbox, Usage};
use crate::prompt;
use crate::refusal::Refusal;
use crate::request::Order;
use crate::revise::{self, Branch, Line};

/// A branch while it is decoded.
struct Writer {
    branch: Branch,
    sequence: i32,
    token: LlamaToken,
    /// Where its token goes.
    position: usize,
    written: Vec<u8>,
    produced: u32,
    end: Option<Line>,
}

/// A draft behind a prompt.
struct Draft<'d> {
    text: &'d str,
    tokens: Vec<LlamaToken>,
    /// Where each token begins in the text.
    offsets: Vec<usize>,
    prompt_tokens: usize,
}

impl Llama<'_> {
    /// Puts the likeliest revisions of a draft into the mailbox, likeliest first.
    pub(super) fn revise(
        &mut self,
        order: &Order,
        mailbox: &Mailbox,
        prompt: &[LlamaToken],
        text: &str,
    ) -> Result<Usage, Refusal> {
        let start = self.clock.monotonic();
        let draft = self.draft(text, prompt.len())?;
        let cached = self.reuse(prompt, order.reuse)?;
        let (body, last) = prompt.split_at(prompt.len().saturating_sub(1));
        self.prefill(body, cached, PREFILL_CHUNK_TOKENS, mailbox)?;
        let mut branches = self.score(&draft, last, mailbox)?;
        let scored = self.clock.monotonic();
        revise::rank(&mut branches);
        let wanted = usize::try_from(order.candidates).unwrap_or(usize::MAX);
        branches.truncate(wanted);
        let mut completion_tokens = 0;
        let mut revisions: Vec<(String, i32)> = Vec::new();
        let together = usize::try_from(self.sequences).unwrap_or(1).max(1);
        for group in branches.chunks(together) {
            if revisions.len() >= wanted {
                break;
            }
            for writer in self.write_lines(&draft, group, mailbox)? {
                completion_tokens += usize::try_from(writer.produced).unwrap_or(0);
                for text in writer.texts(&draft) {
                    if revisions.iter().all(|(known, _)| *known != text) {
                        revisions.push((text, writer.branch.millinats));
                    }
                }
            }
        }
        let mut revisions = revisions.into_iter();
        for index in 0..wanted {
            match revisions.next() {
                Some((text, millinats)) => mailbox.revised(index, &text, millinats),
                None => mailbox.push(index, "", Some(Finish::Stop)),
            }
        }
        Ok(Usage {
            prompt_tokens: prompt.len() + draft.tokens.len(),
            cached_tokens: cached,
            completion_tokens,
            prefill: scored.saturating_sub(start),
            decode: self.clock.monotonic().saturating_sub(scored),
        })
    }

    fn draft<'d>(&self, text: &'d str, prompt_tokens: usize) -> Result<Draft<'d>, Refusal> {
        let vocab = self.model.vocab();
        let tokens = prompt::plain(&vocab, text);
        let mut offsets = Vec::with_capacity(tokens.len());
        let mut offset = 0;
        for token in &tokens {
            offsets.push(offset);
            offset += vocab.token_to_piece(*token, false, None).len();
        }
        let branches = usize::try_from(self.sequences).unwrap_or(usize::MAX);
        let lines = usize::try_from(REVISED_LINE_TOKENS_MAX).unwrap_or(usize::MAX);
        let needed = (prompt_tokens + tokens.len()).saturating_add(branches.saturating_mul(lines));
        let limit = self.context_tokens();
        if needed > usize::try_from(limit).unwrap_or(usize::MAX) {
            return Err(Refusal::PromptTooLong { tokens: needed, limit });
        }
        Ok(Draft { text, tokens, offsets, prompt_tokens })
    }

    /// Reads the draft behind the prompt and notes what the model would have written.
    ///
    /// `before` is the prompt's last token, of which the draft's first one depends.
    fn score(
        &mut self,
        draft: &Draft<'_>,
        before: &[LlamaToken],
        mailbox: &Mailbox,
    ) -> Result<Vec<Branch>, Refusal> {
        let mut branches = Vec::new();
        let read: Vec<LlamaToken> = before.iter().chain(&draft.tokens).copied().collect();
        // The last token of the draft is followed by nothing that could be changed.
        let read = read.split_last().map_or(&[][..], |(_, read)| read);
        let mut place = 0;
        for chunk in read.chunks(SCORED_TOKENS) {
            if mailbox.is_abandoned() {
                return Err(Refusal::Stopping);
            }
            self.batch.clear();
            for (index, token) in chunk.iter().enumerate() {
                self.batch
                    .add(*token, at(self.kept.len() + index)?, &[0], true)
                    .map_err(|error| engine(&error))?;
            }
            self.decode()?;
            self.kept.extend_from_slice(chunk);
            for (row, written) in (0..).zip(draft.tokens.iter().skip(place).take(chunk.len())) {
                let logits = self.context.get_logits_ith(row);
                revise::alternatives(logits, place, written.0, &mut branches);
                place += 1;
            }
        }
        let vocab = self.model.vocab();
        branches.retain(|branch| !vocab.is_eog(LlamaToken(branch.token)));
        Ok(branches)
    }

    /// Has each branch of a group write the rest of its line.
    fn write_lines(
        &mut self,
        draft: &Draft<'_>,
        group: &[Branch],
        mailbox: &Mailbox,
    ) -> Result<Vec<Writer>, Refusal> {
        let mut writers = Vec::with_capacity(group.len());
        for (sequence, branch) in (1..).zip(group) {
            let position = draft.prompt_tokens + branch.at;
            let end = u32::try_from(position).map_err(|error| engine(&error))?;
            self.context
                .copy_kv_cache_seq(0, sequence, None, Some(end))
                .map_err(|error| engine(&error))?;
            writers.push(Writer {
                branch: *branch,
                sequence,
                token: LlamaToken(branch.token),
                position,
                written: Vec::new(),
                produced: 0,
                end: None,
            });
        }
        let mut greedy = LlamaSampler::greedy();
        loop {
            let vocab = self.model.vocab();
            for writer in writers.iter_mut().filter(|writer| writer.end.is_none()) {
                let ends = vocab.is_eog(writer.token);
                writer.take(draft, &vocab.token_to_piece(writer.token, false, None), ends);
            }
            if writers.iter().all(|writer| writer.end.is_some()) {
                break;
            }
            if mailbox.is_abandoned() {
                return Err(Refusal::Stopping);
            }
            self.batch.clear();
            for writer in writers.iter().filter(|writer| writer.end.is_none()) {
                self.batch
                    .add(writer.token, at(writer.position)?, &[writer.sequence], true)
                    .map_err(|error| engine(&error))?;
            }
            self.decode()?;
            let open = writers.iter_mut().filter(|writer| writer.end.is_none());
            for (row, writer) in (0..).zip(open) {
                writer.position += 1;
                writer.token = greedy.sample(&self.context, row);
            }
        }
        for writer in &writers {
            self.drop_sequence(writer.sequence)?;
        }
        Ok(writers)
    }
}

impl Writer {
    /// Takes the bytes of the current token; `ends` when it is the end of the answer.
    fn take(&mut self, draft: &Draft<'_>, bytes: &[u8], ends: bool) {
        self.produced += 1;
        if ends {
            // The answer ends inside a line: the line ends too.
            self.end = Some(Line::Ends(self.written.len()));
            return;
        }
        self.written.extend_from_slice(bytes);
        let offset = draft.offsets.get(self.branch.at).copied().unwrap_or_default();
        match revise::line(draft.text, offset, &String::from_utf8_lossy(&self.written)) {
            Line::Ends(length) => self.end = Some(Line::Ends(length)),
            Line::Open if self.produced >= REVISED_LINE_TOKENS_MAX => self.end = Some(Line::Open),
            Line::Open => {}
        }
    }

    /// The revisions it leads to: none when its line did not end or is not text.
    fn texts(&self, draft: &Draft<'_>) -> Vec<String> {
        let (Some(Line::Ends(length)), Some(offset)) =
            (self.end, draft.offsets.get(self.branch.at))
        else {
            return Vec::new();
        };
        let Some(Ok(line)) = self.written.get(..length).map(std::str::from_utf8) else {
            return Vec::new();
        };
        // A fence is the end of the answer and no code.
        if line.contains("```") || !draft.text.is_char_boundary(*offset) {
            return Vec::new();
        }
        revise::texts(draft.text, *offset, line)
    }
}
