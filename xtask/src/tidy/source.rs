// SPDX-License-Identifier: Apache-2.0
//! What the checks need to know about one Rust file, read from its syntax tree.
//!
//! Paths are resolved through the file's own `use` lines only: a re-export or a
//! glob from elsewhere is not followed. Arguments of macros are read as
//! expressions where they are expressions. What this misses, `clippy.toml`
//! catches with the compiler's own name resolution.
//!
//! Start at [`Source::parse`].

use std::collections::BTreeMap;

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// Whether a place is shipped or only used by tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Shipped,
    Test,
}

/// One thing that was found, with the line it starts at.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) line: usize,
    pub(crate) scope: Scope,
    pub(crate) text: String,
}

/// An enum and how many variants it has.
#[derive(Debug)]
pub(crate) struct Enum {
    pub(crate) line: usize,
    pub(crate) name: String,
    pub(crate) variants: usize,
}

/// The facts about one file.
#[derive(Debug, Default)]
pub(crate) struct Source {
    /// Paths used as values or imported, resolved through the file's imports.
    pub(crate) paths: Vec<Found>,
    /// Names of types: structs, enums, traits, unions and aliases.
    pub(crate) types: Vec<Found>,
    /// Names of functions and methods.
    pub(crate) functions: Vec<Found>,
    /// Parameters of type `bool` of functions that are visible outside their
    /// module, as `function(parameter)`.
    pub(crate) switches: Vec<Found>,
    /// Attributes as text without blanks, for example `ignore`.
    pub(crate) attributes: Vec<Found>,
    /// Uses of the keyword `unsafe`.
    pub(crate) unsafes: Vec<Found>,
    /// Enums with their size.
    pub(crate) enums: Vec<Enum>,
    /// Items of the file's top level that are neither `mod x;` nor `use`.
    pub(crate) bodies: Vec<Found>,
    /// Names that the top level makes public, one per re-exported name.
    pub(crate) exports: Vec<Found>,
    /// Modules in other files that only exist for tests.
    pub(crate) test_modules: Vec<String>,
    /// The first and last line of each `#[cfg(test)]` module of this file.
    pub(crate) test_ranges: Vec<(usize, usize)>,
}

impl Source {
    /// Reads `text`; `scope` is what the file's place in the tree says.
    ///
    /// # Errors
    /// The parser's complaint and its line, when the text is not Rust.
    pub(crate) fn parse(text: &str, scope: Scope) -> Result<Self, (usize, String)> {
        let broken = |error: &syn::Error| (error.span().start().line, error.to_string());
        let file = syn::parse_file(text).map_err(|error| broken(&error))?;
        let tokens: TokenStream =
            text.parse().map_err(|error: proc_macro2::LexError| (1, error.to_string()))?;
        let mut reader = Reader { source: Self::default(), scope, aliases: aliases(&file) };
        reader.top_level(&file);
        reader.visit_file(&file);
        reader.keyword_unsafe(tokens);
        Ok(reader.source)
    }
}

impl Source {
    /// How many lines stand in `#[cfg(test)]` modules.
    pub(crate) fn test_lines(&self) -> usize {
        self.test_ranges.iter().map(|(start, end)| end - start + 1).sum()
    }

    /// Whether a line stands in a `#[cfg(test)]` module.
    pub(crate) fn is_test_line(&self, line: usize) -> bool {
        self.test_ranges.iter().any(|(start, end)| (*start..=*end).contains(&line))
    }
}

struct Reader {
    source: Source,
    scope: Scope,
    aliases: BTreeMap<String, String>,
}

impl Reader {
    fn found(&self, span: Span, text: String) -> Found {
        Found { line: span.start().line, scope: self.scope, text }
    }

