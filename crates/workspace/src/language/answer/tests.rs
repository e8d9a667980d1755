// SPDX-License-Identifier: Apache-2.0
//! Answers of well-behaved and of other servers.

use serde_json::json;

use super::*;
use moat_protocol::workspace::Spot;

fn root() -> &'static Path {
    Path::new("/home/u/p")
}

fn range(line: u32, from: u32, to: u32) -> Value {
    json!({"start": {"line": line, "character": from}, "end": {"line": line, "character": to}})
}

fn part(line: u32, from: u32, to: u32) -> Span {
    Span { from: Spot { line, column: from }, to: Spot { line, column: to } }
}

#[test]
fn an_edit_of_the_workspace_is_whole_or_refused() {
    let edit =
        |address: &str| json!({"changes": {address: [{"range": range(0, 0, 1), "newText": "x"}]}});
    let good = workspace_edit(root(), &edit("file:///home/u/p/a.py")).unwrap();
    assert_eq!(
        good,
        [FileEdits {
            path: TreePath::parse("a.py").unwrap(),
            edits: vec![SpanEdit { span: part(1, 1, 2), text: "x".to_owned() }],
        }]
    );
    for outside in ["file:///home/u/.bashrc", "file:///home/u/p/../.bashrc", "http://x/a.py"] {
        let mut both = edit("file:///home/u/p/a.py");
        both["changes"][outside] = json!([{"range": range(0, 0, 1), "newText": "x"}]);
        assert!(workspace_edit(root(), &both).is_err(), "{outside}");
    }
    for kind in ["create", "rename", "delete"] {
        let change = json!({"documentChanges": [{"kind": kind, "uri": "file:///home/u/p/b.py"}]});
        assert!(workspace_edit(root(), &change).is_err(), "{kind}");
    }
}

