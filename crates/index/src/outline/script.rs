// SPDX-License-Identifier: Apache-2.0
//! The symbols of JavaScript and TypeScript (node names of tree-sitter-javascript and -typescript).
//!
//! A function has a name by its declaration, by the variable or property that it
//! is bound to, or by the name that a test block gives it.

use tree_sitter::Node;

use super::{Builder, Definition, Form, Place, Scope, SymbolKind};
use crate::syntax::{Step, children, visit};

pub(super) fn block(builder: &mut Builder<'_>, node: Node<'_>, place: &Place) {
    if place.too_deep() {
        return;
    }
    for child in children(node) {
        statement(builder, child, child, place);
    }
}

fn statement(builder: &mut Builder<'_>, node: Node<'_>, outer: Node<'_>, place: &Place) {
    match node.kind() {
        "export_statement" => {
            if let Some(inner) = node.child_by_field_name("declaration") {
                statement(builder, inner, node, place);
            } else if let Some(value) = node.child_by_field_name("value") {
                if let Some(kind) = value_kind(value) {
                    let name = builder.field(value, "name").unwrap_or_else(|| "default".to_owned());
                    let bound = Bound { item: value, value, form: Form::Value, outer: node };
                    define(builder, &name, kind, bound, place);
                } else {
                    members(builder, value, node, place);
                }
            }
        }
        "ambient_declaration" => {
            for child in children(node) {
                statement(builder, child, outer, place);
            }
        }
        "function_declaration" | "generator_function_declaration" => {
            named(builder, node, outer, SymbolKind::Function, place);
        }
        "function_signature" => named(builder, node, outer, SymbolKind::Prototype, place),
        "class_declaration" | "abstract_class_declaration" => {
            named(builder, node, outer, SymbolKind::Class, place);
        }
        "interface_declaration" => named(builder, node, outer, SymbolKind::Trait, place),
        "type_alias_declaration" => named(builder, node, outer, SymbolKind::Alias, place),
        "enum_declaration" => named(builder, node, outer, SymbolKind::Enum, place),
        "internal_module" | "module" => named(builder, node, outer, SymbolKind::Module, place),
        "lexical_declaration" | "variable_declaration" => variables(builder, node, outer, place),
        "expression_statement" => expression(builder, node, place),
        "if_statement" | "else_clause" | "try_statement" | "catch_clause" | "finally_clause"
        | "statement_block" | "for_statement" | "for_in_statement" | "while_statement"
        | "return_statement" => {
            let deeper = Place { depth: place.depth + 1, ..place.clone() };
            block(builder, node, &deeper);
        }
        _ => {}
    }
}

fn named(
    builder: &mut Builder<'_>,
    node: Node<'_>,
    outer: Node<'_>,
    kind: SymbolKind,
    place: &Place,
) {
    if let Some(name) = builder.field(node, "name") {
        let bound = Bound { item: node, value: node, form: Form::Definition, outer };
        define(builder, &name, kind, bound, place);
    }
}

fn variables(builder: &mut Builder<'_>, node: Node<'_>, outer: Node<'_>, place: &Place) {
    let declarators: Vec<_> =
        children(node).into_iter().filter(|child| child.kind() == "variable_declarator").collect();
    let sole = declarators.len() == 1;
    for declarator in declarators {
        let (Some(name), value) = (
            declarator.child_by_field_name("name").filter(|name| name.kind() == "identifier"),
            declarator.child_by_field_name("value"),
        ) else {
            continue;
        };
        let name = builder.text(name);
        let Some(value) = value else { continue };
        let form = if sole { Form::Declarator } else { Form::Value };
        let item = if sole { node } else { declarator };
        let bound = Bound { item, value, form, outer: if sole { outer } else { declarator } };
        match value_kind(value) {
            Some(kind) => define(builder, &name, kind, bound, place),
            None if place.scope == Scope::Local || is_require(builder, value) => {}
            None => {
                let prefix = join(&place.prefix, &name);
                define(builder, &name, SymbolKind::Constant, bound, place);
                let inside = Place { prefix, ..place.clone() };
                members(builder, value, value, &inside);
            }
        }
    }
}

