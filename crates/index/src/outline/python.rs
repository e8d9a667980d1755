// SPDX-License-Identifier: Apache-2.0
//! The symbols of Python (node names of tree-sitter-python).

use tree_sitter::Node;

use super::{Builder, Definition, Place, Scope, SymbolKind};
use crate::syntax::children;

pub(super) fn block(builder: &mut Builder<'_>, node: Node<'_>, place: &Place) {
    if place.too_deep() {
        return;
    }
    for child in children(node) {
        match child.kind() {
            "decorated_definition" => {
                if let Some(definition) = child.child_by_field_name("definition") {
                    define(builder, definition, child, place);
                }
            }
            "function_definition" | "class_definition" => define(builder, child, child, place),
            "expression_statement" => constant(builder, child, place),
            "if_statement" | "try_statement" | "with_statement" | "else_clause" | "elif_clause"
            | "except_clause" | "finally_clause" | "for_statement" | "while_statement"
            | "match_statement" | "case_clause" | "block" => {
                let deeper = Place { depth: place.depth + 1, ..place.clone() };
                block(builder, child, &deeper);
            }
            _ => {}
        }
    }
}

fn define(builder: &mut Builder<'_>, node: Node<'_>, outer: Node<'_>, place: &Place) {
    let Some(name_node) = node.child_by_field_name("name") else {
        return;
    };
    let name = builder.text(name_node);
    let qualified = join(&place.prefix, &name);
    let is_class = node.kind() == "class_definition";
    let kind = match (is_class, place.member) {
        (true, _) => SymbolKind::Class,
        (false, true) => SymbolKind::Method,
        (false, false) => SymbolKind::Function,
    };
    let body = node.child_by_field_name("body");
    let mut definition = Definition::new(name, qualified.clone(), kind, node).body(body);
    definition.start = outer.start_byte();
    definition.name_row = name_node.start_position().row;
    definition.head_end = ["return_type", "parameters", "superclasses", "name"]
        .iter()
        .find_map(|field| node.child_by_field_name(field))
        .map_or(definition.head_end, |head| head.end_byte());
    let Some(index) = builder.add(definition, place) else {
        return;
    };
    if let Some(body) = body {
        let scope = if is_class { Scope::Item } else { Scope::Local };
        let inside = place.inside(index, qualified, scope);
        block(builder, body, &if is_class { inside.of_type() } else { inside });
    }
}

fn constant(builder: &mut Builder<'_>, statement: Node<'_>, place: &Place) {
    if place.scope != Scope::Item || place.member {
        return;
    }
    let Some(assignment) = statement.named_child(0).filter(|node| node.kind() == "assignment")
    else {
        return;
    };
    let Some(left) =
        assignment.child_by_field_name("left").filter(|left| left.kind() == "identifier")
    else {
        return;
    };
    let name = builder.text(left);
    let qualified = join(&place.prefix, &name);
    builder.add(Definition::new(name, qualified, SymbolKind::Constant, statement), place);
}

fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}
