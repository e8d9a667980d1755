// SPDX-License-Identifier: Apache-2.0
//! Measures the embedded server: prefill, decode, reuse of the prefix, candidates.
//!
//! `cargo run --release -p moat-inference --example bench -- MODEL.gguf [THREADS]`
//!
//! It talks to the server through its socket, as clients do, so that what HTTP
//! and the queue cost is inside the numbers.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use moat_base::{Clock, SystemClock};
use moat_inference::{ServerSpec, serve};
use moat_net::{Local, Method, Outgoing, Stop, Transport};
use serde_json::{Value, json};

#[expect(clippy::print_stdout, reason = "the numbers are what this program is for")]
fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let weights = PathBuf::from(arguments.next().context("name a GGUF file")?);
    let threads = match arguments.next() {
        Some(text) => text.to_string_lossy().parse()?,
        None => moat_inference::threads(&moat_base::RealFs),
    };
    let spec = ServerSpec {
        model: "bench".to_owned(),
        weights,
        context_tokens: 8192,
        threads,
        candidates_max: 8,
        idle_stop: Duration::from_secs(600),
    };
    let directory = tempfile::tempdir()?;
    let socket = directory.path().join("own/model.sock");
    let listener = moat_net::bind(&socket)?;
    let stop = Stop::new()?;
    let clock = SystemClock::new();
    let server = {
        let stop = stop.clone();
        std::thread::spawn(move || serve(&listener, &spec, Arc::new(clock), &stop))
    };
    let local = Local::connect(&socket)?;
    let mut get = Outgoing::model_request("bench", "/ready", Vec::new());
    get.method = Method::Get;
    let ready = local.send(get)?.body.read_all(1 << 20)?;
    ensure!(String::from_utf8_lossy(&ready).contains("\"ok\""), "it did not load");
    println!("threads {threads}, loaded after {:.2} s", clock.monotonic().as_secs_f64());
    measure(&local)?;
    stop.request();
    server.join().map_err(|_| anyhow::anyhow!("the server failed"))??;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the numbers are what this program is for")]
fn measure(local: &Local) -> anyhow::Result<()> {
    for tokens in [512, 2048] {
        let cold = ask(local, &text(tokens), 1, 48)?;
        println!(
            "prompt {:>4} tokens: prefill {:>6.1} tok/s, decode {:>5.1} tok/s",
            cold.prompt,
            cold.prefill_speed(),
            cold.decode_speed()
        );
    }
    let cold = ask(local, &text(1024), 1, 1)?;
    let words = text(1024);
    let kept: String = words.chars().take(words.chars().count() - 110).collect();
    let warm = reuse(
        local,
        &format!(
            "{kept} and then something else entirely happened here, which nobody had seen coming at all, so we stop: it is over now"
        ),
    )?;
    println!(
        "prefix reuse: {} of {} tokens new, {:.0} ms against {:.0} ms cold, ratio {:.3}",
        warm.prompt - warm.cached,
        warm.prompt,
        warm.prefill_ms,
        cold.prefill_ms,
        warm.prefill_ms / cold.prefill_ms
    );
    let one = ask(local, &text(256), 1, 64)?;
    for candidates in [2, 4, 8] {
        let many = ask(local, &text(256), candidates, 64)?;
        println!(
            "n = {candidates}: {:.1} tok/s together, {:.2} times n = 1",
            many.decode_speed(),
            many.decode_speed() / one.decode_speed()
        );
    }
    Ok(())
}

struct Cost {
    prompt: f64,
    cached: f64,
    produced: f64,
    prefill_ms: f64,
    decode_ms: f64,
}

impl Cost {
    fn prefill_speed(&self) -> f64 {
        (self.prompt - self.cached) * 1000.0 / self.prefill_ms.max(1.0)
    }
    fn decode_speed(&self) -> f64 {
        self.produced * 1000.0 / self.decode_ms.max(1.0)
    }
}

fn ask(local: &Local, prompt: &str, candidates: u32, tokens: u32) -> anyhow::Result<Cost> {
    send(
        local,
        json!({"prompt": prompt, "n": candidates, "max_tokens": tokens,
        "temperature": 0.7, "seed": 1, "cache_prompt": false}),
    )
}

fn reuse(local: &Local, prompt: &str) -> anyhow::Result<Cost> {
    send(local, json!({"prompt": prompt, "max_tokens": 1, "temperature": 0}))
}

fn send(local: &Local, body: Value) -> anyhow::Result<Cost> {
    let outgoing =
        Outgoing::model_request("bench", "/v1/completions", body.to_string().into_bytes());
    let answer = local.send(outgoing)?;
    let status = answer.status;
    let body: Value = serde_json::from_slice(&answer.body.read_all(1 << 24)?)?;
    ensure!(status == 200, "{body}");
    let number = |pointer: &str| {
        body.pointer(pointer).and_then(Value::as_f64).context("a number is missing")
    };
    Ok(Cost {
        prompt: number("/usage/prompt_tokens")?,
        cached: number("/usage/prompt_tokens_details/cached_tokens")?,
        produced: number("/usage/completion_tokens")?,
        prefill_ms: number("/timings/prompt_ms")?,
        decode_ms: number("/timings/predicted_ms")?,
    })
}

/// Prose of about `tokens` tokens that does not repeat itself exactly.
fn text(tokens: u32) -> String {
    (0..tokens / 8)
        .map(|number| format!("Line {number} says that {} follows it. ", number + 1))
        .collect::<String>()
        .chars()
        .take(usize::try_from(tokens).unwrap_or(0) * 7 / 2)
        .collect()
}
