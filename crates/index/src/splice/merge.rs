// SPDX-License-Identifier: Apache-2.0
//! Imports that the new code needs and the file lacks.
//!
//! An import is added only when a definition that goes into the file uses a name
//! that it binds and the file does not bind that name already.

use std::collections::HashSet;

use super::fragment::Fragment;
use super::pairing::Paired;
use super::{Edit, Original};
use crate::import::Level;
use crate::syntax::{children, parse, text};
use crate::{Binding, Import, Language};

/// Adds the imports that are needed; returns them as written.
pub(super) fn imports(
    file: &Original<'_>,
    fragment: &Fragment,
    paired: &Paired<'_>,
    edits: &mut Vec<Edit>,
) -> Vec<String> {
    let used: HashSet<String> = paired
        .pairs
        .iter()
        .map(|(unit, _)| *unit)
        .chain(paired.left.iter().copied())
        .flat_map(|unit| fragment.words(unit.range.clone()))
        .collect();
    let mut bound: HashSet<&str> = file
        .imports
        .iter()
        .filter(|import| import.level == Level::Top)
        .flat_map(|import| import.bindings.iter().map(|binding| binding.name.as_str()))
        .collect();
    bound.extend(
        file.symbols
            .iter()
            .filter(|symbol| symbol.parent.is_none())
            .map(|symbol| symbol.name.as_str()),
    );
    let mut lines: Vec<String> = Vec::new();
    for import in &fragment.imports {
        if import.level != Level::Top {
            continue;
        }
        let missing: Vec<&Binding> = import
            .bindings
            .iter()
            .filter(|binding| !bound.contains(binding.name.as_str()))
            .filter(|binding| is_used(file.language, binding, &used))
            .collect();
        let line = match file.language {
            Language::C => include(file, import, &used),
            _ if missing.is_empty() => None,
            Language::Python => python(import, &missing),
            Language::Rust => rust(import, &missing),
            Language::JavaScript | Language::TypeScript | Language::Tsx => {
                script(file, fragment, import, &missing)
            }
        };
        if let Some(line) = line
            && !lines.contains(&line)
        {
            lines.push(line);
        }
    }
    if !lines.is_empty() {
        let (at, before, after) = spot(file);
        let text = format!("{before}{}\n{after}", lines.join("\n"));
        edits.push(Edit { range: at..at, text });
    }
    lines
}

fn is_used(language: Language, binding: &Binding, used: &HashSet<String>) -> bool {
    used.contains(&binding.name)
        // A Rust trait is used through its methods.
        || (language == Language::Rust && TRAITS.contains(&binding.original.as_str()))
}

fn python(import: &Import, missing: &[&Binding]) -> Option<String> {
    if import.module == "__future__" {
        return None;
    }
    let names: Vec<String> = missing
        .iter()
        .map(|binding| {
            if binding.name == binding.original || binding.original.is_empty() {
                binding.name.clone()
            } else {
                format!("{} as {}", binding.original, binding.name)
            }
        })
        .collect();
    let first = missing.first()?;
    Some(if first.original.is_empty() {
        let root = import.module.split('.').next().unwrap_or_default();
        if first.name == root {
            format!("import {}", import.module)
        } else {
            format!("import {} as {}", import.module, first.name)
        }
    } else {
        format!("from {} import {}", import.module, names.join(", "))
    })
}

fn rust(import: &Import, missing: &[&Binding]) -> Option<String> {
    let binding = missing.first()?;
    if binding.original == "*" {
        return None;
    }
    let path = if import.module.is_empty() {
        binding.original.clone()
    } else {
        format!("{}::{}", import.module, binding.original)
    };
    Some(if binding.name == binding.original {
        format!("use {path};")
    } else {
        format!("use {path} as {};", binding.name)
    })
}

/// An import in the style of the file: `require` where the file uses it, else `import`.
fn script(
    file: &Original<'_>,
    fragment: &Fragment,
    import: &Import,
    missing: &[&Binding],
) -> Option<String> {
    let written = fragment.text(import.range.clone());
    let file_text = String::from_utf8_lossy(file.bytes);
    let has = |word: &str| file_text.contains(word);
    let common = (has("require(") || has("module.exports") || has("exports."))
        && !file_text
            .lines()
            .any(|line| line.starts_with("import ") || line.starts_with("export "));
    let quote =
        if file_text.matches('"').count() > file_text.matches('\'').count() { '"' } else { '\'' };
    let module = format!("{quote}{}{quote}", import.module);
    let first = missing.first()?;
    let whole = first.original.is_empty() || first.original == "default";
    let names = |colon: &str| -> String {
        missing
            .iter()
            .filter(|binding| !binding.original.is_empty() && binding.original != "default")
            .map(|binding| {
                if binding.name == binding.original {
                    binding.name.clone()
                } else {
                    format!("{}{colon}{}", binding.original, binding.name)
                }
            })
            .collect::<Vec<_>>()
            .join(", ")
    };
    Some(if common {
        if whole {
            format!("const {} = require({module});", first.name)
        } else {
            format!("const {{ {} }} = require({module});", names(": "))
        }
    } else if whole && written.contains("* as") {
        format!("import * as {} from {module};", first.name)
    } else if whole {
        format!("import {} from {module};", first.name)
    } else {
        let kind = if written.starts_with("import type") { "type " } else { "" };
        format!("import {kind}{{ {} }} from {module};", names(" as "))
    })
}

