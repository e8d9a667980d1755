// SPDX-License-Identifier: Apache-2.0
//! The symbols of C (node names of tree-sitter-c).

use tree_sitter::Node;

use super::{Builder, Definition, Place, SymbolKind};
use crate::syntax::children;

pub(super) fn block(builder: &mut Builder<'_>, node: Node<'_>, place: &Place) {
    if place.too_deep() {
        return;
    }
    for child in children(node) {
        match child.kind() {
            "function_definition" => function(builder, child, place),
            "declaration" => declaration(builder, child, place),
            "type_definition" => alias(builder, child, place),
            "struct_specifier" | "union_specifier" | "enum_specifier" => {
                aggregate(builder, child, place);
            }
            "preproc_def" | "preproc_function_def" => {
                if let Some(name) = builder.field(child, "name") {
                    add(builder, name, SymbolKind::Macro, child, None, place);
                }
            }
            "preproc_ifdef"
            | "preproc_if"
            | "preproc_else"
            | "preproc_elif"
            | "preproc_elifdef"
            | "linkage_specification"
            | "declaration_list" => {
                let deeper = Place { depth: place.depth + 1, ..place.clone() };
                block(builder, child, &deeper);
            }
            _ => {}
        }
    }
}

fn function(builder: &mut Builder<'_>, node: Node<'_>, place: &Place) {
    let Some((name, _)) =
        node.child_by_field_name("declarator").and_then(|declarator| declared(builder, declarator))
    else {
        return;
    };
    let body = node.child_by_field_name("body");
    add(builder, name, SymbolKind::Function, node, body, place);
}

fn declaration(builder: &mut Builder<'_>, node: Node<'_>, place: &Place) {
    if let Some(kind) = node.child_by_field_name("type") {
        aggregate(builder, kind, place);
    }
    let mut cursor = node.walk();
    for declarator in node.children_by_field_name("declarator", &mut cursor) {
        let Some((name, is_function)) = declared(builder, declarator) else {
            continue;
        };
        let kind = if is_function { SymbolKind::Prototype } else { SymbolKind::Constant };
        add(builder, name, kind, node, None, place);
    }
}

fn alias(builder: &mut Builder<'_>, node: Node<'_>, place: &Place) {
    let kind = match node.child_by_field_name("type") {
        Some(inner) if inner.child_by_field_name("body").is_some() => {
            if inner.kind() == "enum_specifier" { SymbolKind::Enum } else { SymbolKind::Struct }
        }
        Some(_) | None => SymbolKind::Alias,
    };
    let Some((name, _)) =
        node.child_by_field_name("declarator").and_then(|declarator| declared(builder, declarator))
    else {
        return;
    };
    add(builder, name, kind, node, None, place);
}

fn aggregate(builder: &mut Builder<'_>, node: Node<'_>, place: &Place) {
    if node.child_by_field_name("body").is_none() {
        return;
    }
    let kind = match node.kind() {
        "enum_specifier" => SymbolKind::Enum,
        "struct_specifier" | "union_specifier" => SymbolKind::Struct,
        _ => return,
    };
    if let Some(name) = builder.field(node, "name") {
        add(builder, name, kind, node, None, place);
    }
}

fn add(
    builder: &mut Builder<'_>,
    name: String,
    kind: SymbolKind,
    node: Node<'_>,
    body: Option<Node<'_>>,
    place: &Place,
) {
    let mut definition = Definition::new(name.clone(), name, kind, node).body(body);
    definition.start = builder.leading(node, |before, _| before.kind() == "comment");
    definition.name_row = node
        .child_by_field_name("declarator")
        .map_or(definition.name_row, |declarator| declarator.start_position().row);
    // A preprocessor line owns its line break; the symbol does not.
    builder.add(definition, place);
}

/// The name that a declarator declares, and whether it is a function.
fn declared(builder: &Builder<'_>, declarator: Node<'_>) -> Option<(String, bool)> {
    let mut node = declarator;
    let mut is_function = false;
    for _ in 0..DECLARATOR_DEPTH_MAX {
        match node.kind() {
            "identifier" | "type_identifier" | "primitive_type" => {
                return Some((builder.text(node), is_function));
            }
            "function_declarator" => is_function = true,
            // A pointer to a function is a variable.
            "parenthesized_declarator" => is_function = false,
            _ => {}
        }
        node = node.child_by_field_name("declarator").or_else(|| node.named_child(0))?;
    }
    None
}

/// The most nested declarators that are looked through.
const DECLARATOR_DEPTH_MAX: usize = 16;
