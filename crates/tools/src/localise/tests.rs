// SPDX-License-Identifier: Apache-2.0
//! Localisation in small workspaces of each language.

use moat_index::Corpus;

use super::*;
use crate::fixture::MapTree;
use crate::{Exit, parse_report};

/// The ranking of a workspace, as `path name`, and what the first one's prompt shows.
fn rank(files: &[(&str, &str)], task: &str, output: &str) -> (Vec<String>, Option<Context>) {
    let tree = MapTree::of(files);
    let corpus = Corpus::new(&tree);
    let report = parse_report(output.as_bytes(), Exit::Code(1), "/w");
    let evidence = Evidence { task, report: Some(&report) };
    let suspects = localise(&corpus, evidence);
    for suspect in &suspects {
        assert!(!suspect.reasons.is_empty(), "{suspect:?}");
        assert!(suspect.reasons.iter().all(|reason| !reason.to_string().is_empty()));
    }
    let shown = suspects.first().and_then(|suspect| context(&corpus, suspect, evidence, 4000));
    let names =
        suspects.iter().map(|suspect| format!("{} {}", suspect.path, suspect.qualified)).collect();
    (names, shown)
}

const CART: &str = "from shop.tax import with_tax\n\nRATE = 0.19\n\n\nclass Cart:\n    def __init__(self):\n        self.lines = []\n\n    def add(self, price, count=1):\n        self.lines.append((price, count))\n        return self\n\n    def total(self):\n        return with_tax(sum(p for p, c in self.lines), RATE)\n\n    def is_empty(self):\n        return not self.lines\n";
const TAX: &str = "def with_tax(amount, rate):\n    if rate is None:\n        raise ValueError('rate')\n    return round(amount * (1 + rate), 2)\n\n\ndef unrelated(x):\n    return x\n";
const CART_TEST: &str = "from shop.cart import Cart\n\n\ndef test_total():\n    cart = Cart().add(1.0, 2)\n    assert cart.total() == 2.38\n";

#[test]
fn a_plain_word_that_the_failure_explains_is_looked_up_nowhere_else() {
    let files = [
        ("shop/cart.py", CART),
        ("shop/tax.py", TAX),
        ("far/ledger.py", "def total(entries):\n    return len(entries)\n"),
        ("tests/test_cart.py", CART_TEST),
    ];
    let output = "___ test_total ___\ntests/test_cart.py:6: in test_total\n    assert cart.total() == 2.38\nE   assert 1.19 == 2.38\n=== 1 failed in 0.01s ===\n";
    let far = "far/ledger.py total";
    let (names, _) = rank(&files, "The total of a cart is wrong", output);
    assert_eq!(names.first().map(String::as_str), Some("shop/cart.py Cart.total"));
    assert!(names.iter().all(|name| name != far), "{names:?}");
    // A name of code is looked up in the whole tree.
    let (names, _) = rank(&files, "`total` is wrong", output);
    assert!(names.iter().any(|name| name == far), "{names:?}");
}

#[test]
fn python_without_a_stack() {
    let files = [
        ("shop/__init__.py", ""),
        ("shop/cart.py", CART),
        ("shop/tax.py", TAX),
        ("tests/test_cart.py", CART_TEST),
    ];
    let output = "============================= test session starts ====\ntests/test_cart.py::test_total FAILED [100%]\n=== FAILURES ===\n______ test_total ______\ntests/test_cart.py:6: in test_total\n    assert cart.total() == 2.38\nE   assert 1.19 == 2.38\n=== 1 failed in 0.01s ===\n";
    let (names, shown) = rank(&files, "The total of a cart is wrong", output);
    assert_eq!(names.first().map(String::as_str), Some("shop/cart.py Cart.total"));
    for expect in ["shop/cart.py Cart.add", "shop/tax.py with_tax"] {
        assert!(names.iter().any(|name| name == expect), "{names:?}");
    }
    assert!(
        names.iter().all(|name| !name.contains("test_") && !name.contains("unrelated")),
        "{names:?}"
    );
    let shown = shown.unwrap();
    assert!(shown.source.starts_with("class Cart:\n    def total(self):"), "{}", shown.source);
    assert!(shown.test.contains("assert cart.total() == 2.38"));
    assert!(shown.failure.contains("assert 1.19 == 2.38"));
    let all: String = shown.sections.iter().map(|section| section.text.as_str()).collect();
    for expect in [
        "RATE = 0.19",
        "def with_tax(amount, rate):",
        "self.lines = []",
        "from shop.tax import with_tax",
    ] {
        assert!(all.contains(expect), "{expect} in {all}");
    }
}

