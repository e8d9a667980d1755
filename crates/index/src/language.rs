// SPDX-License-Identifier: Apache-2.0
//! Which grammar reads a file.
//!
//! The grammars are the official tree-sitter ones; no type of tree-sitter leaves
//! this crate.

use moat_base::TreePath;

/// A programming language that this crate parses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// Python 3.
    Python,
    /// Rust.
    Rust,
    /// JavaScript, with JSX.
    JavaScript,
    /// TypeScript without JSX.
    TypeScript,
    /// TypeScript with JSX.
    Tsx,
    /// C, and those headers that C can read.
    C,
}

impl Language {
    /// Decides by the extension, else by a `#!` line in the first bytes of the file.
    #[must_use]
    pub fn of(path: &TreePath, head: &[u8]) -> Option<Self> {
        if let Some(extension) = path.extension() {
            return match extension {
                "py" | "pyi" | "pyw" => Some(Self::Python),
                "rs" => Some(Self::Rust),
                "js" | "mjs" | "cjs" | "jsx" => Some(Self::JavaScript),
                "ts" | "mts" | "cts" => Some(Self::TypeScript),
                "tsx" => Some(Self::Tsx),
                "c" | "h" => Some(Self::C),
                _ => None,
            };
        }
        let line = head.split(|byte| *byte == b'\n').next()?;
        let command = line.strip_prefix(b"#!")?;
        let has = |word: &[u8]| memchr::memmem::find(command, word).is_some();
        if has(b"python") {
            Some(Self::Python)
        } else if has(b"node") || has(b"deno") || has(b"bun") {
            Some(Self::JavaScript)
        } else {
            None
        }
    }

    /// Reads the label of a fenced code block, such as `py` or `typescript`.
    #[must_use]
    pub fn of_label(label: &str) -> Option<Self> {
        match label.trim().to_ascii_lowercase().as_str() {
            "python" | "py" | "python3" | "pycon" => Some(Self::Python),
            "rust" | "rs" => Some(Self::Rust),
            "javascript" | "js" | "jsx" | "node" | "mjs" | "cjs" => Some(Self::JavaScript),
            "typescript" | "ts" | "mts" => Some(Self::TypeScript),
            "tsx" => Some(Self::Tsx),
            "c" | "h" => Some(Self::C),
            _ => None,
        }
    }

    /// The name as people write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Python => "Python",
            Self::Rust => "Rust",
            Self::JavaScript => "JavaScript",
            Self::TypeScript | Self::Tsx => "TypeScript",
            Self::C => "C",
        }
    }

    /// The label of a fenced code block in this language.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::Rust => "rust",
            Self::JavaScript => "javascript",
            Self::TypeScript => "typescript",
            Self::Tsx => "tsx",
            Self::C => "c",
        }
    }

    /// Whether the language is JavaScript or one of its typed forms.
    #[must_use]
    pub const fn is_script(self) -> bool {
        matches!(self, Self::JavaScript | Self::TypeScript | Self::Tsx)
    }

    pub(crate) fn grammar(self) -> tree_sitter::Language {
        match self {
            Self::Python => tree_sitter_python::LANGUAGE.into(),
            Self::Rust => tree_sitter_rust::LANGUAGE.into(),
            Self::JavaScript => tree_sitter_javascript::LANGUAGE.into(),
            Self::TypeScript => tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(),
            Self::Tsx => tree_sitter_typescript::LANGUAGE_TSX.into(),
            Self::C => tree_sitter_c::LANGUAGE.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_decides_and_then_the_shebang() {
        let cases: [(&str, &[u8], Option<Language>); 9] = [
            ("a/b.py", b"", Some(Language::Python)),
            ("b.rs", b"#!/usr/bin/python", Some(Language::Rust)),
            ("c.tsx", b"", Some(Language::Tsx)),
            ("c.cjs", b"", Some(Language::JavaScript)),
            ("d.h", b"", Some(Language::C)),
            ("tool", b"#!/usr/bin/env python3\nprint()", Some(Language::Python)),
            ("tool", b"#!/usr/bin/env node", Some(Language::JavaScript)),
            ("tool", b"#!/bin/sh\npython3 x", None),
            ("README.md", b"", None),
        ];
        for (path, head, expect) in cases {
            assert_eq!(Language::of(&TreePath::parse(path).unwrap(), head), expect, "{path}");
        }
    }

    #[test]
    fn every_grammar_is_accepted_by_the_parser() {
        for language in [
            Language::Python,
            Language::Rust,
            Language::JavaScript,
            Language::TypeScript,
            Language::Tsx,
            Language::C,
        ] {
            assert!(tree_sitter::Parser::new().set_language(&language.grammar()).is_ok());
            assert_eq!(Language::of_label(language.label()), Some(language));
        }
    }
}
