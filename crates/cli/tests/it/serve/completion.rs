// SPDX-License-Identifier: Apache-2.0
//! Inline completion from the page's question to its answer, with a scripted model: what the
//! model is shown, what of its answers is, and that nobody's question keeps it busy.

use moat_testkit::{Act, Matcher, Rule};
use serde_json::{Value, json};

use super::page::{Page, Served};
use crate::embedded::{TEST_MODEL, weights};
use crate::support::{Home, always, until};

/// A question.
fn complete(number: u32, path: &str, before: &str, after: &str) -> Value {
    json!({"service": "completion", "query": "complete", "number": number, "model": null, "path": path,
        "language": "python", "before": before, "after": after, "recent": []})
}

/// The text of an answer; `null` where there is none.
fn text(page: &mut Page, question: &Value) -> Value {
    let reply = serde_json::to_value(page.asks(question)).unwrap();
    assert_eq!(reply["reply"], "completed", "{reply}");
    reply["text"].clone()
}

fn crossings(page: &mut Page) -> Vec<Value> {
    let asked = json!({"service": "boundary", "query": "crossings", "limit": 100});
    let reply = serde_json::to_value(page.asks(&asked)).unwrap();
    reply["crossings"].as_array().unwrap().clone()
}

#[test]
fn a_model_is_shown_what_is_around_the_cursor_and_declarations_but_no_secrets() {
    let home = Home::new(always(Act::text("net(price)")));
    home.put("shop/tax.py", "RATE = 2\n\n\ndef net(gross, rate):\n    return gross - rate\n");
    home.put("shop/page.js", "function another() {}\n");
    home.put("shop/prod.env", "def leaked_key():\n    pass\n");
    home.put("shop/secrets.py", "def leaked_too():\n    pass\n");
    let served = Served::start(&home);
    let mut page = Page::open(&served);
    let mut question =
        complete(1, "shop/cart.py", "import tax\n\nprice = tax.", "\nprint(price)\n");
    question["recent"] =
        json!(["shop/prod.env", "shop/secrets.py", "shop/page.js", "shop/cart.py", "shop/tax.py"]);
    assert_eq!(text(&mut page, &question), "net(price)");
    let asked = home.model.requests();
    let [request] = &asked[..] else { panic!("{asked:?}") };
    assert!(request.path.ends_with("/completions") && !request.path.contains("chat"));
    let body = request.json();
    let prompt = body["prompt"].as_str().unwrap();
    assert_eq!(
        prompt,
        "# shop/tax.py\n# RATE = 2\n# def net(gross, rate)\nimport tax\n\nprice = tax."
    );
    assert_eq!((&body["suffix"], &body["max_tokens"]), (&json!("\nprint(price)\n"), &json!(64)));

    // A file that holds secrets is not asked about at all, in any case of its name.
    for (number, path) in [(2, ".env"), (3, "deploy/Server.KEY"), (4, ".aws/credentials")] {
        let reply = page.asks(&complete(number, path, "TOKEN=", "\n"));
        assert_eq!(serde_json::to_value(reply).unwrap()["reply"], "withheld", "{path}");
    }
    assert_eq!(home.model.requests().len(), 1);
    // The control: it is the name that decides.
    text(&mut page, &complete(5, ".env.example", "TOKEN=", "\n"));
    assert_eq!(home.model.requests().len(), 2);

    // What crossed is in the log, once for each request, with what it was for.
    until("both crossings are in the log", || {
        let crossed = crossings(&mut page);
        crossed.len() == 2
            && crossed.iter().all(|it| it["session"] == "completion" && it["allowed"] == true)
    });
}

#[test]
fn what_does_not_belong_to_the_place_is_not_shown() {
    let home = Home::new(vec![
        Rule::always(Matcher::Contains("within a line".into()), Act::text("a, b)\nprint(c)")),
        Rule::always(Matcher::Contains("repeats".into()), Act::text("call(repeats)\n")),
        Rule::always(
            Matcher::Contains("ends a block".into()),
            Act::text("return a\n\n\ndef next():\n    pass"),
        ),
        Rule::always(
            Matcher::Contains("runs in circles".into()),
            Act::text("add(1)\nadd(1)\nadd(1)\n"),
        ),
        Rule::always(Matcher::Contains("brackets".into()), Act::text("one, two))")),
    ]);
    let served = Served::start(&home);
    let mut page = Page::open(&served);
    for (number, before, after, shown) in [
        (1, "# within a line\nprint(", ")\n", json!("a, b")),
        (2, "call(repeats)\n", "\n", Value::Null),
        (3, "def f(a):\n    # ends a block\n    ", "\n", json!("return a")),
        (4, "# runs in circles\n", "\n", Value::Null),
        (5, "# brackets\nf(", "\n", json!("one, two)")),
    ] {
        assert_eq!(text(&mut page, &complete(number, "a.py", before, after)), shown, "{before}");
    }
}

