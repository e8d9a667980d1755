// SPDX-License-Identifier: Apache-2.0
//! What a source imports, as module paths and bound names.
//!
//! It reads the statements only; where a module lies in the tree is for the
//! caller to find.

use std::ops::Range;

use tree_sitter::Node;

use crate::Language;
use crate::limits::IMPORTS_MAX;
use crate::syntax::{Step, children, parse, text, visit};

/// One name that an import binds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The name in this file; `*` for all of them, `_` for none.
    pub name: String,
    /// The name in the module that it comes from; empty for the module itself.
    pub original: String,
}

/// One import statement, or one path of a Rust `use`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The module as the source writes it: `pkg.mod`, `.mod`, `crate::a::b`, `./lib`, `util.h`, `<stdio.h>`.
    pub module: String,
    /// What it binds; empty for a C include and for an import that only runs the module.
    pub bindings: Vec<Binding>,
    /// The bytes of the statement.
    pub range: Range<usize>,
    /// Whether the statement stands at the top level of the file.
    pub level: Level,
}

/// Where an import stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// At the top level of the file.
    Top,
    /// Inside a function, module, condition or class.
    Inner,
}

/// Lists the imports of a source, those inside functions too.
#[must_use]
pub fn imports(language: Language, source: &[u8]) -> Vec<Import> {
    let Some(tree) = parse(language, source) else {
        return Vec::new();
    };
    let mut reader = Reader { source, imports: Vec::new() };
    visit(tree.root_node(), |node| {
        if reader.imports.len() >= IMPORTS_MAX {
            return Step::Over;
        }
        match language {
            Language::Python => reader.python(node),
            Language::Rust => reader.rust(node),
            Language::C => reader.c(node),
            Language::JavaScript | Language::TypeScript | Language::Tsx => reader.script(node),
        }
    });
    reader.imports
}

struct Reader<'s> {
    source: &'s [u8],
    imports: Vec<Import>,
}

