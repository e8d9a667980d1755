// SPDX-License-Identifier: Apache-2.0
//! Private sockets, and the small HTTP server behind one.

use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use moat_net::{
    Ended, Error, Handler, Idle, Local, Outgoing, Reply, Request, ServeSettings, Stop, Transport,
    bind, serve_http,
};

use crate::support::PATIENCE;

#[test]
fn a_socket_is_private_and_only_a_dead_one_of_ours_is_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run/s");
    let listener = bind(&path).unwrap();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    assert!(matches!(bind(&path), Err(Error::Occupied { .. })), "somebody listens");
    drop(listener);
    bind(&path).unwrap();
    let file = directory.path().join("run/file");
    moat_base::Fs::replace(&moat_base::RealFs, &file, b"keep").unwrap();
    assert!(matches!(bind(&file), Err(Error::Occupied { .. })), "no socket");
    let link = directory.path().join("run/link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    assert!(matches!(bind(&link), Err(Error::Occupied { .. })), "a link");
    let open = directory.path().join("run");
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o755)).unwrap();
    assert!(matches!(bind(&open.join("t")), Err(Error::Occupied { .. })), "an open directory");
    assert!(matches!(
        bind(&directory.path().join("x".repeat(120))),
        Err(Error::Bind { .. } | Error::Occupied { .. })
    ));
}

#[test]
fn of_many_starters_at_once_one_binds_and_stays_reachable() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run/s");
    drop(bind(&path).unwrap());
    let bound: Vec<_> = std::thread::scope(|scope| {
        let starters: Vec<_> = (0..8).map(|_| scope.spawn(|| bind(&path))).collect();
        starters.into_iter().map(|starter| starter.join().unwrap()).collect()
    });
    assert_eq!(bound.iter().filter(|result| result.is_ok()).count(), 1);
    Local::connect(&path).unwrap();
}

/// A program of another user that listens at a path, and ends with this.
struct Stranger(std::process::Child);

impl Stranger {
    #[expect(clippy::disallowed_methods, reason = "another user's program is no part of Moat")]
    fn listen(path: &Path) -> Option<Self> {
        let program = "import socket, sys, time\n\
            s = socket.socket(socket.AF_UNIX)\n\
            s.bind(sys.argv[1])\n\
            s.listen()\n\
            print('ready', flush=True)\n\
            c, _ = s.accept()\n\
            print(c.recv(100), flush=True)\n";
        let mut command = std::process::Command::new("setpriv");
        command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "--"]);
        command.args(["python3", "-c", program]).arg(path).env("PATH", "/usr/bin:/bin");
        command.stdout(std::process::Stdio::piped());
        let mut child = command.spawn().ok()?;
        let mut ready = [0; 6];
        let said = child.stdout.as_mut()?.read_exact(&mut ready);
        let stranger = Self(child);
        said.ok().map(|()| stranger)
    }

    /// What it was sent, once the connection is over.
    fn received(mut self) -> String {
        let mut text = String::new();
        self.0.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        text.trim().to_owned()
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.0.kill().and_then(|()| self.0.wait());
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the control does not keep to the door")]
fn a_server_of_another_user_is_named_and_sent_nothing() {
    if !rustix::process::geteuid().is_root() {
        println!("skipped: only root can act as a second user");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let everybody = std::fs::Permissions::from_mode(0o777);
    std::fs::set_permissions(directory.path(), everybody).unwrap();
    let path = directory.path().join("s");
    let Some(stranger) = Stranger::listen(&path) else {
        println!("skipped: `setpriv` or `python3` is missing");
        return;
    };
    let refused = Local::connect(&path).unwrap_err();
    assert!(matches!(refused, Error::ForeignPeer { uid: 65_534, .. }), "{refused:?}");
    assert!(moat_base::Hint::hint(&refused).unwrap().contains("XDG_RUNTIME_DIR"));
    assert_eq!(stranger.received(), "b''", "it was sent something");

    // The control: a client that does not ask whose it is tells the stranger everything.
    std::fs::remove_file(&path).unwrap();
    let stranger = Stranger::listen(&path).unwrap();
    UnixStream::connect(&path).unwrap().write_all(b"prompt").unwrap();
    assert_eq!(stranger.received(), "b'prompt'");
}

struct Echo {
    cancelled: SyncSender<bool>,
}

impl Handler for Echo {
    fn handle(&self, request: &Request, reply: Reply<'_>) -> io::Result<()> {
        match request.path.as_str() {
            "/echo" => reply.full(200, "text/plain", &request.body),
            "/stream" => {
                let mut stream = reply.stream(200, "text/event-stream")?;
                for piece in request.body.chunks(1) {
                    stream.write(piece)?;
                }
                stream.finish()
            }
            "/late-failure" => reply.stream(200, "text/event-stream")?.write(b"some"),
            "/compute" => {
                // Computes without writing until the client has gone.
                self.cancelled.send(false).map_err(io::Error::other)?;
                while !reply.is_cancelled() {
                    std::thread::yield_now();
                }
                self.cancelled.send(true).map_err(io::Error::other)
            }
            "/busy" => reply.later(503, "text/plain", b"later", 7),
            _ => reply.full(404, "text/plain", b""),
        }
    }
}

struct Server {
    directory: tempfile::TempDir,
    stop: Stop,
    thread: Option<JoinHandle<Result<Ended, Error>>>,
    cancelled: std::sync::mpsc::Receiver<bool>,
}

impl Server {
    fn new(idle: Idle) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let listener = bind(&directory.path().join("run/s")).unwrap();
        let stop = Stop::new().unwrap();
        let (sender, cancelled) = sync_channel(10);
        let settings = ServeSettings { body_bytes_max: 1000, connections_max: 4, idle };
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            let handler: Arc<dyn Handler> = Arc::new(Echo { cancelled: sender });
            serve_http(&listener, &handler, settings, &stopped)
        });
        Self { directory, stop, thread: Some(thread), cancelled }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("run/s")
    }

    fn client(&self) -> Local {
        Local::connect(&self.path()).unwrap()
    }

    #[expect(clippy::disallowed_methods, reason = "a client that does not keep to HTTP")]
    fn raw(&self, request: &str) -> String {
        let mut stream = UnixStream::connect(self.path()).unwrap();
        let _refused_early = stream.write_all(request.as_bytes());
        let _shut = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = Vec::new();
        let _reset = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn join(&mut self) -> Result<Ended, Error> {
        self.thread.take().unwrap().join().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.request();
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

fn post(path: &str, body: &str) -> Outgoing {
    Outgoing::model_request("local", path, body.as_bytes().to_vec())
}

#[test]
fn whole_and_streamed_answers_arrive_and_a_late_failure_is_seen() {
    let server = Server::new(Idle::Never);
    let client = server.client();
    for path in ["/echo", "/stream"] {
        let answer = client.send(post(path, "hello")).unwrap();
        assert_eq!((answer.status, answer.body.read_all(100).unwrap()), (200, b"hello".to_vec()));
    }
    assert_eq!(client.send(post("/other", "")).unwrap().status, 404);
    let answer = client.send(post("/late-failure", "")).unwrap();
    assert!(answer.body.read_all(100).is_err());
}

#[test]
fn many_clients_at_once_are_served_although_few_fit() {
    let server = Server::new(Idle::Never);
    let client = server.client();
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| assert_eq!(client.send(post("/echo", "x")).unwrap().status, 200));
        }
    });
}