fn include(file: &Original<'_>, import: &Import, used: &HashSet<String>) -> Option<String> {
    let system = import.module.starts_with('<');
    let present = file.imports.iter().any(|other| other.module == import.module);
    if !system || present {
        return None;
    }
    let known = HEADERS.iter().find(|(header, _)| *header == import.module);
    let needed = known.is_none_or(|(_, names)| names.split(' ').any(|name| used.contains(name)));
    needed.then(|| format!("#include {}", import.module))
}

/// Where imports go, and what goes around them.
fn spot(file: &Original<'_>) -> (usize, &'static str, &'static str) {
    let first_symbol = file
        .symbols
        .iter()
        .filter(|symbol| symbol.body.is_some())
        .map(|symbol| symbol.range.start)
        .min()
        .unwrap_or(file.bytes.len());
    let last = file
        .imports
        .iter()
        .filter(|import| import.level == Level::Top && import.range.end <= first_symbol)
        .map(|import| import.range.end)
        .max();
    if let Some(end) = last {
        let line = line_end(file.bytes, end.saturating_sub(1));
        let open = if line == file.bytes.len() && !file.bytes.ends_with(b"\n") { "\n" } else { "" };
        return (line, open, "");
    }
    let Some(tree) = parse(file.language, file.bytes) else {
        return (0, "", "\n");
    };
    let mut at = 0;
    for node in children(tree.root_node()) {
        let words = text(node, file.bytes);
        let is_header = match file.language {
            Language::Python => {
                words.starts_with("#!")
                    || words.starts_with("# -*-")
                    || (node.kind() == "expression_statement"
                        && words.starts_with(['"', '\'', 'r']))
                    || (node.kind() == "comment" && node.start_byte() == at)
            }
            Language::Rust => {
                node.kind() == "inner_attribute_item"
                    || words.starts_with("//!")
                    || words.starts_with("/*!")
            }
            Language::C => {
                words.starts_with("#pragma once")
                    || (node.kind() == "comment" && at == node.start_byte())
            }
            Language::JavaScript | Language::TypeScript | Language::Tsx => {
                node.kind() == "hash_bang_line" || words.contains("use strict")
            }
        };
        if !is_header {
            break;
        }
        at = line_end(file.bytes, node.end_byte().saturating_sub(1));
    }
    (at, if at > 0 { "\n" } else { "" }, if at > 0 { "" } else { "\n" })
}

/// The byte after the line break at or after `byte`.
fn line_end(bytes: &[u8], byte: usize) -> usize {
    bytes
        .get(byte..)
        .and_then(|rest| memchr::memchr(b'\n', rest))
        .map_or(bytes.len(), |at| byte + at + 1)
}

/// Traits of the standard library that are used through their methods.
const TRAITS: [&str; 14] = [
    "Read",
    "Write",
    "BufRead",
    "Seek",
    "FromStr",
    "FromIterator",
    "Hash",
    "Hasher",
    "BuildHasher",
    "Borrow",
    "Error",
    "TryFrom",
    "TryInto",
    "IntoIterator",
];

/// Headers of the C standard library (ISO C11, clause 7) with their commonest names.
const HEADERS: [(&str, &str); 12] = [
    (
        "<stdio.h>",
        "printf fprintf sprintf snprintf puts putchar fputs fgets getline fopen fclose fread fwrite FILE stdout stderr stdin EOF scanf sscanf perror getchar fgetc fputc vsnprintf NULL",
    ),
    (
        "<stdlib.h>",
        "malloc calloc realloc free abort exit atoi atol atof strtol strtoul strtod strtoll strtoull qsort bsearch abs labs rand srand getenv EXIT_SUCCESS EXIT_FAILURE NULL size_t",
    ),
    (
        "<string.h>",
        "strlen strcmp strncmp strcpy strncpy strcat strncat strchr strrchr strstr strtok memcpy memmove memset memcmp memchr strdup strndup strspn strcspn strerror NULL size_t",
    ),
    (
        "<ctype.h>",
        "isalpha isdigit isalnum isspace isupper islower toupper tolower ispunct isxdigit isprint iscntrl",
    ),
    ("<stdbool.h>", "bool true false"),
    (
        "<stdint.h>",
        "int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t intptr_t uintptr_t SIZE_MAX INT32_MAX INT32_MIN INT64_MAX INT64_MIN UINT32_MAX UINT64_MAX",
    ),
    (
        "<limits.h>",
        "INT_MAX INT_MIN UINT_MAX LONG_MAX LONG_MIN ULONG_MAX LLONG_MAX LLONG_MIN CHAR_BIT CHAR_MAX CHAR_MIN SHRT_MAX",
    ),
    (
        "<math.h>",
        "sqrt pow fabs floor ceil round sin cos tan log exp fmod isnan isinf NAN INFINITY M_PI hypot",
    ),
    ("<assert.h>", "assert static_assert"),
    ("<errno.h>", "errno EINVAL ENOMEM ERANGE ENOENT"),
    ("<stddef.h>", "size_t ptrdiff_t NULL offsetof"),
    ("<inttypes.h>", "PRId64 PRIu64 PRIx64 PRId32 PRIu32"),
];