#[test]
fn python_with_a_stack() {
    let files = [("shop/cart.py", CART), ("shop/tax.py", TAX), ("tests/test_cart.py", CART_TEST)];
    let output = "Traceback (most recent call last):\n  File \"/w/tests/test_cart.py\", line 6, in test_total\n    x\n  File \"/w/shop/cart.py\", line 15, in total\n    x\n  File \"/w/shop/tax.py\", line 3, in with_tax\n    raise ValueError('rate')\nValueError: rate\n";
    let (names, _) = rank(&files, "fix it", output);
    assert_eq!(names.get(..2).unwrap(), ["shop/tax.py with_tax", "shop/cart.py Cart.total"]);
}

#[test]
fn rust_with_its_tests_inside_and_outside() {
    let lib = "mod ring;\npub use ring::Ring;\n";
    let ring = "pub struct Ring { items: Vec<u8>, capacity: usize }\n\nimpl Ring {\n    pub fn new(capacity: usize) -> Self { Self { items: Vec::new(), capacity } }\n    pub fn push(&mut self, item: u8) -> bool {\n        if self.is_full() { return false; }\n        self.items.push(item);\n        true\n    }\n    fn is_full(&self) -> bool { self.items.len() > self.capacity }\n    pub fn clear(&mut self) { self.items.clear() }\n}\n\n#[cfg(test)]\nmod tests {\n    use super::*;\n    #[test]\n    fn refuses() {\n        let mut ring = Ring::new(1);\n        assert!(ring.push(1));\n        assert!(!ring.push(2));\n    }\n}\n";
    let outside = "use shapes::Ring;\n\n#[test]\nfn outside() {\n    let mut ring = Ring::new(0);\n    assert!(!ring.push(2));\n}\n";
    let files =
        [("Cargo.toml", ""), ("src/lib.rs", lib), ("src/ring.rs", ring), ("tests/it.rs", outside)];
    for (test, place) in
        [("ring::tests::refuses", "src/ring.rs:21:9"), ("outside", "tests/it.rs:6:5")]
    {
        let output = format!(
            "running 1 test\ntest {test} ... FAILED\n\nthread '{test}' panicked at {place}:\nassertion failed: !ring.push(2)\nnote: run\n\ntest result: FAILED. 0 passed; 1 failed; 0 ignored;\n"
        );
        let (names, shown) = rank(&files, "a full ring must refuse", &output);
        assert_eq!(
            names.first().map(String::as_str),
            Some("src/ring.rs Ring::push"),
            "{test} {names:?}"
        );
        assert!(names.iter().any(|name| name == "src/ring.rs Ring::is_full"), "{names:?}");
        assert!(names.iter().all(|name| !name.contains("refuses") && !name.contains("outside")));
        let shown = shown.unwrap();
        assert!(shown.source.starts_with("impl Ring {\n    pub fn push"), "{}", shown.source);
        assert!(shown.test.contains("#[test]"), "{}", shown.test);
        let all: String = shown.sections.iter().map(|section| section.text.as_str()).collect();
        assert!(
            all.contains("capacity: usize }") && all.contains("fn is_full(&self) -> bool"),
            "{all}"
        );
    }
}

#[test]
fn javascript_modules() {
    let store = "const { parse } = require('./parse');\n\nclass Store {\n  constructor(text) { this.rows = parse(text); }\n  cheapest() { return this.rows.sort((a, b) => b - a)[0]; }\n  print() { return String(this.rows); }\n}\nmodule.exports = { Store };\n";
    let parse = "function parse(text) { return text.split(',').map(Number); }\nmodule.exports = { parse };\n";
    let test = "const test = require('node:test');\nconst assert = require('node:assert');\nconst { Store } = require('../lib/store');\n\ntest('finds the cheapest', () => {\n  assert.strictEqual(new Store('3,1,2').cheapest(), 1);\n});\n\ntest('other', () => { new Store('1').print(); });\n";
    let files = [
        ("lib/store.js", store),
        ("lib/parse.js", parse),
        ("test/store.test.js", test),
        ("package.json", "{}"),
    ];
    let output = "TAP version 13\n# Subtest: finds the cheapest\nnot ok 1 - finds the cheapest\n  ---\n  location: '/w/test/store.test.js:5:1'\n  error: |-\n    Expected values to be strictly equal:\n    \n    3 !== 1\n  expected: 1\n  actual: 3\n  ...\n1..1\n# tests 1\n# pass 0\n";
    let (names, shown) = rank(&files, "", output);
    assert_eq!(names.first().map(String::as_str), Some("lib/store.js Store.cheapest"), "{names:?}");
    assert!(names.iter().any(|name| name == "lib/parse.js parse"), "{names:?}");
    assert!(!names.iter().any(|name| name.contains("Store.print")), "{names:?}");
    assert!(shown.unwrap().test.contains("finds the cheapest"));
}