fn expression(builder: &mut Builder<'_>, statement: Node<'_>, place: &Place) {
    let Some(node) = statement.named_child(0) else {
        return;
    };
    match node.kind() {
        "assignment_expression" => {
            let (Some(left), Some(right)) =
                (node.child_by_field_name("left"), node.child_by_field_name("right"))
            else {
                return;
            };
            let path = builder.text(left);
            let Some(name) = assigned(&path) else { return };
            if let Some(kind) = value_kind(right) {
                let name = if name.is_empty() {
                    builder.field(right, "name").unwrap_or_else(|| "module.exports".to_owned())
                } else {
                    name
                };
                let bound =
                    Bound { item: statement, value: right, form: Form::Value, outer: statement };
                define(builder, &name, kind, bound, place);
            } else {
                let prefix = join(&place.prefix, &name);
                let inside = Place { prefix, ..place.clone() };
                members(builder, right, right, &inside);
            }
        }
        "call_expression" | "await_expression" | "unary_expression" => {
            call(builder, node, statement, place);
        }
        // The grammar of TypeScript puts `namespace X {}` into a statement.
        "internal_module" => self::statement(builder, node, statement, place),
        _ => {}
    }
}

/// A test block, or a function that is called where it stands.
fn call(builder: &mut Builder<'_>, node: Node<'_>, statement: Node<'_>, place: &Place) {
    let node = if node.kind() == "call_expression" {
        node
    } else {
        match node.named_child(0).filter(|inner| inner.kind() == "call_expression") {
            Some(inner) => inner,
            None => return,
        }
    };
    let Some(callee) = node.child_by_field_name("function") else {
        return;
    };
    let arguments = node.child_by_field_name("arguments").map_or_else(Vec::new, children);
    let callback = arguments.iter().rev().find(|argument| value_kind(**argument).is_some());
    let head = builder.text(callee);
    let head = head.split(['.', '(']).next().unwrap_or_default();
    if let (true, Some(title), Some(callback)) =
        (TEST_CALLS.contains(&head), arguments.first().filter(|first| is_string(**first)), callback)
    {
        let title = builder.text(*title);
        let title = title.trim_matches(['"', '\'', '`']).to_owned();
        let qualified = if place.prefix.is_empty() {
            title.clone()
        } else {
            format!("{} > {title}", place.prefix)
        };
        let mut definition =
            Definition::new(title, qualified.clone(), SymbolKind::Function, statement);
        let body = callback.child_by_field_name("body");
        definition = definition.body(body);
        definition.scope = Scope::Test;
        if let (Some(index), Some(body)) = (builder.add(definition, place), body) {
            block(builder, body, &place.inside(index, qualified, Scope::Test));
        }
        return;
    }
    let function =
        inner_function(callee).or_else(|| arguments.iter().copied().find_map(inner_function));
    if let Some(body) = function.and_then(|function| function.child_by_field_name("body"))
        && body.kind() == "statement_block"
        && !TEST_CALLS.contains(&head)
    {
        let deeper = Place { depth: place.depth + 1, ..place.clone() };
        block(builder, body, &deeper);
    }
}

/// A function in any number of parentheses.
fn inner_function(node: Node<'_>) -> Option<Node<'_>> {
    let mut node = node;
    for _ in 0..4 {
        if value_kind(node) == Some(SymbolKind::Function) {
            return Some(node);
        }
        if node.kind() != "parenthesized_expression" {
            return None;
        }
        node = node.named_child(0)?;
    }
    None
}

/// What a definition is bound to.
#[derive(Clone, Copy)]
struct Bound<'t> {
    item: Node<'t>,
    value: Node<'t>,
    form: Form,
    outer: Node<'t>,
}

fn define(
    builder: &mut Builder<'_>,
    name: &str,
    kind: SymbolKind,
    bound: Bound<'_>,
    place: &Place,
) {
    let kind = if kind == SymbolKind::Function && place.member { SymbolKind::Method } else { kind };
    let qualified = join(&place.prefix, name);
    let short = qualified.rsplit('.').next().unwrap_or(name).to_owned();
    let body = bound.value.child_by_field_name("body");
    let mut definition = Definition::new(short, qualified.clone(), kind, bound.item).body(body);
    definition.value = bound.value;
    definition.form = bound.form;
    definition.start = builder
        .leading(bound.outer, |before, text| {
            before.kind() == "decorator" || (before.kind() == "comment" && text.starts_with("/**"))
        })
        .min(bound.outer.start_byte());
    definition.end = bound.outer.end_byte();
    let Some(index) = builder.add(definition, place) else {
        return;
    };
    let Some(body) = body else { return };
    match kind {
        SymbolKind::Class => {
            let inside = place.inside(index, qualified, Scope::Item).of_type();
            class_body(builder, body, &inside);
        }
        SymbolKind::Module => block(builder, body, &place.inside(index, qualified, Scope::Item)),
        SymbolKind::Function | SymbolKind::Method => {
            block(builder, body, &place.inside(index, qualified, Scope::Local));
        }
        SymbolKind::Struct
        | SymbolKind::Enum
        | SymbolKind::Trait
        | SymbolKind::Impl
        | SymbolKind::Alias
        | SymbolKind::Constant
        | SymbolKind::Macro
        | SymbolKind::Prototype => {}
    }
}

