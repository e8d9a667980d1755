// SPDX-License-Identifier: Apache-2.0
//! The symbols of Rust (node names of tree-sitter-rust).

use tree_sitter::Node;

use super::{Builder, Definition, Place, Scope, SymbolKind};
use crate::syntax::{Step, children, visit};

pub(super) fn block(builder: &mut Builder<'_>, node: Node<'_>, place: &Place) {
    if place.too_deep() {
        return;
    }
    for child in children(node) {
        item(builder, child, place);
    }
}

fn item(builder: &mut Builder<'_>, node: Node<'_>, place: &Place) {
    let kind = match node.kind() {
        "function_item" if place.member => SymbolKind::Method,
        "function_item" => SymbolKind::Function,
        "function_signature_item" => SymbolKind::Prototype,
        "struct_item" | "union_item" => SymbolKind::Struct,
        "enum_item" => SymbolKind::Enum,
        "trait_item" => SymbolKind::Trait,
        "impl_item" => SymbolKind::Impl,
        "mod_item" => SymbolKind::Module,
        "type_item" | "associated_type" => SymbolKind::Alias,
        "const_item" | "static_item" => SymbolKind::Constant,
        "macro_definition" => SymbolKind::Macro,
        _ => return,
    };
    let (name, qualified, inner) = if kind == SymbolKind::Impl {
        let Some(names) = implementation(builder, node, place) else {
            return;
        };
        names
    } else {
        let Some(name) = builder.field(node, "name") else {
            return;
        };
        let qualified = join(&place.prefix, &name);
        (name, qualified.clone(), qualified)
    };
    let body = node.child_by_field_name("body");
    let is_test = is_test(builder, node);
    let mut definition = Definition::new(name, qualified, kind, node).body(body);
    definition.scope = if is_test { Scope::Test } else { Scope::Item };
    definition.start = builder.leading(node, |before, text| {
        before.kind() == "attribute_item"
            || (text.starts_with("///") && !text.starts_with("////"))
            || (text.starts_with("/**") && !text.starts_with("/***") && text != "/**/")
    });
    definition.name_row = node
        .child_by_field_name("name")
        .map_or(definition.name_row, |name| name.start_position().row);
    let Some(index) = builder.add(definition, place) else {
        return;
    };
    let Some(body) = body else { return };
    let scope = if is_test { Scope::Test } else { Scope::Item };
    match kind {
        SymbolKind::Impl | SymbolKind::Trait => {
            block(builder, body, &place.inside(index, inner, scope).of_type());
        }
        SymbolKind::Module => block(builder, body, &place.inside(index, inner, scope)),
        SymbolKind::Function | SymbolKind::Method => {
            locals(builder, body, &place.inside(index, inner, Scope::Local));
        }
        SymbolKind::Class
        | SymbolKind::Struct
        | SymbolKind::Enum
        | SymbolKind::Alias
        | SymbolKind::Constant
        | SymbolKind::Macro
        | SymbolKind::Prototype => {}
    }
}

/// The name of an `impl` block, its qualified name, and the prefix of what it holds.
fn implementation(
    builder: &Builder<'_>,
    node: Node<'_>,
    place: &Place,
) -> Option<(String, String, String)> {
    let type_name = base(&builder.field(node, "type")?);
    Some(match builder.field(node, "trait") {
        Some(implemented) => {
            let implemented = base(&implemented);
            (
                format!("impl {implemented} for {type_name}"),
                format!("impl {implemented} for {}", join(&place.prefix, &type_name)),
                format!("<{} as {implemented}>", join(&place.prefix, &type_name)),
            )
        }
        None => (
            format!("impl {type_name}"),
            format!("impl {}", join(&place.prefix, &type_name)),
            join(&place.prefix, &type_name),
        ),
    })
}

fn locals(builder: &mut Builder<'_>, body: Node<'_>, place: &Place) {
    if place.too_deep() {
        return;
    }
    let mut found = Vec::new();
    visit(body, |node| {
        if node.kind() == "function_item" {
            found.push(node);
            return Step::Over;
        }
        Step::Into
    });
    for node in found {
        item(builder, node, place);
    }
}

/// Whether the item carries `#[test]` or a look-alike, or `#[cfg(test)]`.
fn is_test(builder: &Builder<'_>, node: Node<'_>) -> bool {
    let mut sibling = node.prev_sibling();
    while let Some(before) = sibling {
        match before.kind() {
            "attribute_item" => {
                let text: String = builder.text(before).split_whitespace().collect();
                let word = text.trim_start_matches("#[").trim_end_matches(']');
                let path = word.split('(').next().unwrap_or_default();
                if path == "test"
                    || path.ends_with("::test")
                    || word.starts_with("cfg(test")
                    || word.starts_with("cfg(all(test")
                {
                    return true;
                }
            }
            "line_comment" | "block_comment" => {}
            _ => return false,
        }
        sibling = before.prev_sibling();
    }
    false
}

/// A type or trait without its path, its references and its generic arguments.
fn base(text: &str) -> String {
    let text = text.split('<').next().unwrap_or_default();
    let text = text.trim().trim_start_matches(['&', '*', '!']).trim();
    let text = text.trim_start_matches("mut ").trim_start_matches("dyn ");
    text.rsplit("::").next().unwrap_or_default().trim().to_owned()
}

fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}::{name}") }
}
