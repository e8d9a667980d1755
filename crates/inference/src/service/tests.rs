// SPDX-License-Identifier: Apache-2.0
//! Paths, streams, cancelling and stopping, with a scripted engine in place of a model.

use std::sync::Condvar;
use std::thread;

use moat_base::SystemClock;

use super::*;
use crate::engine::{Engine, work};
use crate::limits::QUEUE_REQUESTS_PER_CLIENT_MAX;
use crate::mailbox::Finish;
use crate::stage::Card;

const LONG: Duration = Duration::from_secs(60);

/// What a client saw, and whether it stays.
#[derive(Debug, Default)]
struct Client {
    status: u16,
    pace: Option<Pace>,
    body: Value,
    content_type: &'static str,
    text: String,
    leaves: bool,
}

impl Exchange for Client {
    fn whole(&mut self, status: u16, pace: Pace, body: &Value) -> io::Result<()> {
        self.status = status;
        self.pace = Some(pace);
        self.body = body.clone();
        Ok(())
    }
    fn begin(&mut self, content_type: &'static str) -> io::Result<()> {
        self.content_type = content_type;
        Ok(())
    }
    fn send(&mut self, text: &str) -> io::Result<()> {
        self.text.push_str(text);
        Ok(())
    }
    fn is_gone(&mut self) -> bool {
        self.leaves
    }
}

/// Gives every candidate the text `a`, `b`, or refuses.
struct Script {
    refusal: Option<Refusal>,
}

impl Engine for Script {
    fn run(&mut self, order: &Order, mailbox: &Mailbox) -> Result<Usage, Refusal> {
        if let Some(refusal) = self.refusal.clone() {
            return Err(refusal);
        }
        mailbox.prefilled(3, 3);
        for candidate in 0..usize::try_from(order.candidates).unwrap() {
            mailbox.push(candidate, "a", None);
            mailbox.push(candidate, "b", Some(Finish::Stop));
        }
        Ok(Usage { prompt_tokens: 3, completion_tokens: 2, ..Usage::default() })
    }
}

/// Works on one order until it is abandoned, and says when it has begun.
struct Endless {
    begun: Arc<(Mutex<bool>, Condvar)>,
}

impl Engine for Endless {
    fn run(&mut self, _: &Order, mailbox: &Mailbox) -> Result<Usage, Refusal> {
        mailbox.prefilled(1, 1);
        *self.begun.0.lock().unwrap() = true;
        self.begun.1.notify_all();
        while !mailbox.is_abandoned() {
            thread::yield_now();
        }
        Err(Refusal::Stopping)
    }
}

fn service() -> Service {
    Service::new("m".to_owned(), 4, Arc::new(SystemClock::new()))
}

fn ready() -> Service {
    let service = service();
    service.board.advance(Stage::Ready(Card {
        architecture: "qwen2".to_owned(),
        context_tokens: 4096,
        trained_tokens: 32_768,
        parameters: 5,
        bytes: 6,
        fills: true,
    }));
    service
}

fn ask(service: &Service, method: &str, path: &str, body: &str) -> Client {
    let mut client = Client::default();
    service.answer(method, path, body.as_bytes(), &mut client).unwrap();
    client
}

/// Runs `client` while `engine` works on the service.
fn with_engine<T>(
    service: &Service,
    engine: &mut (dyn Engine + Send),
    client: impl FnOnce() -> T,
) -> T {
    thread::scope(|scope| {
        scope.spawn(move || work(engine, &service.queue, LONG));
        let result = client();
        service.stop();
        result
    })
}

const CHAT: &str = "/v1/chat/completions";
const HELLO: &str = r#"{"messages":[{"role":"user","content":"hi"}]}"#;

#[test]
fn paths_and_methods() {
    let service = ready();
    for (method, path, status) in [
        ("GET", "/health", 200),
        ("GET", "/v1/models", 200),
        ("POST", "/health", 405),
        ("GET", CHAT, 405),
        ("GET", "/", 404),
        ("GET", "/../etc/passwd", 404),
        ("POST", CHAT, 400),
    ] {
        assert_eq!(ask(&service, method, path, "").status, status, "{path}");
    }
    let models = ask(&service, "GET", "/v1/models", "").body;
    assert_eq!(models["data"][0]["id"], "m");
    assert_eq!(models["data"][0]["meta"]["context_tokens"], 4096);
}