impl Reader<'_> {
    fn add(&mut self, statement: Node<'_>, module: String, bindings: Vec<Binding>) {
        let top = statement.parent().is_none_or(|parent| {
            matches!(parent.kind(), "module" | "program" | "source_file" | "translation_unit")
        });
        self.imports.push(Import {
            module,
            bindings,
            range: statement.byte_range(),
            level: if top { Level::Top } else { Level::Inner },
        });
    }

    fn text(&self, node: Node<'_>) -> String {
        text(node, self.source)
    }

    fn field(&self, node: Node<'_>, name: &str) -> Option<String> {
        node.child_by_field_name(name).map(|child| self.text(child))
    }

    fn python(&mut self, node: Node<'_>) -> Step {
        match node.kind() {
            "import_statement" => {
                for child in children(node) {
                    let (module, name) = self.aliased(child);
                    let name = name
                        .unwrap_or_else(|| module.split('.').next().unwrap_or_default().to_owned());
                    self.add(node, module, vec![binding(name, String::new())]);
                }
                Step::Over
            }
            "import_from_statement" | "future_import_statement" => {
                let module_node = node.child_by_field_name("module_name");
                let module =
                    module_node.map_or_else(|| "__future__".to_owned(), |module| self.text(module));
                let mut bindings = Vec::new();
                for child in children(node) {
                    if Some(child) == module_node {
                        continue;
                    }
                    if child.kind() == "wildcard_import" {
                        bindings.push(binding("*".to_owned(), "*".to_owned()));
                    } else if matches!(child.kind(), "dotted_name" | "aliased_import") {
                        let (original, name) = self.aliased(child);
                        bindings.push(binding(name.unwrap_or_else(|| original.clone()), original));
                    }
                }
                self.add(node, module, bindings);
                Step::Over
            }
            _ => Step::Into,
        }
    }

    fn aliased(&self, node: Node<'_>) -> (String, Option<String>) {
        if node.kind() == "aliased_import" {
            (self.field(node, "name").unwrap_or_default(), self.field(node, "alias"))
        } else {
            (self.text(node), None)
        }
    }

    fn rust(&mut self, node: Node<'_>) -> Step {
        if node.kind() != "use_declaration" {
            return Step::Into;
        }
        if let Some(argument) = node.child_by_field_name("argument") {
            let written: String = self.text(argument);
            let mut paths = Vec::new();
            expand_use("", &written, 0, &mut paths);
            for (path, alias) in paths {
                let (module, last) = path
                    .rsplit_once("::")
                    .map_or(("", path.as_str()), |(module, last)| (module, last));
                let (module, original) = if last == "self" {
                    let original = module.rsplit("::").next().unwrap_or_default();
                    (
                        module.strip_suffix(original).unwrap_or(module).trim_end_matches("::"),
                        original,
                    )
                } else {
                    (module, last)
                };
                let name = alias.unwrap_or_else(|| original.to_owned());
                self.add(node, module.to_owned(), vec![binding(name, original.to_owned())]);
            }
        }
        Step::Over
    }

    fn c(&mut self, node: Node<'_>) -> Step {
        if node.kind() != "preproc_include" {
            return Step::Into;
        }
        if let Some(path) = self.field(node, "path") {
            self.add(node, path.trim_matches('"').to_owned(), Vec::new());
        }
        Step::Over
    }

    fn script(&mut self, node: Node<'_>) -> Step {
        match node.kind() {
            "import_statement" => {
                let Some(module) = self.field(node, "source") else {
                    return Step::Over;
                };
                let mut bindings = Vec::new();
                for clause in children(node) {
                    if clause.kind() == "import_clause" {
                        self.clause(clause, &mut bindings);
                    }
                }
                self.add(node, unquoted(&module), bindings);
                Step::Over
            }
            "variable_declarator" => {
                let module =
                    node.child_by_field_name("value").and_then(|value| self.required(value));
                let Some((module, member)) = module else {
                    return Step::Into;
                };
                let statement = node.parent().unwrap_or(node);
                let bindings = node
                    .child_by_field_name("name")
                    .map_or_else(Vec::new, |name| self.pattern(name, &member));
                self.add(statement, module, bindings);
                Step::Over
            }
            _ => Step::Into,
        }
    }

    fn clause(&self, clause: Node<'_>, bindings: &mut Vec<Binding>) {
        for part in children(clause) {
            match part.kind() {
                "identifier" => bindings.push(binding(self.text(part), "default".to_owned())),
                "namespace_import" => {
                    if let Some(name) = part.named_child(0) {
                        bindings.push(binding(self.text(name), String::new()));
                    }
                }
                "named_imports" => {
                    for specifier in children(part) {
                        let Some(original) = self.field(specifier, "name") else {
                            continue;
                        };
                        let name =
                            self.field(specifier, "alias").unwrap_or_else(|| original.clone());
                        bindings.push(binding(name, original));
                    }
                }
                _ => {}
            }
        }
    }

    /// The module of `require("m")` or `require("m").member`, with the member.
    fn required(&self, value: Node<'_>) -> Option<(String, String)> {
        let mut node = value;
        let mut member = String::new();
        if node.kind() == "await_expression" {
            node = node.named_child(0)?;
        }
        if node.kind() == "member_expression" {
            member = self.field(node, "property")?;
            node = node.child_by_field_name("object")?;
        }
        let callee = node.child_by_field_name("function")?;
        if !matches!(self.text(callee).as_str(), "require" | "import") {
            return None;
        }
        let argument = node.child_by_field_name("arguments")?.named_child(0)?;
        (argument.kind() == "string").then(|| (unquoted(&self.text(argument)), member))
    }

    fn pattern(&self, name: Node<'_>, member: &str) -> Vec<Binding> {
        if name.kind() == "identifier" {
            return vec![binding(self.text(name), member.to_owned())];
        }
        let mut bindings = Vec::new();
        for part in children(name) {
            match part.kind() {
                "shorthand_property_identifier_pattern" => {
                    bindings.push(binding(self.text(part), self.text(part)));
                }
                "pair_pattern" => {
                    if let (Some(original), Some(name)) =
                        (self.field(part, "key"), self.field(part, "value"))
                    {
                        bindings.push(binding(name, original));
                    }
                }
                _ => {}
            }
        }
        bindings
    }
}

