// SPDX-License-Identifier: Apache-2.0
//! Outlines of real-looking sources.

use super::*;

fn names(language: Language, source: &str) -> Vec<String> {
    outline(language, source.as_bytes())
        .iter()
        .map(|symbol| {
            let scope = match symbol.scope {
                Scope::Item => "",
                Scope::Local => " local",
                Scope::Test => " test",
            };
            format!("{:?} {}{scope}", symbol.kind, symbol.qualified)
        })
        .collect()
}

#[test]
fn python() {
    let source = r#"
import os

LIMIT = 3

def plain(a, b=1) -> int:
    def inner():
        pass
    return a

class Stack(Base):
    """Doc."""
    size = 0

    @property
    def top(self):
        return 1

    @top.setter
    def top(self, value):
        pass

    class Node:
        def next(self): ...

if os.name == "nt":
    async def fetch():
        pass
"#;
    assert_eq!(
        names(Language::Python, source),
        [
            "Constant LIMIT",
            "Function plain",
            "Function plain.inner local",
            "Class Stack",
            "Method Stack.top",
            "Method Stack.top",
            "Class Stack.Node",
            "Method Stack.Node.next",
            "Function fetch",
        ]
    );
    let symbols = outline(Language::Python, source.as_bytes());
    assert_eq!(symbols[1].signature, "def plain(a, b=1) -> int");
    assert_eq!(symbols[3].signature, "class Stack(Base)");
    assert!(source.get(symbols[4].range.clone()).unwrap().starts_with("@property"));
    assert!(source.get(symbols[4].item.clone()).unwrap().starts_with("def top"));
}

#[test]
fn rust() {
    let source = r#"
//! Module.
use std::fmt;

/// A stack.
#[derive(Debug)]
pub struct Stack<T> { items: Vec<T> }

impl<T> Stack<T> {
    /// Makes one.
    // Plain.
    #[must_use]
    pub fn new() -> Self { Self { items: Vec::new() } }
    fn push(&mut self, item: T) { fn helper() {} helper() }
}

impl<T> fmt::Display for Stack<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { Ok(()) }
}

trait Shape { fn area(&self) -> f64; fn name(&self) -> String { String::new() } }
mod geometry { pub fn side() {} }
const LIMIT: usize = 1;
macro_rules! m { () => {} }

#[cfg(test)]
mod tests {
    use super::*;
    fn helper() {}
    #[test]
    fn works() {}
}
"#;
    assert_eq!(
        names(Language::Rust, source),
        [
            "Struct Stack",
            "Impl impl Stack",
            "Method Stack::new",
            "Method Stack::push",
            "Function Stack::push::helper local",
            "Impl impl Display for Stack",
            "Method <Stack as Display>::fmt",
            "Trait Shape",
            "Prototype Shape::area",
            "Method Shape::name",
            "Module geometry",
            "Function geometry::side",
            "Constant LIMIT",
            "Macro m",
            "Module tests test",
            "Function tests::helper test",
            "Function tests::works test",
        ]
    );
    let symbols = outline(Language::Rust, source.as_bytes());
    assert!(source.get(symbols[0].range.clone()).unwrap().starts_with("/// A stack."));
    assert!(source.get(symbols[2].range.clone()).unwrap().starts_with("/// Makes one."));
    assert!(source.get(symbols[2].item.clone()).unwrap().starts_with("pub fn new"));
    assert_eq!(symbols[2].signature, "pub fn new() -> Self");
}

#[test]
fn javascript() {
    let source = r#"
'use strict';
const fs = require('fs');
/** Adds. */
export function add(a, b) { return a + b; }
export default class Queue {
  #items = [];
  static of(x) { return new Queue(); }
  get size() { return 0; }
  push = (x) => { this.x = x; };
}
const twice = (x) => x * 2, thrice = function (x) { return 3 * x; };
export const half = x => x / 2;
const LIMIT = 5;
const utils = { clamp(a) { return a; }, lerp: (a, b) => a, k: 1 };
module.exports.parse = function (text) { function inner() {} };
exports.format = (x) => x;
Queue.prototype.clear = function () {};
module.exports = { join: function (a) { return a; }, split(b) {} };
(function () { function hidden() {} })();
describe('math', () => { it('adds', () => { add(1, 2); }); });
"#;
    assert_eq!(
        names(Language::JavaScript, source),
        [
            "Function add",
            "Class Queue",
            "Method Queue.of",
            "Method Queue.size",
            "Method Queue.push",
            "Function twice",
            "Function thrice",
            "Function half",
            "Constant LIMIT",
            "Constant utils",
            "Method utils.clamp",
            "Function utils.lerp",
            "Function parse",
            "Function parse.inner local",
            "Function format",
            "Function Queue.clear",
            "Function join",
            "Method split",
            "Function hidden",
            "Function math test",
            "Function math > adds test",
        ]
    );
    let symbols = outline(Language::JavaScript, source.as_bytes());
    assert!(source.get(symbols[0].range.clone()).unwrap().starts_with("/** Adds. */"));
    assert!(source.get(symbols[0].item.clone()).unwrap().starts_with("function add"));
    assert_eq!(symbols[0].signature, "function add(a, b)");
}

#[test]
fn typescript() {
    let source = r#"
export interface Shape { area(): number }
type Id = string;
enum Color { Red }
export abstract class Base<T> { private items: T[] = []; abstract run(): void; protected add(x: T): void {} }
export const pick = <T,>(a: T): T => a;
function over(a: string): void;
function over(a: any): void {}
namespace N { export function inside() {} }
"#;
    let found = names(Language::TypeScript, source);
    for expect in [
        "Trait Shape",
        "Alias Id",
        "Enum Color",
        "Class Base",
        "Method Base.add",
        "Function pick",
        "Prototype over",
        "Function over",
        "Module N",
        "Function N.inside",
    ] {
        assert!(found.iter().any(|name| name == expect), "{expect}: {found:?}");
    }
}

#[test]
fn c() {
    let source = r#"
#include <stdio.h>
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define SIZE 10
#ifdef DEBUG
static void trace(const char *text);
#endif
typedef struct node { int value; struct node *next; } node_t;
struct point { int x; };
enum color { RED };
static int counter = 0;
/* Adds. */
static inline int add(int a, int b)
{
    return a + b;
}
char *copy(const char *text) { return 0; }
int (*handler)(int);
"#;
    assert_eq!(
        names(Language::C, source),
        [
            "Macro MAX",
            "Macro SIZE",
            "Prototype trace",
            "Struct node_t",
            "Struct point",
            "Enum color",
            "Constant counter",
            "Function add",
            "Function copy",
            "Constant handler",
        ]
    );
    let symbols = outline(Language::C, source.as_bytes());
    assert!(source.get(symbols[7].range.clone()).unwrap().starts_with("/* Adds. */"));
    assert_eq!(symbols[7].signature, "static inline int add(int a, int b)");
}

#[test]
fn lines_find_their_function() {
    let source = "class A:\n    x = 1\n    def f(self):\n        def g():\n            return 1\n        return g()\n\ny = 2\n";
    let symbols = outline(Language::Python, source.as_bytes());
    for (line, expect) in [
        (1, Some("A")),
        (2, Some("A")),
        (3, Some("A.f")),
        (5, Some("A.f")),
        (6, Some("A.f")),
        (8, Some("y")),
        (99, None),
        (0, Some("A")),
    ] {
        let found = enclosing(&symbols, source.as_bytes(), line);
        assert_eq!(found.map(|symbol| symbol.qualified.as_str()), expect, "line {line}");
    }
}
