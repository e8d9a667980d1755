// SPDX-License-Identifier: Apache-2.0
//! `moat model pull` from a mirror on the loopback device to the verified file, by way of
//! the real broker: broken off, led astray, and shown while it runs. And what a damaged
//! file does at use.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use crate::approval::Terminal;
use crate::embedded::{TEST_MODEL, weights};
use crate::support::{Bridge, Ended, Home, Running, always, right, serve, until};

/// The test weights' digest, which is their name on a mirror and in the store.
const SHA256: &str = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53";
const PULL: [&str; 3] = ["model", "pull", TEST_MODEL];
const MEGABYTE: u64 = 1_000_000;
const ALL: u64 = u64::MAX;
const PIECE_BYTES: usize = 256 * 1024;

/// A static server with the test weights, which sends no further than the test lets it.
struct Mirror {
    bridge: Bridge,
    served: Arc<Served>,
}

struct Served {
    file: File,
    length: u64,
    /// Up to where bytes are sent.
    allowed: AtomicU64,
    /// The place of the one byte that is wrong.
    wrong: AtomicU64,
    asked: Mutex<Vec<String>>,
}

impl Mirror {
    fn start(allowed: u64) -> Self {
        let file = File::open(weights()).unwrap();
        let length = file.metadata().unwrap().len();
        Self::serving(file, length, allowed)
    }

    fn serving(file: File, length: u64, allowed: u64) -> Self {
        let (allowed, wrong) = (AtomicU64::new(allowed), AtomicU64::new(ALL));
        let served = Arc::new(Served { file, length, allowed, wrong, asked: Mutex::default() });
        let answering = Arc::clone(&served);
        // A client that goes away in the middle is what some of the tests are about.
        let bridge = serve(move |client| drop(answering.answer(client)));
        Self { bridge, served }
    }

    fn allow(&self, bytes: u64) {
        self.served.allowed.store(bytes, Ordering::SeqCst);
    }

    fn spoil(&self, place: u64) {
        self.served.wrong.store(place, Ordering::SeqCst);
    }

    /// The requests: each one's first line and its `Range`.
    fn asked(&self) -> Vec<String> {
        self.served.asked.lock().unwrap().clone()
    }

    /// A home that knows this mirror and no other source.
    fn home(&self) -> Home {
        self.home_with("[\"mirror\"]")
    }

    fn home_with(&self, sources: &str) -> Home {
        let home = Home::new(always(right()));
        let port = self.bridge.port;
        let mirror = format!("http://127.0.0.1:{port}/models");
        let weights = format!("[weights]\nmirror = \"{mirror}\"\nsources = {sources}\n");
        home.configure(&format!("{}\n{weights}", home.config()));
        home
    }
}

impl Served {
    fn answer(&self, mut client: TcpStream) -> std::io::Result<()> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            client.read_exact(&mut byte)?;
            head.extend_from_slice(&byte);
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        let range = head.lines().find_map(|line| line.strip_prefix("range: "));
        let first = head.lines().next().unwrap();
        self.asked.lock().unwrap().push(format!("{first} {}", range.unwrap_or("whole")));
        let from = range.and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-'));
        let from: u64 = from.map_or(0, |from| from.parse().unwrap());
        let (length, last) = (self.length, self.length - 1);
        let status = match range {
            Some(_) => format!("206 Partial\r\nContent-Range: bytes {from}-{last}/{length}"),
            None => "200 OK".to_owned(),
        };
        let body = length - from;
        write!(client, "HTTP/1.1 {status}\r\nContent-Length: {body}\r\nConnection: close\r\n\r\n")?;
        self.send(&mut client, from)
    }

    fn send(&self, client: &mut TcpStream, from: u64) -> std::io::Result<()> {
        let (mut at, mut piece) = (from, vec![0; PIECE_BYTES]);
        while at < self.length {
            let room = self.allowed.load(Ordering::SeqCst).min(self.length).saturating_sub(at);
            let room = usize::try_from(room).unwrap().min(PIECE_BYTES);
            if room == 0 {
                // Until more is allowed; the test's end ends this thread.
                thread::park_timeout(Duration::from_millis(5));
                continue;
            }
            self.file.read_exact_at(&mut piece[..room], at)?;
            let wrong = self.wrong.load(Ordering::SeqCst).checked_sub(at);
            if let Some(byte) =
                wrong.and_then(|at| piece[..room].get_mut(usize::try_from(at).ok()?))
            {
                *byte ^= 1;
            }
            client.write_all(&piece[..room])?;
            at += room as u64;
        }
        Ok(())
    }
}