fn binding(name: String, original: String) -> Binding {
    Binding { name, original }
}

fn unquoted(text: &str) -> String {
    text.trim_matches(['"', '\'', '`']).to_owned()
}

/// Lists the paths of a `use` tree, each with its alias.
pub(crate) fn expand_use(
    prefix: &str,
    tree: &str,
    depth: usize,
    paths: &mut Vec<(String, Option<String>)>,
) {
    let tree = tree.trim().trim_start_matches("::");
    if depth > USE_DEPTH_MAX || tree.is_empty() || paths.len() >= IMPORTS_MAX {
        return;
    }
    let join = |rest: &str| {
        if prefix.is_empty() { rest.to_owned() } else { format!("{prefix}::{rest}") }
    };
    if let Some((head, rest)) = tree.split_once('{') {
        let prefix = join(head.trim().trim_end_matches("::"));
        let prefix = prefix.trim_end_matches("::");
        let inner = rest.trim_end().strip_suffix('}').unwrap_or(rest);
        let mut open = 0_usize;
        let mut start = 0_usize;
        for (at, character) in inner.char_indices() {
            match character {
                '{' => open += 1,
                '}' => open = open.saturating_sub(1),
                ',' if open == 0 => {
                    expand_use(prefix, inner.get(start..at).unwrap_or_default(), depth + 1, paths);
                    start = at + 1;
                }
                _ => {}
            }
        }
        expand_use(prefix, inner.get(start..).unwrap_or_default(), depth + 1, paths);
    } else if let Some((path, alias)) = tree.split_once(" as ") {
        paths.push((join(path.trim()), Some(alias.trim().to_owned())));
    } else {
        paths.push((join(tree), None));
    }
}

/// The deepest nesting of braces in a `use` that is followed.
const USE_DEPTH_MAX: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(language: Language, source: &str) -> Vec<String> {
        imports(language, source.as_bytes())
            .iter()
            .map(|import| {
                let names: Vec<String> = import
                    .bindings
                    .iter()
                    .map(|bound| {
                        if bound.name == bound.original {
                            bound.name.clone()
                        } else {
                            format!("{}={}", bound.name, bound.original)
                        }
                    })
                    .collect();
                format!("{} [{}]", import.module, names.join(" "))
            })
            .collect()
    }

    #[test]
    fn each_language_binds_names_in_its_own_way() {
        let cases: [(Language, &str, &[&str]); 14] = [
            (Language::Python, "import os, json as j\n", &["os [os=]", "json [j=]"]),
            (Language::Python, "import a.b\n", &["a.b [a=]"]),
            (Language::Python, "from a.b import c, d as e\n", &["a.b [c e=d]"]),
            (
                Language::Python,
                "from . import x\nfrom ..p import (y,\n  z)\n",
                &[". [x]", "..p [y z]"],
            ),
            (Language::Python, "from m import *\n", &["m [*]"]),
            (Language::Python, "def f():\n    import re\n", &["re [re=]"]),
            (
                Language::Rust,
                "use std::{fmt, io::{self, Read as R}};\nuse super::*;",
                &["std [fmt]", "std [io]", "std::io [R=Read]", "super [*]"],
            ),
            (Language::Rust, "use crate::a::B;", &["crate::a [B]"]),
            (
                Language::C,
                "#include <stdio.h>\n#include \"util/x.h\"\n",
                &["<stdio.h> []", "util/x.h []"],
            ),
            (
                Language::JavaScript,
                "import d, { a as b, c } from './m.js';",
                &["./m.js [d=default b=a c]"],
            ),
            (Language::JavaScript, "import * as n from \"n\";", &["n [n=]"]),
            (Language::JavaScript, "const { x, y: z } = require('../q');", &["../q [x z=y]"]),
            (Language::JavaScript, "const t = require('node:test').test;", &["node:test [t=test]"]),
            (Language::TypeScript, "import type { T } from './t';", &["./t [T]"]),
        ];
        for (language, source, expect) in cases {
            assert_eq!(flat(language, source), expect, "{source}");
        }
    }
}