#[test]
fn c_through_its_header() {
    let list = "#include \"list.h\"\n\n#define STEP 8\n\nstatic int grow(list_t *list) { list->room += STEP; return 0; }\n\nint list_push(list_t *list, int value)\n{\n    if (list->length == list->room) grow(list);\n    list->values[list->length] = value;\n    return 0;\n}\n\nvoid list_free(list_t *list) { (void)list; }\n";
    let header = "typedef struct { int *values; int length, room; } list_t;\nint list_push(list_t *list, int value);\n";
    let test = "#include <assert.h>\n#include \"../src/list.h\"\n\nstatic void test_push(void)\n{\n    list_t list = {0};\n    list_push(&list, 5);\n    assert(list.length == 1);\n}\n\nint main(void) { test_push(); return 0; }\n";
    let files = [
        ("src/list.c", list),
        ("src/list.h", header),
        ("tests/test_list.c", test),
        ("Makefile", "test:\n"),
    ];
    let output = "test_list: tests/test_list.c:8: test_push: Assertion `list.length == 1' failed.\nmake: *** [Makefile:2: test] Aborted\n";
    let (names, shown) = rank(&files, "make the test pass", output);
    assert_eq!(names.first().map(String::as_str), Some("src/list.c list_push"), "{names:?}");
    assert!(names.iter().any(|name| name == "src/list.c grow"), "{names:?}");
    let shown = shown.unwrap();
    assert!(shown.test.contains("assert(list.length == 1)"));
    assert!(shown.sections.iter().any(|section| section.text.contains("static int grow")));
}

#[test]
fn a_script_that_asserts_at_its_top_level() {
    let files = [
        ("text.py", "def slug(s):\n    return s.lower()\n\ndef other(s):\n    return s\n"),
        ("test_text.py", "from text import slug\n\nassert slug('A B') == 'a-b', slug('A B')\n"),
    ];
    let output = "Traceback (most recent call last):\n  File \"/w/test_text.py\", line 3, in <module>\n    assert slug('A B') == 'a-b', slug('A B')\nAssertionError: a b\n";
    let (names, shown) = rank(&files, "", output);
    assert_eq!(names, ["text.py slug"]);
    assert!(shown.unwrap().test.contains("assert slug"));
}

#[test]
fn the_task_alone() {
    let files = [
        (
            "src/dates.ts",
            "export function parseDate(text: string) { return new Date(text); }\nexport const format = (d: Date) => d.toISOString();\n",
        ),
        ("src/other.ts", "export function run() { return 'leap year'; }\n"),
    ];
    let tree = MapTree::of(&files);
    let corpus = Corpus::new(&tree);
    let top = |task: &str| {
        let found = localise(&corpus, Evidence { task, report: None });
        found.first().map(|suspect| format!("{} {}", suspect.path, suspect.qualified))
    };
    assert_eq!(top("`parseDate` ignores the zone").as_deref(), Some("src/dates.ts parseDate"));
    assert_eq!(top("dates.ts: format must not shift").as_deref(), Some("src/dates.ts format"));
    assert_eq!(top("the leap year text is wrong").as_deref(), Some("src/other.ts run"));
    assert_eq!(top("").as_deref(), None);
}

#[test]
fn context_keeps_to_its_budget() {
    let long =
        format!("def f(x):\n    return g(x)\n\ndef g(x):\n    return '{}'\n", "y".repeat(600));
    let files = [
        ("a.py", long.as_str()),
        ("test_a.py", "from a import f\n\ndef test_f():\n    assert f(1) == 2\n"),
    ];
    let tree = MapTree::of(&files);
    let corpus = Corpus::new(&tree);
    let report = parse_report(
        b"FAILED test_a.py::test_f - assert 1 == 2\n1 failed in 0.01s\n",
        Exit::Code(1),
        "/w",
    );
    let evidence = Evidence { task: "", report: Some(&report) };
    let suspects = localise(&corpus, evidence);
    for budget in [0, 10, 100, 300, 5000] {
        let shown = context(&corpus, &suspects[0], evidence, budget).unwrap();
        let size = shown.test.len()
            + shown.failure.len()
            + shown
                .sections
                .iter()
                .map(|section| section.text.len() + section.title.len())
                .sum::<usize>();
        assert!(size <= budget, "{size} > {budget}");
        assert!(shown.source.starts_with("def f(x):"));
    }
}
