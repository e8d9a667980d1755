// SPDX-License-Identifier: Apache-2.0
//! The server process: one thread for the model, one for each connection.
//!
//! The socket answers from the first moment; until the model is loaded it says
//! how far it is. A model that cannot be loaded is said to whoever waits, too,
//! and then the process ends.
//!
//! Invariant: [`serve`] returns only when no thread of it computes any more.

use std::io;
use std::os::unix::net::UnixListener;
use std::sync::Arc;

use llama_cpp_2::{LogOptions, send_logs_to_tracing};
use moat_base::{Clock, Hint};
use moat_net::{Handler, Idle, Reply, ReplyStream, Request, ServeSettings, Stop, serve_http};
use serde_json::Value;

use crate::engine::work;
use crate::error::{EngineError, Error};
use crate::limits::{CONNECTIONS_MAX, FAILURE_LINGER, REQUEST_BYTES_MAX, RETRY_AFTER_SECONDS};
use crate::llama::{self, Llama};
use crate::service::{Exchange, Pace, Service};
use crate::spec::ServerSpec;
use crate::stage::{Card, Stage};
use crate::{file, gguf, processor, prompt};

/// Serves one model on `listener` until it is idle or `stop` is requested.
///
/// # Errors
/// Why the model could not be loaded, or [`Error::Serve`].
pub fn serve(
    listener: &UnixListener,
    spec: &ServerSpec,
    clock: Arc<dyn Clock>,
    stop: &Stop,
) -> Result<(), Error> {
    spec.check()?;
    let service =
        Arc::new(Service::new(spec.model.clone(), spec.candidates_max, Arc::clone(&clock)));
    let engine = {
        let (service, spec, stop) = (Arc::clone(&service), spec.clone(), stop.clone());
        std::thread::Builder::new()
            .name("model".to_owned())
            .spawn(move || guarded(&service, &stop, || run_model(&service, &spec, clock.as_ref())))
            .map_err(|source| Error::StartThread { source })?
    };
    let handler: Arc<dyn Handler> = Arc::new(Front(Arc::clone(&service)));
    let settings = ServeSettings {
        body_bytes_max: REQUEST_BYTES_MAX,
        connections_max: CONNECTIONS_MAX,
        idle: Idle::Never,
    };
    let served = serve_http(listener, &handler, settings, stop);
    service.stop();
    let model = engine.join();
    served.map_err(|source| Error::Serve { source })?;
    match model {
        Ok(end) => end,
        Err(_panic) => Err(Error::Crashed),
    }
}

/// Runs the model's part of the server, and ends the rest with it, also when it panics.
fn guarded(
    service: &Service,
    stop: &Stop,
    run: impl FnOnce() -> Result<(), Error>,
) -> Result<(), Error> {
    let _guard = Guard { service, stop };
    let end = run();
    if let Err(error) = &end {
        tracing::error!(%error, "the model could not be loaded");
        service.board.advance(Stage::Failed(reason(error)));
        // Whoever waits for the model still gets to read why.
        service.queue.pop(FAILURE_LINGER);
    }
    end
}

/// Ends the server when it is dropped.
struct Guard<'a> {
    service: &'a Service,
    stop: &'a Stop,
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.service.stop();
        self.stop.request();
    }
}

/// Loads the model and works until the queue is closed or idle.
fn run_model(service: &Arc<Service>, spec: &ServerSpec, clock: &dyn Clock) -> Result<(), Error> {
    processor::check()?;
    let header = check_weights(spec)?;
    let failed = |source: EngineError| Error::LoadWeights { path: spec.weights.clone(), source };
    send_logs_to_tracing(LogOptions::default());
    let backend = llama::backend().map_err(failed)?;
    let board = Arc::clone(service);
    let model = llama::load(backend, &spec.weights, move |done| {
        board.board.advance(Stage::Loading(per_cent(done)));
    })
    .map_err(failed)?;
    let shape = llama::Shape {
        context_tokens: spec.context_tokens,
        threads: spec.threads,
        candidates_max: spec.candidates_max,
    };
    let mut engine = Llama::new(backend, &model, shape, clock).map_err(failed)?;
    service.board.advance(Stage::Ready(Card {
        architecture: header.architecture,
        context_tokens: engine.context_tokens(),
        trained_tokens: model.n_ctx_train(),
        parameters: model.n_params(),
        bytes: model.size(),
        fills: prompt::fills(&model),
    }));
    work(&mut engine, &service.queue, spec.idle_stop);
    Ok(())
}