fn stored(home: &Home, ending: &str) -> PathBuf {
    home.at(&format!("data/moat/models/{SHA256}{ending}"))
}

/// How many bytes have arrived.
fn arrived(home: &Home) -> u64 {
    fs::metadata(stored(home, ".partial")).map_or(0, |data| data.len())
}

fn standing(home: &Home) -> String {
    let listed = home.run(["model", "list"]);
    let line = listed.code(0).out.lines().find(|line| line.contains(TEST_MODEL)).unwrap();
    line.split_whitespace().next().unwrap().to_owned()
}

/// Starts a pull and waits until it has some of the file.
fn begun(home: &Home) -> Running {
    let running = Running::start(home.moat(PULL));
    until("some of the file has arrived", || arrived(home) > MEGABYTE);
    running
}

/// The lines of the crossing log that have a text.
fn crossings(home: &Home, with: &str) -> Vec<String> {
    let shown = home.run(["log", "show"]);
    shown.code(0).out.lines().filter(|line| line.contains(with)).map(str::to_owned).collect()
}

fn says_where_it_came_from(done: &Ended) {
    done.code(0).says(&format!("{TEST_MODEL} is here, verified; it came from mirror"));
}

#[test]
fn a_pull_that_was_killed_goes_on_behind_its_last_byte_and_each_connection_is_logged() {
    let mirror = Mirror::start(20 * MEGABYTE);
    let home = mirror.home();
    let running = begun(&home);
    running.signal(Signal::KILL);
    running.end().code(-9);
    assert_eq!(standing(&home), "partial");
    let known = arrived(&home);
    assert!(known > MEGABYTE && known < mirror.served.length, "{known}");
    mirror.allow(ALL);
    says_where_it_came_from(&home.run(PULL));
    assert_eq!(standing(&home), "here");
    let address = format!("get /models/{SHA256} http/1.1");
    assert_eq!(mirror.asked(), [format!("{address} whole"), format!("{address} bytes={known}-")]);
    assert_eq!(fs::read(stored(&home, "")).unwrap(), fs::read(weights()).unwrap());
    // A third one finds it, and asks nobody.
    home.run(PULL).code(0).says("is here already, verified");
    assert_eq!(mirror.asked().len(), 2);

    let port = mirror.bridge.port;
    let opened = crossings(&home, &format!("GET http://127.0.0.1:{port}/models/{SHA256} (host)"));
    assert_eq!(opened.len(), 2, "{opened:?}");
    assert!(opened.iter().all(|line| line.contains("allowed by weights-mirror")), "{opened:?}");
    until("both have ended", || crossings(&home, "end of #").len() == 2);
    assert_eq!(crossings(&home, "").len(), 4, "there are other connections");
    home.run(["log", "verify"]).code(0).says("4 lines verified");
}

#[test]
fn ctrl_c_ends_a_pull_with_130_and_what_has_come_is_kept() {
    let mirror = Mirror::start(20 * MEGABYTE);
    let home = mirror.home();
    let running = begun(&home);
    running.signal(Signal::INT);
    running.end().code(130).reports("the transfer was cancelled", "run the same command again");
    let known = arrived(&home);
    assert!(known > MEGABYTE, "{known}");
    mirror.allow(ALL);
    says_where_it_came_from(&home.run(PULL));
    let last = mirror.asked().pop().unwrap();
    assert!(last.ends_with(&format!("bytes={known}-")), "{last}");
}

#[test]
fn wrong_bytes_never_become_the_weights() {
    let mirror = Mirror::start(ALL);
    mirror.spoil(50 * MEGABYTE);
    let home = mirror.home();
    let refused = home.run(PULL);
    refused.code(5).reports("no source has the weights", "moat model import FILE");
    refused.says("mirror: its bytes do not have the sha256 of the entry");
    assert_eq!(standing(&home), "absent");
    assert!(!stored(&home, "").exists() && !stored(&home, ".partial").exists());
    // A beginning that is wrong is found out at the end, and then the whole is asked for.
    mirror.spoil(MEGABYTE / 2);
    mirror.allow(20 * MEGABYTE);
    let running = begun(&home);
    running.signal(Signal::INT);
    running.end().code(130);
    mirror.spoil(ALL);
    mirror.allow(ALL);
    let before = mirror.asked().len();
    says_where_it_came_from(&home.run(PULL));
    let asked = mirror.asked().split_off(before);
    let ranges: Vec<bool> = asked.iter().map(|line| line.ends_with("whole")).collect();
    assert_eq!(ranges, [false, true], "{asked:?}");
}

