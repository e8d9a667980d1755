// SPDX-License-Identifier: Apache-2.0
//! Every bound of this crate, with its reason.

use std::time::Duration;

/// The longest address that is parsed; longer ones are refused.
pub(crate) const URL_BYTES_MAX: usize = 4096;

/// The most headers that a request or an answer may have.
pub(crate) const HEADERS_MAX: usize = 100;

/// The longest head (start line and headers) of a request or an answer.
pub(crate) const HEAD_BYTES_MAX: usize = 64 * 1024;

/// The longest line between two chunks of a chunked body.
pub(crate) const CHUNK_LINE_BYTES_MAX: usize = 256;

/// The longest request body: a model request with a full context fits many times.
pub(crate) const REQUEST_BODY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The longest answer to a model request; a stream of a whole context stays far below.
pub(crate) const MODEL_ANSWER_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// The longest download: the largest model that fits common workstations.
pub(crate) const DOWNLOAD_BYTES_MAX: u64 = 512 * 1024 * 1024 * 1024;

/// An answer of at most this length is held back until its log line is durable.
pub(crate) const HELD_ANSWER_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// One read from a socket.
pub(crate) const READ_BYTES: usize = 64 * 1024;

/// The longest frame between a client and the broker.
pub(crate) const FRAME_BYTES_MAX: usize = 1024 * 1024;

/// The most local connections that the broker serves at once; more wait in the backlog.
pub(crate) const BROKER_CONNECTIONS_MAX: usize = 256;

/// The most connections that one adopted listener serves at once.
pub(crate) const PROXY_CONNECTIONS_MAX: usize = 64;

/// The most bytes that one tunnel may carry each way.
pub(crate) const TUNNEL_BYTES_MAX: u64 = 16 * 1024 * 1024 * 1024;

/// The longest TLS ClientHello that is waited for.
pub(crate) const CLIENT_HELLO_BYTES_MAX: usize = 64 * 1024;

/// The most redirects that a download follows.
pub(crate) const REDIRECTS_MAX: usize = 5;

/// The most resolved addresses that are checked and tried.
pub(crate) const ADDRESSES_MAX: usize = 16;

/// The most name look-ups at once, hanging ones included; further ones are refused.
pub(crate) const LOOKUPS_MAX: usize = 64;

/// How long a name look-up may take.
pub(crate) const LOOKUP_TIMEOUT: Duration = Duration::from_secs(15);

/// How long connecting, and then the TLS handshake, may take.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// How long a peer may take until the first byte of its answer: a cold model on a
/// slow machine reads a long prompt before it says anything.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_secs(900);

/// How long a peer may stay silent within an answer.
pub(crate) const SILENCE_TIMEOUT: Duration = Duration::from_secs(300);

/// How long the client's side of a tunnel may stay silent, while a long download runs.
pub(crate) const TUNNEL_SILENCE_TIMEOUT: Duration = Duration::from_secs(6 * 3600);

/// How long a local client may take to send its request or to take its answer.
pub(crate) const CLIENT_TIMEOUT: Duration = Duration::from_secs(300);

/// How much longer than the broker a client waits for the broker itself.
pub(crate) const LOCAL_MARGIN: Duration = Duration::from_secs(60);

/// How long a head may take to arrive at a server of ours (slow senders are cut off).
pub(crate) const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the broker stays when no client is connected.
pub(crate) const BROKER_IDLE: Duration = Duration::from_secs(120);

/// How long an ending server waits for running requests.
pub(crate) const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// The longest file of the log before the next one is begun.
pub(crate) const LOG_FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// The longest text of a foreign message that is repeated in an error.
pub(crate) const FOREIGN_TEXT_BYTES_MAX: usize = 500;
