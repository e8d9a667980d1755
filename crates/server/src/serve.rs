// SPDX-License-Identifier: Apache-2.0
//! Accepts connections and answers requests.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use axum::body::Body;
use axum::extract::{FromRequestParts as _, WebSocketUpgrade};
use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::front::Backend;
use crate::gate::{Gate, Refusal, Wish};
use crate::limits::{
    CONNECTIONS_MAX, FRONTS_MAX, HEAD_BYTES_MAX, HEAD_WAIT_MAX, MESSAGE_BYTES_MAX,
};
use crate::links::Links;
use crate::{assets, socket};

/// What the page may load: itself. Monaco and the terminal write styles into elements.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; worker-src 'self'; \
                              connect-src 'self'; img-src 'self' data:; font-src 'self'; \
                              style-src 'self' 'unsafe-inline'; base-uri 'none'; \
                              form-action 'none'; frame-ancestors 'none'";

/// The page that a link leads to: it goes on to the page by itself, so that the browser takes
/// the next request for one of this site and sends the key with it.
const WELCOME: &str = "<!doctype html><meta charset=utf-8><title>Moat</title>\
                       <link rel=icon href=\"data:,\">\
                       <meta http-equiv=refresh content=\"0; url=./\">\n";

/// Where connections come from: bound before this process gave up making sockets.
#[derive(Debug)]
pub enum Listening {
    /// A port of the loopback interface.
    Port(std::net::TcpListener),
    /// A local socket.
    Socket(std::os::unix::net::UnixListener),
}

/// A server that is set up and not started yet.
#[derive(Debug)]
pub struct Server {
    shared: Arc<Shared>,
    ending: watch::Sender<bool>,
}

struct Shared {
    gate: Gate,
    links: Links,
    backend: Arc<dyn Backend>,
    fronts: AtomicUsize,
    next_front: AtomicU64,
    ending: watch::Receiver<bool>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("gate", &self.gate).finish_non_exhaustive()
    }
}

/// Makes links and ends the server, from any thread.
#[derive(Clone, Debug)]
pub struct Handle {
    shared: Arc<Shared>,
    ending: watch::Sender<bool>,
}

impl Handle {
    /// The address of a new link: it gives one browser the key, once.
    ///
    /// # Errors
    /// The system's error when there is no randomness.
    pub fn link(&self) -> std::io::Result<String> {
        let link = self.shared.links.make()?;
        Ok(format!("{}open?key={link}", self.shared.gate.address()))
    }

    /// Ends the server: connections are closed, and [`Server::run`] returns.
    pub fn end(&self) {
        self.ending.send_replace(true);
    }
}

impl Server {
    /// A server behind a gate.
    #[must_use]
    pub fn new(gate: Gate, backend: Arc<dyn Backend>) -> Self {
        let (ending, ends) = watch::channel(false);
        let shared = Shared {
            gate,
            links: Links::default(),
            backend,
            fronts: AtomicUsize::new(0),
            next_front: AtomicU64::new(1),
            ending: ends,
        };
        Self { shared: Arc::new(shared), ending }
    }

    /// What makes links and ends the server.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle { shared: Arc::clone(&self.shared), ending: self.ending.clone() }
    }

    /// Serves until [`Handle::end`], on this thread and a few of its own.
    ///
    /// # Errors
    /// The system's error when the listener cannot be used.
    pub fn run(self, listening: Listening) -> std::io::Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("serve")
            .enable_all()
            .build()?;
        let served = runtime.block_on(self.serve(listening));
        // A question that is still being answered has nobody who waits for it.
        runtime.shutdown_background();
        served
    }

    async fn serve(&self, listening: Listening) -> std::io::Result<()> {
        let mut ending = self.shared.ending.clone();
        let accepting = async {
            match listening {
                Listening::Port(listener) => {
                    listener.set_nonblocking(true)?;
                    let listener = TcpListener::from_std(listener)?;
                    self.accept(|| async {
                        let (stream, _) = listener.accept().await?;
                        // What is typed must not wait for more of it.
                        let _slower = stream.set_nodelay(true);
                        Ok(stream)
                    })
                    .await
                }
                Listening::Socket(listener) => {
                    listener.set_nonblocking(true)?;
                    let listener = UnixListener::from_std(listener)?;
                    self.accept(|| async { Ok(listener.accept().await?.0) }).await
                }
            }
        };
        tokio::select! {
            failed = accepting => failed,
            _ended = ending.wait_for(|ended| *ended) => Ok(()),
        }
    }

    /// Accepts connections for ever.
    async fn accept<S, F>(&self, next: impl Fn() -> F) -> std::io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        F: Future<Output = std::io::Result<S>>,
    {
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return Ok(()) };
            match next().await {
                Ok(stream) => {
                    tokio::spawn(connection(stream, Arc::clone(&self.shared), place));
                }
                // One connection failed before it was accepted, or descriptors ran out: those
                // that are open go on.
                Err(error) => {
                    tracing::debug!(%error, "could not accept a connection");
                    tokio::task::yield_now().await;
                }
            }
        }
    }
}