    fn top_level(&mut self, file: &syn::File) {
        for item in &file.items {
            if let syn::Item::Mod(module) = item
                && module.content.is_none()
            {
                if is_public(&module.vis) {
                    let found = self.found(module.ident.span(), module.ident.to_string());
                    self.source.exports.push(found);
                }
            } else if let syn::Item::Use(import) = item {
                if is_public(&import.vis) {
                    for (span, path) in leaves(&import.tree) {
                        let found = self.found(span, path);
                        self.source.exports.push(found);
                    }
                }
            } else {
                let found = self.found(syn::spanned::Spanned::span(item), String::new());
                self.source.bodies.push(found);
            }
        }
    }

    fn keyword_unsafe(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.keyword_unsafe(group.stream()),
                TokenTree::Ident(ident) if ident == "unsafe" => {
                    let found = self.found(ident.span(), "unsafe".to_owned());
                    self.source.unsafes.push(found);
                }
                TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }

    fn path(&mut self, path: &syn::Path) {
        let mut names = path.segments.iter().map(|segment| segment.ident.to_string());
        let Some(first) = names.next() else { return };
        let mut full = self.aliases.get(&first).cloned().unwrap_or(first);
        for name in names {
            full.push_str("::");
            full.push_str(&name);
        }
        let span = syn::spanned::Spanned::span(path);
        let found = self.found(span, full);
        self.source.paths.push(found);
    }

    fn type_name(&mut self, ident: &syn::Ident) {
        let found = self.found(ident.span(), ident.to_string());
        self.source.types.push(found);
    }

    fn function_name(&mut self, ident: &syn::Ident) {
        let found = self.found(ident.span(), ident.to_string());
        self.source.functions.push(found);
    }

    fn switches(&mut self, visibility: &syn::Visibility, signature: &syn::Signature) {
        if matches!(visibility, syn::Visibility::Inherited) {
            return;
        }
        for input in &signature.inputs {
            if let syn::FnArg::Typed(parameter) = input
                && let syn::Type::Path(kind) = &*parameter.ty
                && kind.path.is_ident("bool")
                && let syn::Pat::Ident(name) = &*parameter.pat
            {
                let text = format!("{}({})", signature.ident, name.ident);
                let found = self.found(name.ident.span(), text);
                self.source.switches.push(found);
            }
        }
    }

    /// Visits inside an item in test scope when its attributes say so.
    fn within(&mut self, attributes: &[syn::Attribute], inside: impl FnOnce(&mut Self)) {
        let outer = self.scope;
        if attributes.iter().any(is_test) {
            self.scope = Scope::Test;
        }
        inside(self);
        self.scope = outer;
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        let test_only = module.attrs.iter().any(is_test);
        match &module.content {
            None if test_only => self.source.test_modules.push(module.ident.to_string()),
            Some((brace, _)) if test_only => {
                let (start, end) = (module.mod_token.span.start(), brace.span.close().end());
                self.source.test_ranges.push((start.line, end.line));
            }
            None | Some(_) => {}
        }
        self.within(&module.attrs, |reader| visit::visit_item_mod(reader, module));
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.within(&function.attrs, |reader| {
            reader.function_name(&function.sig.ident);
            reader.switches(&function.vis, &function.sig);
            visit::visit_item_fn(reader, function);
        });
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.within(&function.attrs, |reader| {
            reader.function_name(&function.sig.ident);
            reader.switches(&function.vis, &function.sig);
            visit::visit_impl_item_fn(reader, function);
        });
    }

    fn visit_item_impl(&mut self, block: &'ast syn::ItemImpl) {
        self.within(&block.attrs, |reader| visit::visit_item_impl(reader, block));
    }

    fn visit_item_use(&mut self, import: &'ast syn::ItemUse) {
        for (span, path) in leaves(&import.tree) {
            let found = self.found(span, path);
            self.source.paths.push(found);
        }
        visit::visit_item_use(self, import);
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.type_name(&item.ident);
        visit::visit_item_struct(self, item);
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.type_name(&item.ident);
        visit::visit_item_trait(self, item);
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        self.type_name(&item.ident);
        visit::visit_item_type(self, item);
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.type_name(&item.ident);
        self.source.enums.push(Enum {
            line: item.ident.span().start().line,
            name: item.ident.to_string(),
            variants: item.variants.len(),
        });
        visit::visit_item_enum(self, item);
    }