#[test]
fn a_file_of_another_size_is_refused_before_its_first_byte() {
    let small = tempfile::tempfile().unwrap();
    small.set_len(12_345).unwrap();
    let mirror = Mirror::serving(small, 12_345, ALL);
    let home = mirror.home();
    let needed = fs::metadata(weights()).unwrap().len();
    home.run(PULL).code(5).says(&format!("its file has 12345 bytes, and {needed} are needed"));
    assert_eq!(arrived(&home), 0);
}

#[test]
fn a_disk_without_room_is_told_before_anything_is_asked() {
    let mirror = Mirror::start(ALL);
    let home = mirror.home();
    let on_a_disk_of = |megabytes: u32| {
        let script = format!(
            "mount -t tmpfs -o size={megabytes}m tmpfs {data} || exit 99; \
             exec {moat} model pull {TEST_MODEL}",
            data = home.at("data").display(),
            moat = env!("CARGO_BIN_EXE_moat")
        );
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c", &script]);
        home.enter(&mut command);
        Running::start(command).end()
    };
    let small = on_a_disk_of(120);
    if !small.status.success() && small.status.code() != Some(5) {
        println!("not run: no private mounts here: {}", small.err);
        return;
    }
    small.code(5).reports("bytes are needed in", "free some space").says("are free");
    assert!(mirror.asked().is_empty(), "{:?}", mirror.asked());
    home.end_broker();
    // The control: where there is room, it comes.
    says_where_it_came_from(&on_a_disk_of(400));
}

#[test]
fn offline_uses_files_only_and_quiet_says_nothing() {
    let mirror = Mirror::start(ALL);
    let place = weights();
    let directory = tempfile::tempdir().unwrap();
    let sources = format!("[\"mirror\", \"file:{}\"]", directory.path().display());
    let home = mirror.home_with(&sources);
    let offline = [&PULL[..], &["--offline"]].concat();
    let refused = home.run(&offline);
    refused.code(5).says("mirror: the network is refused by `--offline`");
    refused.says("the file is not there");
    assert!(home.broker().is_none(), "a broker was started");
    fs::copy(&place, directory.path().join(SHA256)).unwrap();
    home.run(&offline).code(0).says("it came from file:");
    assert!(mirror.asked().is_empty(), "{:?}", mirror.asked());
    assert!(crossings(&home, "").is_empty());

    let quiet = [&PULL[..], &["--quiet"]].concat();
    let home = mirror.home();
    for _ in 0..2 {
        let done = home.run(&quiet);
        assert_eq!((done.code(0).out.as_str(), done.err.as_str()), ("", ""));
    }
    assert_eq!((standing(&home).as_str(), mirror.asked().len()), ("here", 1));
    // A failure is no progress: it is told.
    mirror.spoil(0);
    home.run(["model", "rm", TEST_MODEL]).code(0);
    home.run(&quiet).code(5).reports("no source has the weights", "hint:");
}

#[test]
fn where_there_is_no_terminal_progress_comes_in_lines() {
    let mirror = Mirror::start(MEGABYTE);
    let home = mirror.home();
    let place = home.at("cache").join("said");
    let mut command = home.moat(PULL);
    command.stdout(File::create(&place).unwrap());
    let mut child = command.spawn().unwrap();
    let said = || fs::read_to_string(&place).unwrap();
    trickle(&mirror, || said().contains(" left, from mirror\n"));
    mirror.allow(ALL);
    assert!(child.wait().unwrap().success());
    let said = said();
    let lines: Vec<&str> = said.lines().filter(|line| line.contains(" of 98.3 MB")).collect();
    assert!(lines[0].starts_with("  0 % ") || lines[0].starts_with("  1 % "), "{said}");
    assert!(lines.last().unwrap().starts_with("100 %  98.3 MB of 98.3 MB, "), "{said}");
    assert!(lines.iter().any(|line| line.contains(" MB/s, ")), "{said}");
    assert!((2..40).contains(&lines.len()), "{said}");
    assert!(!said.contains('\r') && !said.contains('\u{1b}'), "{said:?}");
}

