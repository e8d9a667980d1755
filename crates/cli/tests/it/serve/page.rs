// SPDX-License-Identifier: Apache-2.0
//! A server, and a page that is connected to it, without a browser.

use std::cell::OnceCell;
use std::collections::{HashMap, VecDeque};
use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use moat_protocol::workspace::{ServerFrame, WorkspaceNews, WorkspaceQuery, WorkspaceReply};
use serde_json::{Value, json};
use tungstenite::client::IntoClientRequest as _;
use tungstenite::{Message, WebSocket};

use crate::support::{DEADLINE, Home, signal};
use rustix::process::Signal;

/// A server that runs.
pub(crate) struct Served {
    /// The path that gives the key, or the whole address behind a proxy.
    pub(crate) link: String,
    pub(crate) port: u16,
    /// The path of the page.
    pub(crate) page: String,
    key: OnceCell<String>,
    child: Child,
}

impl Served {
    pub(crate) fn start(home: &Home) -> Self {
        Self::start_with(home, &[])
    }

    pub(crate) fn start_with(home: &Home, more: &[&str]) -> Self {
        let mut words = vec!["serve", "--no-browser"];
        words.extend(more);
        let mut child = home.moat(words).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let said: Vec<String> = lines
            .scan(false, |found, line| {
                let before = std::mem::replace(found, *found || line.contains("://"));
                (!before).then_some(line)
            })
            .collect();
        let address = said.last().filter(|line| line.contains("://")).map(|line| line.trim());
        let address = address.unwrap_or_else(|| panic!("it did not start: {said:?}"));
        let (_, rest) = address.split_once("://").unwrap();
        let (authority, path) = rest.split_once('/').unwrap();
        let (port, link) = match authority.split_once(':') {
            Some((_, port)) => (port.parse().unwrap(), format!("/{path}")),
            None => (0, address.to_owned()),
        };
        let page = format!("/{}/", path.split_once('/').unwrap().0);
        Self { link, port, page, key: OnceCell::new(), child }
    }

    /// The key, as a browser gets it with the first link.
    pub(crate) fn cookie(&self) -> String {
        self.key.get_or_init(|| self.fetch_key()).clone()
    }

    fn fetch_key(&self) -> String {
        let host = format!("127.0.0.1:{}", self.port);
        let answer = super::raw(self.port, &super::get(&self.link, &[("Host", &host)]));
        let line = answer.lines().find(|line| line.to_lowercase().starts_with("set-cookie:"));
        let value = line.unwrap_or_else(|| panic!("no key: {answer}")).split_once(':').unwrap().1;
        value.split(';').next().unwrap().trim().to_owned()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let pid = i32::try_from(self.child.id()).unwrap();
        signal(pid, Signal::INT);
        let status = self.child.wait().unwrap();
        if !std::thread::panicking() {
            assert!(status.success(), "the server ended with {status}");
        }
    }
}

/// A page that is connected.
pub(crate) struct Page {
    socket: WebSocket<TcpStream>,
    asked: u32,
    /// Answers to questions whose answers nobody waited for yet.
    early: HashMap<u32, ServerFrame>,
    news: VecDeque<WorkspaceNews>,
}

impl Page {
    /// Opens the page as a browser does: with a fresh link.
    pub(crate) fn open(served: &Served) -> Self {
        let cookie = served.cookie();
        let stream = TcpStream::connect(("127.0.0.1", served.port)).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let host = format!("127.0.0.1:{}", served.port);
        let mut request = format!("ws://{host}{}ws", served.page).into_client_request().unwrap();
        let headers = request.headers_mut();
        headers.insert("Cookie", cookie.parse().unwrap());
        headers.insert("Origin", format!("http://{host}").parse().unwrap());
        let (socket, _) = tungstenite::client(request, stream).unwrap();
        Self { socket, asked: 0, early: HashMap::new(), news: VecDeque::new() }
    }

    /// The answer to a question.
    pub(crate) fn ask(&mut self, query: &WorkspaceQuery) -> WorkspaceReply {
        self.asks(&serde_json::to_value(query).unwrap())
    }

    /// The answer to a question that is written by hand.
    pub(crate) fn asks(&mut self, query: &Value) -> WorkspaceReply {
        let answer = self.answer(query);
        let ServerFrame::Answer { reply, .. } = answer else { panic!("{query}: {answer:?}") };
        reply
    }

    /// Whether a question is refused, or ends the connection.
    pub(crate) fn is_refused(&mut self, query: &Value) -> bool {
        matches!(self.answer(query), ServerFrame::Refused { .. })
    }

    /// Asks without waiting for the answer; gives the question's number.
    pub(crate) fn begin(&mut self, query: &Value) -> u32 {
        self.asked += 1;
        let frame = json!({"id": self.asked, "ask": query}).to_string();
        self.socket.send(Message::text(frame)).unwrap();
        self.asked
    }

    /// The answer to a question that was begun.
    pub(crate) fn answers(&mut self, number: u32) -> WorkspaceReply {
        let answer = self.answer_to(number);
        let ServerFrame::Answer { reply, .. } = answer else { panic!("{number}: {answer:?}") };
        reply
    }

    fn answer(&mut self, query: &Value) -> ServerFrame {
        let number = self.begin(query);
        self.answer_to(number)
    }

    fn answer_to(&mut self, number: u32) -> ServerFrame {
        if let Some(early) = self.early.remove(&number) {
            return early;
        }
        loop {
            let frame = self.frame();
            match &frame {
                ServerFrame::News { news } => self.news.push_back(news.clone()),
                ServerFrame::Answer { id, .. } | ServerFrame::Refused { id, .. } => {
                    if *id == number {
                        return frame;
                    }
                    assert!(*id <= self.asked, "{frame:?}");
                    self.early.insert(*id, frame);
                }
            }
        }
    }

    /// Waits for news; what comes before is forgotten.
    pub(crate) fn hears(
        &mut self,
        what: &str,
        is: impl Fn(&WorkspaceNews) -> bool,
    ) -> WorkspaceNews {
        loop {
            let news = match self.news.pop_front() {
                Some(news) => news,
                None => {
                    let frame = self.frame();
                    let ServerFrame::News { news } = frame else { panic!("{what}: {frame:?}") };
                    news
                }
            };
            if let WorkspaceNews::Session { envelope } = &news
                && let moat_protocol::Event::Failed { report } = &envelope.event
            {
                panic!("{what}: {report}");
            }
            if is(&news) {
                return news;
            }
        }
    }

    fn frame(&mut self) -> ServerFrame {
        loop {
            match self.socket.read().unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Binary(_) | Message::Ping(_) | Message::Pong(_) => {}
                Message::Close(_) | Message::Frame(_) => panic!("the connection ended"),
            }
        }
    }
}
