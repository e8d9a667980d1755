// SPDX-License-Identifier: Apache-2.0
//! What a name stands for, from the numbers that servers use.
//!
//! Source: Language Server Protocol 3.17, `CompletionItemKind` and `SymbolKind`.
//!
//! Invariant: a number that is not known stands for something else, not for nothing.

use moat_protocol::workspace::SymbolSort;

use super::answer::UNKNOWN;

/// Of something that may be inserted.
pub(super) fn of_item(kind: Option<u64>) -> SymbolSort {
    use SymbolSort as S;
    const KINDS: [S; 25] = [
        S::Text,
        S::Method,
        S::Function,
        S::Constructor,
        S::Field,
        S::Variable,
        S::Class,
        S::Interface,
        S::Module,
        S::Property,
        S::Other,
        S::Constant,
        S::Enum,
        S::Keyword,
        S::Snippet,
        S::Other,
        S::File,
        S::Other,
        S::File,
        S::EnumMember,
        S::Constant,
        S::Struct,
        S::Other,
        S::Other,
        S::TypeParameter,
    ];
    numbered(&KINDS, kind)
}

/// Of a declaration.
pub(super) fn of_symbol(kind: Option<u64>) -> SymbolSort {
    use SymbolSort as S;
    const KINDS: [S; 26] = [
        S::File,
        S::Module,
        S::Module,
        S::Module,
        S::Class,
        S::Method,
        S::Property,
        S::Field,
        S::Constructor,
        S::Enum,
        S::Interface,
        S::Function,
        S::Variable,
        S::Constant,
        S::Text,
        S::Constant,
        S::Constant,
        S::Variable,
        S::Struct,
        S::Property,
        S::Constant,
        S::EnumMember,
        S::Struct,
        S::Other,
        S::Function,
        S::TypeParameter,
    ];
    numbered(&KINDS, kind)
}

fn numbered(kinds: &[SymbolSort], number: Option<u64>) -> SymbolSort {
    let index = number.and_then(|number| usize::try_from(number).ok()?.checked_sub(1));
    index.and_then(|index| kinds.get(index).copied()).unwrap_or(UNKNOWN)
}