#[test]
fn on_a_terminal_progress_has_one_line_that_never_wraps() {
    let mirror = Mirror::start(MEGABYTE);
    let home = mirror.home();
    let line = format!("stty cols 50; NO_COLOR=1 exec \"$0\" model pull {TEST_MODEL}");
    let mut terminal = Terminal::shell(&home, &line);
    trickle(&mirror, || terminal.text().contains(" MB/s, "));
    mirror.allow(ALL);
    assert_eq!(terminal.end(), Some(0), "{}", terminal.text());
    terminal.see("verified; it came from mirror");
    let text = terminal.text();
    let (before, after) = text.rsplit_once("\r\u{1b}[K").unwrap();
    assert!(after.starts_with(TEST_MODEL), "the last line was taken away: {text:?}");
    assert!(!before.contains('\n'), "{text:?}");
    let shown: Vec<&str> = before.split("\r\u{1b}[K").collect();
    let widest = shown.iter().map(|line| line.chars().count()).max().unwrap();
    assert!(widest < 50, "{text:?}");
    assert!(shown.iter().any(|line| line.contains(" MB/s, ") && line.ends_with("...")), "{text:?}");
    assert!(!text.replace("\u{1b}[K", "").contains('\u{1b}'), "{text:?}");
}

#[test]
fn a_dumb_terminal_gets_lines_and_a_question_that_can_be_seen() {
    let mirror = Mirror::start(ALL);
    let home = mirror.home();
    let dumb = [("TERM", "dumb")];
    let mut terminal = Terminal::start(&home, &PULL, &dumb);
    assert_eq!(terminal.end(), Some(0), "{}", terminal.text());
    terminal.see("verified; it came from mirror");
    let text = terminal.text();
    assert!(text.contains("100 %  98.3 MB of 98.3 MB"), "{text:?}");
    assert!(!text.contains('\u{1b}') && !text.replace("\r\n", "\n").contains('\r'), "{text:?}");

    let asking = ["exec", "--ask", "--check", "python3 -m unittest", "fix total"];
    let mut terminal = Terminal::start(&home, &asking, &dumb);
    terminal.see("type `yes`");
    assert!(!terminal.text().contains('\u{1b}'), "{:?}", terminal.text());
    terminal.type_line("no");
    assert_eq!(terminal.end(), Some(3), "{}", terminal.text());
}

/// Lets the mirror send ever more, a little at a time, until something holds.
fn trickle(mirror: &Mirror, mut holds: impl FnMut() -> bool) {
    let mut allowed = MEGABYTE;
    until("progress is shown", || {
        // The last megabyte is held back: the end is another matter.
        allowed = (allowed + 20_000).min(mirror.served.length - MEGABYTE);
        mirror.allow(allowed);
        holds()
    });
}

#[test]
fn damaged_weights_are_refused_at_use_and_a_pull_brings_them_back() {
    let mirror = Mirror::start(ALL);
    let home = mirror.home();
    let explain = ["exec", "--model", TEST_MODEL, "--kind", "explain", "what does `total` do?"];
    home.run(["model", "import", weights().to_str().unwrap()]).code(0);
    let path = stored(&home, "");
    let open = || fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
    let flip = || {
        let mut byte = [0];
        open().read_exact_at(&mut byte, 60 * MEGABYTE).unwrap();
        open().write_all_at(&[byte[0] ^ 1], 60 * MEGABYTE).unwrap();
    };
    let cut = || open().set_len(60 * MEGABYTE).unwrap();
    let damages: [(&dyn Fn(), &str); 2] =
        [(&flip, "its sha256 is "), (&cut, "it has 60000000 bytes, and 98362432 are needed")];
    for (damage, reason) in damages {
        assert_eq!(standing(&home), "here");
        damage();
        let refused = home.run(explain);
        refused.code(5).reports("are damaged", &format!("moat model pull {TEST_MODEL}"));
        refused.says(reason);
        assert_eq!(standing(&home), "damaged", "{reason}");
        home.run(["model", "path", TEST_MODEL]).code(5).reports("are damaged", "hint:");
        assert!(home.sessions().is_empty() && home.model.requests().is_empty());
        says_where_it_came_from(&home.run(PULL));
    }
    assert_eq!(standing(&home), "here");
}