fn class_body(builder: &mut Builder<'_>, body: Node<'_>, place: &Place) {
    if place.too_deep() {
        return;
    }
    for child in children(body) {
        match child.kind() {
            "method_definition" => {
                let bound = Bound { item: child, value: child, form: Form::Member, outer: child };
                if let Some(name) = builder.field(child, "name") {
                    define(builder, &name, SymbolKind::Method, bound, place);
                }
            }
            "field_definition" | "public_field_definition" => {
                let name =
                    builder.field(child, "property").or_else(|| builder.field(child, "name"));
                let value = child.child_by_field_name("value");
                if let (Some(name), Some(value)) = (name, value)
                    && value_kind(value).is_some()
                {
                    let bound = Bound { item: child, value, form: Form::Value, outer: child };
                    define(builder, &name, SymbolKind::Method, bound, place);
                }
            }
            _ => {}
        }
    }
}

/// The functions of an object literal, also when it is frozen or otherwise wrapped.
fn members(builder: &mut Builder<'_>, value: Node<'_>, outer: Node<'_>, place: &Place) {
    if place.scope == Scope::Local || place.too_deep() || outer.byte_range().is_empty() {
        return;
    }
    let mut object = None;
    if value.kind() == "object" {
        object = Some(value);
    } else if value.kind() == "call_expression" {
        visit(value, |node| {
            if object.is_none() && node.kind() == "object" {
                object = Some(node);
            }
            if matches!(node.kind(), "call_expression" | "arguments" | "member_expression") {
                Step::Into
            } else {
                Step::Over
            }
        });
    }
    for child in object.map_or_else(Vec::new, children) {
        match child.kind() {
            "method_definition" => {
                let bound = Bound { item: child, value: child, form: Form::Member, outer: child };
                if let Some(name) = builder.field(child, "name") {
                    define(builder, &name, SymbolKind::Method, bound, place);
                }
            }
            "pair" => {
                let (Some(key), Some(value)) =
                    (builder.field(child, "key"), child.child_by_field_name("value"))
                else {
                    continue;
                };
                if let Some(kind) = value_kind(value) {
                    let bound = Bound { item: child, value, form: Form::Value, outer: child };
                    define(builder, key.trim_matches(['"', '\'']), kind, bound, place);
                }
            }
            _ => {}
        }
    }
}

fn value_kind(value: Node<'_>) -> Option<SymbolKind> {
    match value.kind() {
        "arrow_function" | "function_expression" | "generator_function" => {
            Some(SymbolKind::Function)
        }
        "class" => Some(SymbolKind::Class),
        _ => None,
    }
}

/// The name that an assignment gives: `module.exports.x` is `x`, `A.prototype.b` is `A.b`.
fn assigned(path: &str) -> Option<String> {
    let path: String = path.split_whitespace().collect();
    if path == "module.exports" || path == "exports" {
        return Some(String::new());
    }
    let path = path
        .strip_prefix("module.exports.")
        .or_else(|| path.strip_prefix("exports."))
        .or_else(|| path.strip_prefix("window."))
        .or_else(|| path.strip_prefix("globalThis."))
        .or_else(|| path.strip_prefix("this."))
        .unwrap_or(&path)
        .replace(".prototype.", ".");
    path.chars()
        .all(|character| character.is_alphanumeric() || matches!(character, '.' | '_' | '$'))
        .then_some(path)
}

fn is_require(builder: &Builder<'_>, value: Node<'_>) -> bool {
    let text = builder.text(value);
    text.starts_with("require(") || text.starts_with("await import(")
}

fn is_string(node: Node<'_>) -> bool {
    matches!(node.kind(), "string" | "template_string")
}

fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() {
        name.to_owned()
    } else if name.is_empty() {
        prefix.to_owned()
    } else {
        format!("{prefix}.{name}")
    }
}

/// The functions whose first argument names a test or a group of tests.
const TEST_CALLS: [&str; 8] =
    ["test", "it", "describe", "suite", "context", "specify", "bench", "t"];
