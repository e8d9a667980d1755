// SPDX-License-Identifier: Apache-2.0
//! The symbols of a source: functions, methods, types, constants, and where they are.
//!
//! One module per grammar knows its nodes; the symbols are the same for all.
//!
//! Invariant: the ranges of a symbol lie in the source, and the item inside the range.

use std::ops::Range;

use tree_sitter::Node;

use crate::Language;
use crate::limits::{OUTLINE_DEPTH_MAX, OUTLINE_SYMBOLS_MAX};
use crate::syntax::{excerpt, line_start, parse, slice, text};

mod c;
mod python;
mod rust;
mod script;

/// What kind of thing a symbol is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SymbolKind {
    /// A function that belongs to no type.
    Function,
    /// A function of a class or of an `impl` or `trait` block.
    Method,
    /// A class.
    Class,
    /// A struct or union.
    Struct,
    /// An enumeration.
    Enum,
    /// A trait or interface.
    Trait,
    /// A Rust `impl` block.
    Impl,
    /// A Rust module or a TypeScript namespace.
    Module,
    /// A type alias.
    Alias,
    /// A constant, static or module-level variable.
    Constant,
    /// A C or Rust macro.
    Macro,
    /// A declaration of a function whose body is elsewhere.
    Prototype,
}

impl SymbolKind {
    /// Whether the symbol has a body that runs.
    #[must_use]
    pub const fn is_function(self) -> bool {
        matches!(self, Self::Function | Self::Method)
    }
}

/// Where a symbol lies with respect to code that runs in production.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Ordinary code.
    Item,
    /// Inside the body of a function.
    Local,
    /// Inside a Rust test module, or a Rust test function.
    Test,
}

/// One symbol of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// The name alone.
    pub name: String,
    /// The name with what encloses it: `Class.method`, `module::function`,
    /// `Type::method`, `<Type as Trait>::method`, `impl Type`.
    pub qualified: String,
    /// What it is.
    pub kind: SymbolKind,
    /// Where it lies with respect to production code.
    pub scope: Scope,
    /// The bytes of the definition with decorators, attributes, doc comments and `export`.
    pub range: Range<usize>,
    /// The bytes of the definition without those.
    pub item: Range<usize>,
    /// The bytes of the body, where there is one.
    pub body: Option<Range<usize>>,
    /// The head of the definition on one line.
    pub signature: String,
    /// The line of the name, counted from 1.
    pub line: usize,
    /// The place in the outline of the symbol that encloses this one.
    pub parent: Option<usize>,
    /// How the definition is written, which only script languages vary.
    pub(crate) form: Form,
    /// The function, class or value itself, without what it is bound to.
    pub(crate) value: Range<usize>,
}

/// How a definition is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// As a definition of its own.
    Definition,
    /// As the only declarator of `const x = ...`.
    Declarator,
    /// As one of several declarators, or as a value that is assigned or a property.
    Value,
    /// As a member of a class or object.
    Member,
}

/// Lists the symbols of a source in the order in which they begin.
///
/// What does not parse is left out; the rest is still listed. Test blocks of
/// JavaScript (`test("name", ...)`) are listed as functions in [`Scope::Test`].
#[must_use]
pub fn outline(language: Language, source: &[u8]) -> Vec<Symbol> {
    let Some(tree) = parse(language, source) else {
        return Vec::new();
    };
    let mut builder = Builder { source, symbols: Vec::new() };
    let place = Place::default();
    match language {
        Language::Python => python::block(&mut builder, tree.root_node(), &place),
        Language::Rust => rust::block(&mut builder, tree.root_node(), &place),
        Language::C => c::block(&mut builder, tree.root_node(), &place),
        Language::JavaScript | Language::TypeScript | Language::Tsx => {
            script::block(&mut builder, tree.root_node(), &place);
        }
    }
    builder.symbols
}

/// The function that holds the line (counted from 1), or else the innermost symbol.
///
/// A function inside a function counts only when the outer one is long.
#[must_use]
pub fn enclosing<'a>(symbols: &'a [Symbol], source: &[u8], line: usize) -> Option<&'a Symbol> {
    let start = if line <= 1 { 0 } else { memchr::memchr_iter(b'\n', source).nth(line - 2)? + 1 };
    let blank = source.get(start..)?.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let at = start + blank;
    let around = |symbol: &&Symbol| symbol.range.start <= at && at < symbol.range.end;
    let long = |symbol: &Symbol| {
        let text = source.get(symbol.range.clone()).unwrap_or_default();
        memchr::memchr_iter(b'\n', text).count() > LONG_FUNCTION_LINES
    };
    let outer = symbols
        .iter()
        .filter(around)
        .rfind(|symbol| symbol.kind.is_function() && symbol.scope != Scope::Local);
    let local = symbols
        .iter()
        .filter(around)
        .rfind(|symbol| symbol.kind.is_function() && symbol.scope == Scope::Local);
    match (outer, local) {
        (Some(outer), Some(local)) if long(outer) => Some(local),
        (Some(outer), _) => Some(outer),
        (None, Some(local)) => Some(local),
        (None, None) => symbols.iter().rfind(around),
    }
}