#[test]
fn a_loading_server_says_so_and_when_it_is_done() {
    let service = service();
    let health = ask(&service, "GET", "/health", "");
    assert_eq!((health.status, health.pace), (503, Some(Pace::RetryLater)));
    let refused = ask(&service, "POST", CHAT, HELLO);
    assert_eq!((refused.status, refused.pace), (503, Some(Pace::RetryLater)));
    assert_eq!(refused.body["error"]["code"], "loading");
    let waited = thread::scope(|scope| {
        scope.spawn(|| service.board.advance(Stage::Failed("no memory".to_owned())));
        ask(&service, "GET", "/ready", "")
    });
    let last = waited.text.lines().last().unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(last).unwrap(),
        json!({"status": "failed", "model": "m", "reason": "no memory"})
    );
}

#[test]
fn whole_and_streamed_answers() {
    let service = ready();
    let (whole, stream) = with_engine(&service, &mut Script { refusal: None }, || {
        let body = r#"{"n":2,"messages":[{"role":"user","content":"hi"}]}"#;
        let streamed =
            r#"{"n":2,"stream":true,"stream_options":{"include_usage":true},"prompt":"x"}"#;
        (ask(&service, "POST", CHAT, body), ask(&service, "POST", "/v1/completions", streamed))
    });
    assert_eq!(whole.status, 200);
    assert_eq!(whole.body["choices"][1]["message"]["content"], "ab");
    assert_eq!(whole.body["usage"]["total_tokens"], 5);
    assert_eq!(stream.content_type, "text/event-stream");
    let mut texts = [String::new(), String::new()];
    for event in stream.text.split_terminator("\n\n") {
        let event = event.strip_prefix("data: ").unwrap();
        if event == "[DONE]" {
            continue;
        }
        let event: Value = serde_json::from_str(event).unwrap();
        for choice in event["choices"].as_array().unwrap() {
            let index = usize::try_from(choice["index"].as_u64().unwrap()).unwrap();
            texts[index].push_str(choice["text"].as_str().unwrap());
        }
    }
    assert_eq!(texts, ["ab", "ab"]);
    assert!(stream.text.ends_with("data: [DONE]\n\n"), "{}", stream.text);
    assert!(stream.text.contains(r#""prompt_tokens":3"#), "{}", stream.text);
}

#[test]
fn a_refusal_of_the_engine_is_a_status_also_for_a_stream() {
    let service = ready();
    let refusal = Refusal::PromptTooLong { tokens: 5000, limit: 4096 };
    let mut engine = Script { refusal: Some(refusal) };
    let answers = with_engine(&service, &mut engine, || {
        [
            ask(&service, "POST", CHAT, HELLO),
            ask(&service, "POST", "/v1/completions", r#"{"stream":true,"prompt":"x"}"#),
        ]
    });
    for answer in answers {
        assert_eq!((answer.status, answer.content_type), (400, ""));
        let message = answer.body["error"]["message"].as_str().unwrap();
        assert!(message.contains("5000") && message.contains("4096"), "{message}");
        assert_eq!(answer.body["error"]["code"], "context_length_exceeded");
    }
}

#[test]
fn a_client_that_leaves_ends_its_request() {
    let service = ready();
    let mut engine = Endless { begun: Arc::default() };
    for body in [HELLO, r#"{"stream":true,"messages":[{"role":"user","content":"hi"}]}"#] {
        let mut client = Client { leaves: true, ..Client::default() };
        thread::scope(|scope| {
            let worker = scope.spawn(|| {
                let job = service.queue.pop(LONG).unwrap();
                engine.run(&job.order, &job.mailbox)
            });
            let answer = service.answer("POST", CHAT, body.as_bytes(), &mut client);
            assert_eq!(answer.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
            assert_eq!(worker.join().unwrap(), Err(Refusal::Stopping));
        });
    }
}

#[test]
fn a_full_queue_is_refused_and_stopping_ends_what_waits() {
    let service = ready();
    let begun = Arc::new((Mutex::new(false), Condvar::new()));
    let mut engine = Endless { begun: Arc::clone(&begun) };
    thread::scope(|scope| {
        scope.spawn(|| work(&mut engine, &service.queue, LONG));
        let mut clients = vec![scope.spawn(|| ask(&service, "POST", CHAT, HELLO))];
        let running = begun.0.lock().unwrap();
        drop(begun.1.wait_while(running, |begun| !*begun).unwrap());
        for _ in 0..QUEUE_REQUESTS_PER_CLIENT_MAX {
            clients.push(scope.spawn(|| ask(&service, "POST", CHAT, HELLO)));
        }
        while service.queue.waiting() < QUEUE_REQUESTS_PER_CLIENT_MAX {
            thread::yield_now();
        }
        let refused = ask(&service, "POST", CHAT, HELLO);
        assert_eq!((refused.status, refused.pace), (503, Some(Pace::RetryLater)));
        assert_eq!(refused.body["error"]["code"], "queue_full");
        service.stop();
        for client in clients {
            assert_eq!(client.join().unwrap().body["error"]["code"], "stopping");
        }
    });
}
