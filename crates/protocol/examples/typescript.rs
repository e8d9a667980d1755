// SPDX-License-Identifier: Apache-2.0
//! Writes the protocol's types as TypeScript: `cargo run -p moat-protocol --features typescript
//! --example typescript > web/packages/proto/src/generated.ts`.
//!
//! The front end never describes the protocol itself: what it compiles against is made from
//! the Rust types, and the checks compare the file with what this writes.
//!
//! Invariant: the same types give the same text.

use std::any::TypeId;
use std::collections::{BTreeMap, HashSet};
use std::io::Write as _;

use moat_protocol::workspace::{ClientFrame, ServerFrame};
use ts_rs::{Config, TS, TypeVisitor};

const HEAD: &str = "// SPDX-License-Identifier: Apache-2.0
// Made from the Rust types of crates/protocol by `cargo xtask types`: not to be edited.
";

/// Collects the declarations of types and of everything that they name.
struct Declarations<'a> {
    config: &'a Config,
    seen: HashSet<TypeId>,
    found: BTreeMap<String, String>,
}

impl TypeVisitor for Declarations<'_> {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        if !self.seen.insert(TypeId::of::<T>()) {
            return;
        }
        // What has no file of its own is a type of the language, such as `string`.
        if T::output_path().is_some() {
            self.found.insert(T::ident(self.config), T::decl(self.config));
        }
        T::visit_dependencies(self);
        T::visit_generics(self);
    }
}

fn main() -> std::io::Result<()> {
    let config = Config::new().with_large_int("number");
    let (seen, found) = (HashSet::new(), BTreeMap::new());
    let mut declarations = Declarations { config: &config, seen, found };
    declarations.visit::<ClientFrame>();
    declarations.visit::<ServerFrame>();
    let mut out = std::io::stdout().lock();
    write!(out, "{HEAD}")?;
    for declaration in declarations.found.values() {
        writeln!(out, "\nexport {declaration}")?;
    }
    Ok(())
}