/// Where in the source the builder is.
#[derive(Clone, Debug)]
struct Place {
    parent: Option<usize>,
    prefix: String,
    scope: Scope,
    depth: usize,
    /// Whether definitions here are members of a type.
    member: bool,
}

impl Default for Place {
    fn default() -> Self {
        Self { parent: None, prefix: String::new(), scope: Scope::Item, depth: 0, member: false }
    }
}

impl Place {
    fn inside(&self, parent: usize, prefix: String, scope: Scope) -> Self {
        Self {
            parent: Some(parent),
            prefix,
            scope: if self.scope == Scope::Item { scope } else { self.scope },
            depth: self.depth + 1,
            member: false,
        }
    }

    fn of_type(mut self) -> Self {
        self.member = true;
        self
    }

    fn too_deep(&self) -> bool {
        self.depth >= OUTLINE_DEPTH_MAX
    }
}

/// A definition as a language's module found it.
struct Definition<'t> {
    name: String,
    qualified: String,
    kind: SymbolKind,
    scope: Scope,
    start: usize,
    end: usize,
    item: Node<'t>,
    value: Node<'t>,
    form: Form,
    body: Option<Node<'t>>,
    head_end: usize,
    name_row: usize,
}

impl<'t> Definition<'t> {
    fn new(name: String, qualified: String, kind: SymbolKind, item: Node<'t>) -> Self {
        Self {
            name,
            qualified,
            kind,
            scope: Scope::Item,
            start: item.start_byte(),
            end: item.end_byte(),
            item,
            value: item,
            form: Form::Definition,
            body: None,
            head_end: item.end_byte(),
            name_row: item.start_position().row,
        }
    }

    fn body(mut self, body: Option<Node<'t>>) -> Self {
        self.body = body;
        if let Some(body) = body {
            self.head_end = body.start_byte();
        }
        self
    }
}

struct Builder<'s> {
    source: &'s [u8],
    symbols: Vec<Symbol>,
}

impl Builder<'_> {
    fn text(&self, node: Node<'_>) -> String {
        text(node, self.source)
    }

    fn field(&self, node: Node<'_>, field: &str) -> Option<String> {
        node.child_by_field_name(field).map(|child| self.text(child))
    }

    fn add(&mut self, definition: Definition<'_>, place: &Place) -> Option<usize> {
        if self.symbols.len() >= OUTLINE_SYMBOLS_MAX || definition.name.is_empty() {
            return None;
        }
        let item = definition.item.byte_range();
        let head = slice(self.source, item.start..definition.head_end.max(item.start));
        let head = if definition.body.is_some() || definition.head_end < item.end {
            head
        } else {
            head.lines().next().unwrap_or_default().to_owned()
        };
        let signature = excerpt(&head);
        let signature = signature.trim_end_matches([':', '{', ';', '=', '>', ' ']);
        self.symbols.push(Symbol {
            name: definition.name,
            qualified: definition.qualified,
            kind: definition.kind,
            scope: if place.scope == Scope::Item { definition.scope } else { place.scope },
            range: definition.start.min(item.start)..definition.end.max(item.end),
            item,
            body: definition.body.map(|body| body.byte_range()),
            signature: signature.to_owned(),
            line: definition.name_row + 1,
            parent: place.parent,
            form: definition.form,
            value: definition.value.byte_range(),
        });
        Some(self.symbols.len() - 1)
    }

    /// Where the comments and attributes that belong to a node begin.
    ///
    /// `belongs` judges the text of a sibling before it; plain comments count only
    /// between two that belong.
    fn leading(&self, node: Node<'_>, belongs: impl Fn(Node<'_>, &str) -> bool) -> usize {
        let mut start = node.start_byte();
        let mut edge = start;
        let mut sibling = node.prev_sibling();
        while let Some(before) = sibling {
            let gap = slice(self.source, before.end_byte()..edge);
            let text = self.text(before);
            let breaks = gap.matches('\n').count() + usize::from(text.ends_with('\n'));
            if !gap.trim().is_empty() || breaks > 1 {
                break;
            }
            edge = before.start_byte();
            let own_line = slice(self.source, line_start(self.source, edge)..edge);
            if belongs(before, &text) && own_line.trim().is_empty() {
                start = edge;
            } else if !before.kind().contains("comment") {
                break;
            }
            sibling = before.prev_sibling();
        }
        start
    }
}

/// How many lines make a function too long to be edited as a whole for the sake of an inner one.
const LONG_FUNCTION_LINES: usize = 60;

#[cfg(test)]
mod tests;