/// Checks that the model file of a spec is a whole GGUF file.
pub(crate) fn check_weights(spec: &ServerSpec) -> Result<gguf::Header, Error> {
    let path = || spec.weights.clone();
    let (file, bytes) =
        file::open(&spec.weights).map_err(|source| Error::OpenWeights { path: path(), source })?;
    gguf::check(file, bytes).map_err(|source| Error::CheckWeights { path: path(), source })
}

fn reason(error: &Error) -> String {
    let report = moat_base::Report::of(error as &dyn Hint);
    let mut text = report.error;
    for cause in report.causes {
        text.push_str(": ");
        text.push_str(&cause);
    }
    text
}

/// Steps of one per cent: finer ones would only make noise.
fn per_cent(done: f32) -> u8 {
    (0..=100_u8).rev().find(|percent| f32::from(*percent) <= done * 100.0).unwrap_or(0)
}

/// Ties the service to the socket's HTTP server.
#[derive(Debug)]
struct Front(Arc<Service>);

impl Handler for Front {
    fn handle(&self, request: &Request, reply: Reply<'_>) -> io::Result<()> {
        let mut talk = Talk::New(reply);
        self.0.answer(&request.method, &request.path, &request.body, &mut talk)?;
        match talk {
            Talk::Begun(stream) => stream.finish(),
            Talk::New(_) | Talk::Over => Ok(()),
        }
    }
}

/// An exchange over one connection.
enum Talk<'a> {
    New(Reply<'a>),
    Begun(ReplyStream<'a>),
    Over,
}

impl<'a> Talk<'a> {
    fn take(&mut self) -> io::Result<Reply<'a>> {
        match std::mem::replace(self, Self::Over) {
            Self::New(reply) => Ok(reply),
            Self::Begun(_) | Self::Over => Err(io::Error::other("the answer was already begun")),
        }
    }
}

impl Exchange for Talk<'_> {
    fn whole(&mut self, status: u16, pace: Pace, body: &Value) -> io::Result<()> {
        let (reply, kind, body) = (self.take()?, "application/json", body.to_string());
        match pace {
            Pace::Any => reply.full(status, kind, body.as_bytes()),
            Pace::RetryLater => reply.later(status, kind, body.as_bytes(), RETRY_AFTER_SECONDS),
        }
    }

    fn begin(&mut self, content_type: &'static str) -> io::Result<()> {
        *self = Self::Begun(self.take()?.stream(200, content_type)?);
        Ok(())
    }

    fn send(&mut self, text: &str) -> io::Result<()> {
        match self {
            Self::Begun(stream) => stream.write(text.as_bytes()),
            Self::New(_) | Self::Over => Err(io::Error::other("the answer was not begun")),
        }
    }

    fn is_gone(&mut self) -> bool {
        match self {
            Self::New(reply) => reply.is_cancelled(),
            Self::Begun(stream) => stream.is_cancelled(),
            Self::Over => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_whole_per_cents() {
        for (done, expect) in [(0.0, 0), (0.005, 0), (0.5, 50), (1.0, 100), (7.0, 100), (-1.0, 0)] {
            assert_eq!(per_cent(done), expect, "{done}");
        }
        assert_eq!(per_cent(f32::NAN), 0);
    }

    #[test]
    fn a_model_that_panics_ends_the_server() {
        let clock = Arc::new(moat_base::SystemClock::new());
        let service = Service::new("m".to_owned(), 1, clock);
        let stop = Stop::new().unwrap();
        let run = std::panic::AssertUnwindSafe(|| {
            guarded(&service, &stop, || panic!("a mistake in the model's thread"))
        });
        assert!(std::panic::catch_unwind(run).is_err());
        assert!(stop.is_requested());
        assert_eq!(service.board.now(), Stage::Stopping);
    }
}