#[test]
fn a_handler_that_computes_sees_its_client_go() {
    let server = Server::new(Idle::Never);
    let client = server.client();
    let outgoing = post("/compute", "");
    let cancel = outgoing.cancel.clone();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| client.send(outgoing));
        assert!(!server.cancelled.recv_timeout(PATIENCE).unwrap(), "it has begun");
        cancel.cancel();
        assert!(matches!(waiting.join().unwrap(), Err(Error::Cancelled)));
    });
    assert!(server.cancelled.recv_timeout(PATIENCE).unwrap(), "it has seen the end");
}

#[test]
fn requests_that_break_the_rules_are_refused() {
    let server = Server::new(Idle::Never);
    let long_head = format!("GET /echo HTTP/1.1\r\nX: {}\r\n\r\n", "a".repeat(70_000));
    for (request, status) in [
        ("nonsense\r\n\r\n", "400"),
        ("GET /echo HTTP/1.1\nHost: x\n\n", ""),
        (
            "POST /echo HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "400",
        ),
        ("POST /echo HTTP/1.1\r\nContent-Length: 1001\r\n\r\n", "413"),
        ("POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n", ""),
        ("POST /echo HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n", "417"),
        (long_head.as_str(), "400"),
    ] {
        let answer = server.raw(request);
        let expected = format!("HTTP/1.1 {status}");
        assert!(
            answer.starts_with(&expected) || answer.is_empty() || status.is_empty(),
            "{request:.60}: {answer}"
        );
        assert!(!answer.starts_with("HTTP/1.1 200"), "{request:.60}");
    }
    assert!(
        server.raw("POST /echo HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi").ends_with("\r\n\r\nhi")
    );
    let later = server.raw("GET /busy HTTP/1.1\r\n\r\n");
    assert!(
        later.starts_with("HTTP/1.1 503") && later.contains("\r\nRetry-After: 7\r\n"),
        "{later}"
    );
}

#[test]
fn a_server_ends_when_idle_or_asked_and_its_socket_then_answers_nobody() {
    let mut idle = Server::new(Idle::After(Duration::from_millis(50)));
    assert_eq!(idle.join().unwrap(), Ended::Idle);
    assert!(matches!(Local::connect(&idle.path()), Err(Error::Connect { .. })));
    let mut stopped = Server::new(Idle::Never);
    stopped.stop.request();
    assert_eq!(stopped.join().unwrap(), Ended::Stopped);
}