async fn connection<S>(stream: S, shared: Arc<Shared>, place: OwnedSemaphorePermit)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = hyper::service::service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, Infallible>(respond(request, shared).await) }
    });
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WAIT_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended");
    }
    drop(place);
}

/// Answers a request; no header of an answer tells a stranger what this is.
async fn respond(request: Request<Incoming>, shared: Arc<Shared>) -> Response<Body> {
    let judged = shared.gate.judge(request.method(), request.uri(), request.headers());
    let mut response = match judged {
        Err(refusal) => refused(refusal),
        Ok(Wish::Key { link }) if shared.links.take(&link) => welcome(&shared.gate),
        Ok(Wish::Key { .. }) => refused(Refusal::Key),
        Ok(Wish::File { path }) => {
            assets::answer(&path, request.headers()).unwrap_or_else(|| refused(Refusal::Path))
        }
        Ok(Wish::Socket) => upgrade(request, shared).await,
    };
    let headers = response.headers_mut();
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (header::HeaderName::from_static("cross-origin-embedder-policy"), "require-corp"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// The page that a link leads to, with the key.
fn welcome(gate: &Gate) -> Response<Body> {
    let mut response = Response::new(Body::from(WELCOME));
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    match HeaderValue::from_str(&gate.cookie()) {
        Ok(cookie) => {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
            response
        }
        Err(_not_a_header) => refused(Refusal::Key),
    }
}

fn refused(refusal: Refusal) -> Response<Body> {
    let (status, text) = match refusal {
        Refusal::Key => (
            StatusCode::UNAUTHORIZED,
            "This link was used already, or this browser was never let in.\n\
             `moat serve --link` prints a new link.\n",
        ),
        Refusal::Host => (StatusCode::MISDIRECTED_REQUEST, "not this server\n"),
        Refusal::Origin => (StatusCode::FORBIDDEN, "not from this page\n"),
        Refusal::Method => (StatusCode::METHOD_NOT_ALLOWED, "only GET\n"),
        Refusal::Path => (StatusCode::NOT_FOUND, "nothing is here\n"),
    };
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// A front end's place, which is free again when this is dropped.
struct Seat(Arc<Shared>);

impl Seat {
    fn take(shared: &Arc<Shared>) -> Option<Self> {
        let taken = shared.fronts.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |fronts| {
            (fronts < FRONTS_MAX).then_some(fronts + 1)
        });
        taken.is_ok().then(|| Self(Arc::clone(shared)))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fronts.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Makes a websocket of a request.
async fn upgrade(request: Request<Incoming>, shared: Arc<Shared>) -> Response<Body> {
    let (mut parts, _no_body) = request.into_parts();
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade,
        Err(rejection) => return axum::response::IntoResponse::into_response(rejection),
    };
    let Some(seat) = Seat::take(&shared) else {
        let mut response = Response::new(Body::from("too many front ends are connected\n"));
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        return response;
    };
    let id = shared.next_front.fetch_add(1, Ordering::Relaxed);
    let (backend, ending) = (Arc::clone(&shared.backend), shared.ending.clone());
    upgrade.max_message_size(MESSAGE_BYTES_MAX).max_frame_size(MESSAGE_BYTES_MAX).on_upgrade(
        move |socket| -> Pin<Box<dyn Future<Output = ()> + Send>> {
            Box::pin(async move {
                socket::serve(socket, id, backend, ending).await;
                drop(seat);
            })
        },
    )
}