    fn visit_expr_path(&mut self, expression: &'ast syn::ExprPath) {
        self.path(&expression.path);
        visit::visit_expr_path(self, expression);
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        if !attribute.path().is_ident("doc") {
            let span = syn::spanned::Spanned::span(attribute);
            let found = self.found(span, attribute_text(attribute));
            self.source.attributes.push(found);
        }
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        type Arguments = syn::punctuated::Punctuated<syn::Expr, syn::Token![,]>;
        if let Ok(arguments) = call.parse_body_with(Arguments::parse_terminated) {
            // The tree made here lives only for this call, which is all a visit needs.
            let mut inner = Self {
                source: Source::default(),
                scope: self.scope,
                aliases: self.aliases.clone(),
            };
            for argument in &arguments {
                inner.visit_expr(argument);
            }
            self.source.paths.append(&mut inner.source.paths);
        }
    }
}

/// The leaf paths of a `use` tree, each with the place of its last name.
fn leaves(tree: &syn::UseTree) -> Vec<(Span, String)> {
    let mut found = Vec::new();
    collect(tree, "", &mut |span, path, _| found.push((span, path)));
    found
}

/// Which path each imported name stands for.
fn aliases(file: &syn::File) -> BTreeMap<String, String> {
    struct Imports(BTreeMap<String, String>);
    impl<'ast> Visit<'ast> for Imports {
        fn visit_item_use(&mut self, import: &'ast syn::ItemUse) {
            collect(&import.tree, "", &mut |_, path, name| {
                self.0.insert(name, path);
            });
        }
    }
    let mut imports = Imports(BTreeMap::new());
    imports.visit_file(file);
    imports.0
}

fn collect(tree: &syn::UseTree, prefix: &str, found: &mut impl FnMut(Span, String, String)) {
    let join = |name: &str| match (prefix, name) {
        ("", name) => name.to_owned(),
        (prefix, "self") => prefix.to_owned(),
        (prefix, name) => format!("{prefix}::{name}"),
    };
    let last = |path: &str| path.rsplit("::").next().unwrap_or_default().to_owned();
    match tree {
        syn::UseTree::Path(path) => {
            collect(&path.tree, &join(&path.ident.to_string()), found);
        }
        syn::UseTree::Name(name) => {
            let path = join(&name.ident.to_string());
            let short = last(&path);
            found(name.ident.span(), path, short);
        }
        syn::UseTree::Rename(rename) => {
            let path = join(&rename.ident.to_string());
            found(rename.rename.span(), path, rename.rename.to_string());
        }
        syn::UseTree::Glob(glob) => {
            let path = join("*");
            found(syn::spanned::Spanned::span(glob), path, "*".to_owned());
        }
        syn::UseTree::Group(group) => {
            for tree in &group.items {
                collect(tree, prefix, found);
            }
        }
    }
}

fn is_public(visibility: &syn::Visibility) -> bool {
    matches!(visibility, syn::Visibility::Public(_))
}

/// Whether an attribute puts its item into test scope: `#[test]` or `#[cfg(.. test ..)]`.
fn is_test(attribute: &syn::Attribute) -> bool {
    let text = attribute_text(attribute);
    let names = || text.split(|c: char| !c.is_alphanumeric() && c != '_');
    text == "test"
        || (text.starts_with("cfg(") && names().any(|n| n == "test") && names().all(|n| n != "not"))
}

fn attribute_text(attribute: &syn::Attribute) -> String {
    let mut text = String::new();
    let path = attribute.path();
    let names: Vec<_> = path.segments.iter().map(|s| s.ident.to_string()).collect();
    text.push_str(&names.join("::"));
    match &attribute.meta {
        syn::Meta::List(list) => {
            let tokens: String = list.tokens.to_string();
            text.push('(');
            text.extend(tokens.chars().filter(|c| !c.is_whitespace()));
            text.push(')');
        }
        syn::Meta::Path(_) | syn::Meta::NameValue(_) => {}
    }
    text
}
