// SPDX-License-Identifier: Apache-2.0
//! Walks, parses, searches and edits trees of source code, without side effects.
//!
//! *Responsibility*: which files a tree has, which symbols a file has, where a
//! word occurs, and how a piece of code that a model wrote takes the place of the
//! symbol of the same name.
//!
//! *Not here*: processes, writing files and the clock; what is worth editing and
//! whether an edit is any good (`moat-tools`).
//!
//! *Map*: [`walk`] the files of a tree · [`Corpus`] the same, read and parsed on
//! demand · [`Stock`] read in advance · [`Language`] which grammar reads a file · [`outline`] the symbols of a
//! source · [`imports`] what it imports · [`words`], [`calls`] names it uses ·
//! [`syntax_errors`] where it does not parse · [`same_code`] whether only comments changed · [`splice`] code put in its place · [`document`] documentation alone ·
//! [`search`], [`definitions`], [`references`] · [`limits`] bounds.
//!
//! ```
//! use moat_index::{Language, Target, splice};
//!
//! let source = b"def area(w, h):\n    return w + h\n";
//! let answer = "    def area(w, h):\n        return w * h\n";
//! let spliced = splice(Language::Python, source, answer, Target::Any).unwrap();
//! assert_eq!(spliced.source, b"def area(w, h):\n    return w * h\n");
//! assert_eq!(spliced.replaced, ["area"]);
//! ```

mod corpus;
mod import;
mod language;
pub mod limits;
mod outline;
mod sameness;
mod search;
mod splice;
mod stock;
mod syntax;
mod usage;
mod walk;

pub use corpus::{Corpus, Source};
pub use import::{Binding, Import, Level, imports};
pub use language::Language;
pub use outline::{Scope, Symbol, SymbolKind, enclosing, outline};
pub use sameness::same_code;
pub use search::{Hit, Place, definitions, references, search};
pub use splice::{SpliceError, Spliced, Target, document, is_stub, splice};
pub use stock::Stock;
pub use syntax::{SyntaxError, new_syntax_errors, node_count, syntax_errors};
pub use usage::{calls, words};
pub use walk::{File, Skip, SkipReason, Walk, WalkOptions, walk};