#[test]
fn edits_that_overlap_or_are_too_many_are_refused() {
    let edit = |from, to, text: &str| json!({"range": range(0, from, to), "newText": text});
    let ordered = edits(&json!([edit(4, 5, "b"), edit(0, 2, "a")])).unwrap();
    assert_eq!(ordered.iter().map(|it| it.text.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let inserted = edits(&json!([edit(2, 2, "first"), edit(2, 2, "second")])).unwrap();
    assert_eq!(inserted[0].text, "first");
    assert!(edits(&json!([edit(0, 3, "a"), edit(2, 4, "b")])).is_err());
    assert!(edits(&json!([{"range": range(0, 0, 1)}])).is_err());
    let many = vec![edit(0, 0, ""); LANGUAGE_EDITS_MAX + 1];
    assert!(edits(&Value::Array(many)).is_err());
    let long = edit(0, 0, &"x".repeat(LANGUAGE_EDIT_BYTES_MAX + 1));
    assert!(edits(&json!([long])).is_err());
    assert_eq!(edits(&json!("x")), Ok(Vec::new()));
}

#[test]
fn of_too_many_items_those_that_fit_the_word_are_offered() {
    let items: Vec<Value> =
        (0..3 * LANGUAGE_ITEMS_MAX).map(|n| json!({"label": format!("item{n:05}")})).collect();
    let mut all = vec![json!({"label": "zebra", "kind": 3, "insertTextFormat": 2})];
    all.extend(items);
    let (answer, kept) = completed(&Value::Array(all.clone()), "zb");
    let LanguageAnswer::Completed { items, more } = answer else { panic!() };
    assert!(more && items.len() == 1 && kept.len() == 1);
    assert_eq!((items[0].sort, items[0].snippet), (SymbolSort::Function, true));
    let (answer, kept) = completed(&Value::Array(all), "");
    let LanguageAnswer::Completed { items, .. } = answer else { panic!() };
    assert_eq!((items.len(), kept.len()), (LANGUAGE_ITEMS_MAX, LANGUAGE_ITEMS_MAX));
}

#[test]
fn what_an_item_replaces_comes_from_it_or_from_the_defaults() {
    let result = json!({
        "isIncomplete": true,
        "itemDefaults": {"editRange": range(0, 2, 3), "insertTextFormat": 2},
        "items": [
            {"label": "a", "textEditText": "a($1)"},
            {"label": "b", "textEdit": {"insert": range(0, 1, 2), "replace": range(0, 1, 9), "newText": "bb"},
             "additionalTextEdits": [{"range": range(0, 0, 0), "newText": "import b\n"}]},
            {"no": "label"},
        ],
    });
    let (LanguageAnswer::Completed { items, more }, kept) = completed(&result, "") else {
        panic!()
    };
    assert!(more);
    let got: Vec<_> =
        items.iter().map(|it| (it.insert.as_str(), it.span, it.edits.len())).collect();
    assert_eq!(got, [("a($1)", Some(part(1, 3, 4)), 0), ("bb", Some(part(1, 2, 3)), 1)]);
    assert_eq!(kept.len(), 2);
}

#[test]
fn hover_comes_in_every_form() {
    let cases = [
        (json!({"contents": "*a*"}), "*a*"),
        (json!({"contents": {"kind": "markdown", "value": "**b**"}}), "**b**"),
        (json!({"contents": {"kind": "plaintext", "value": "x*\n<b>"}}), "x\\*  \n\\<b\\>"),
        (json!({"contents": [{"language": "c++", "value": "a ``` b"}]}), "````c\na ``` b\n````"),
    ];
    for (result, expected) in cases {
        let LanguageAnswer::Hovered { texts, .. } = hovered(&result) else { panic!("{result}") };
        assert_eq!(texts, [expected]);
    }
    for nothing in [json!(null), json!({"contents": []}), json!({"contents": "  "}), json!(7)] {
        assert_eq!(hovered(&nothing), NOTHING);
    }
}

#[test]
fn places_outside_are_named_and_not_shown() {
    let result = json!([
        {"uri": "file:///home/u/p/a.py", "range": range(2, 0, 3)},
        {"targetUri": "file:///usr/lib/python3/os.py", "targetRange": range(0, 0, 1), "targetSelectionRange": range(0, 0, 1)},
        {"uri": 5},
    ]);
    let place = Location { path: TreePath::parse("a.py").unwrap(), span: part(3, 1, 4) };
    let expected =
        LanguageAnswer::Located { places: vec![place], outside: vec!["os.py".to_owned()] };
    assert_eq!(located(root(), &result), expected);
    assert_eq!(located(root(), &json!(null)), NOTHING);
}

#[test]
fn declarations_come_in_order_whatever_their_form() {
    let nested = json!([
        {"name": "A", "kind": 5, "range": range(0, 0, 9), "selectionRange": range(0, 6, 7),
         "children": [{"name": "b", "kind": 6, "range": range(1, 0, 9), "selectionRange": range(1, 4, 5)}]},
        {"name": "c", "kind": 999, "location": {"uri": "x", "range": range(5, 0, 1)}},
    ]);
    let LanguageAnswer::Symbols { symbols } = symbols(&nested) else { panic!() };
    let got: Vec<_> = symbols.iter().map(|it| (it.name.as_str(), it.depth, it.sort)).collect();
    assert_eq!(
        got,
        [("A", 0, SymbolSort::Class), ("b", 1, SymbolSort::Method), ("c", 0, SymbolSort::Other)]
    );
    assert_eq!(symbols[0].name_span, part(1, 7, 8));
    let mut deep = json!({"name": "x", "kind": 5, "range": range(0, 0, 1)});
    for _ in 0..50 {
        deep = json!({"name": "x", "kind": 5, "range": range(0, 0, 1), "children": [deep, deep]});
        if deep.to_string().len() > 100_000 {
            break;
        }
    }
    let LanguageAnswer::Symbols { symbols } = super::symbols(&json!([deep])) else { panic!() };
    assert!(symbols.len() <= LANGUAGE_SYMBOLS_MAX);
}

#[test]
fn problems_have_a_source_and_a_rule() {
    let all = [
        json!({"range": range(0, 0, 1), "severity": 2, "message": "m", "code": 7, "tags": [1]}),
        json!({"range": range(0, 0, 1), "message": "m", "source": "s", "code": "r", "tags": [2]}),
        json!({"message": "nowhere"}),
    ];
    let got: Vec<_> = problems(&all, "srv").collect();
    assert_eq!(got.len(), 2);
    assert_eq!((got[0].severity, got[0].source.as_str()), (ProblemSeverity::Warning, "srv"));
    assert_eq!((got[0].code.as_deref(), got[0].unused), (Some("7"), true));
    assert_eq!((got[1].severity, got[1].deprecated), (ProblemSeverity::Error, true));
}