#[test]
fn an_answer_is_not_waited_for_where_no_more_of_it_would_be_shown() {
    let home = Home::new(always(Act::HangAfter("width * height\n\n\ndef next".into())));
    let served = Served::start(&home);
    let mut page = Page::open(&served);
    let question = complete(1, "a.py", "def area(width, height):\n    return ", "\n");
    assert_eq!(text(&mut page, &question), "width * height");
    // And its connection is closed: the model is free.
    until("the request has ended", || crossings(&mut page)[0]["received"].is_u64());
}

#[test]
fn the_next_question_ends_the_one_before_it_and_frees_the_model() {
    let home = Home::new(vec![
        Rule::once(Matcher::Any, Act::Hang),
        Rule::once(Matcher::Any, Act::text("second")),
        Rule::once(Matcher::Any, Act::Hang),
    ]);
    let served = Served::start(&home);
    let mut page = Page::open(&served);
    let reply = |page: &mut Page, number| serde_json::to_value(page.answers(number)).unwrap();
    let first = page.begin(&complete(1, "a.py", "x", "\n"));
    until("the first is asked", || home.model.requests().len() == 1);
    let second = page.begin(&complete(2, "a.py", "xy", "\n"));
    assert_eq!(reply(&mut page, first)["reply"], "cancelled");
    assert_eq!(reply(&mut page, second)["text"], "second");
    // The model that never answers noticed it only by the end of its connection.
    until("the first has ended", || {
        let crossed = crossings(&mut page);
        crossed.len() == 2 && crossed.iter().all(|it| it["received"].is_u64())
    });

    // A key without a question ends it too.
    let third = page.begin(&complete(3, "a.py", "xyz", "\n"));
    until("the third is asked", || home.model.requests().len() == 3);
    let cancel = |number| json!({"service": "completion", "query": "cancel", "number": number});
    page.asks(&cancel(2));
    page.asks(&cancel(3));
    assert_eq!(reply(&mut page, third)["reply"], "cancelled");

    // One that comes late is not asked, and does not end what is newer.
    for number in [3, 1] {
        let late = page.begin(&complete(number, "a.py", "x", "\n"));
        assert_eq!(reply(&mut page, late)["reply"], "cancelled");
    }
    assert_eq!(home.model.requests().len(), 3);
}

#[test]
fn a_model_that_cannot_fill_is_asked_to_go_on() {
    let refused = Act::Status(400, r#"{"error":{"message":"suffix is not supported"}}"#.into());
    let home = Home::new(vec![
        Rule::once(Matcher::Any, refused),
        Rule::always(Matcher::Any, Act::text("b")),
    ]);
    let served = Served::start(&home);
    let mut page = Page::open(&served);
    for number in [1, 2] {
        assert_eq!(text(&mut page, &complete(number, "a.py", "a = ", "\nprint(a)\n")), "b");
    }
    let suffixes: Vec<Value> =
        home.model.requests().iter().map(|request| request.json()["suffix"].clone()).collect();
    assert_eq!(suffixes, [json!("\nprint(a)\n"), Value::Null, Value::Null]);
}

#[test]
fn nothing_leaves_the_machine_by_typing_unless_a_model_was_chosen() {
    let home = Home::new(always(Act::text("b")));
    home.configure(&home.config().replace("zone = \"host\"", "zone = \"network:team\""));
    let served = Served::start(&home);
    let mut page = Page::open(&served);
    let question = complete(1, "a.py", "a = ", "\n");
    assert!(page.is_refused(&question));
    assert_eq!(crossings(&mut page), Vec::<Value>::new(), "not even tried");
    // The control: a person who names it has it asked; that it is not where its zone says it is
    // is another matter, which the broker decides and notes.
    let mut named = complete(2, "a.py", "a = ", "\n");
    named["model"] = json!("scripted");
    assert!(page.is_refused(&named));
    until("the attempt is in the log", || crossings(&mut page).len() == 1);
    let unknown = json!("nobody");
    named["number"] = json!(3);
    named["model"] = unknown;
    assert!(page.is_refused(&named));
}

/// The embedded model, with real weights: nobody who types waits for it to load.
#[test]
fn the_embedded_model_is_loaded_beside_the_questions() {
    let home = Home::new(always(Act::text("another")));
    home.run(["model", "import", weights().to_str().unwrap()]).code(0);
    let served = Served::start(&home);
    let mut page = Page::open(&served);
    let mut number = 0;
    let mut ask = |page: &mut Page| {
        number += 1;
        let mut question = complete(number, "a.py", "def add(a, b):\n    return a", "\n");
        question["model"] = json!(TEST_MODEL);
        serde_json::to_value(page.asks(&question)).unwrap()["reply"].clone()
    };
    assert_eq!(ask(&mut page), "loading");
    until("it has loaded", || ask(&mut page) == "completed");
    assert!(home.model.requests().is_empty(), "another model was asked");
    assert_eq!(crossings(&mut page), Vec::<Value>::new(), "the embedded model is no crossing");
}
