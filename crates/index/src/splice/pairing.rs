// SPDX-License-Identifier: Apache-2.0
//! Which definition of the code takes the place of which symbol of the file.
//!
//! Invariant: no symbol is paired twice, and none inside another that is paired.

use std::collections::HashSet;

use super::fragment::Fragment;
use super::{Original, SpliceError, Target};
use crate::{Scope, Symbol, SymbolKind};

/// The pairs, and what of the code has no counterpart.
pub(super) struct Paired<'a> {
    /// A definition of the code, and the symbol of the file whose place it takes.
    pub(super) pairs: Vec<(&'a Symbol, &'a Symbol)>,
    /// Definitions of the code that the file lacks.
    pub(super) left: Vec<&'a Symbol>,
}

/// Pairs the definitions of the code with the symbols of the file.
pub(super) fn pair<'a>(
    file: &'a Original<'_>,
    fragment: &'a Fragment,
    target: Target<'_>,
) -> Result<Paired<'a>, SpliceError> {
    let aim = Aim::of(file, target)?;
    let whole_file = covers(file, fragment);
    let mut paired = Paired { pairs: Vec::new(), left: Vec::new() };
    let mut ambiguous = None;
    let mut elided = None;
    for (index, unit) in fragment.symbols.iter().enumerate() {
        if unit.scope == Scope::Local
            || unit.kind == SymbolKind::Prototype
            || (unit.scope == Scope::Test && !aim.takes_tests())
        {
            continue;
        }
        let found = match role(unit.kind) {
            Role::Function => function(file, fragment, unit, &aim),
            Role::Type => simple(file, unit, &aim, |symbol| {
                type_may_change(file, fragment, (index, unit), symbol, &aim)
            }),
            Role::Value => simple(file, unit, &aim, |symbol| {
                aim.names(symbol) || matches!(target, Target::Any) || whole_file
            }),
        };
        match found {
            // What the file has stays when something is added.
            Found::One(_) if matches!(target, Target::Added(_)) => {}
            Found::One(symbol) => {
                let hollow =
                    fragment.is_elided(unit) || fragment.is_stub(unit) && !file.is_stub(symbol);
                if hollow {
                    elided = Some(unit.name.clone());
                } else {
                    paired.pairs.retain(|(_, other)| !std::ptr::eq(*other, symbol));
                    paired.pairs.push((unit, symbol));
                }
            }
            Found::Many(candidates) => {
                ambiguous =
                    Some(SpliceError::Ambiguous { name: unit.qualified.clone(), candidates });
            }
            Found::Kept => {}
            Found::None => paired.left.push(unit),
        }
    }
    drop_nested(file, &mut paired.pairs);
    let target_done = aim.targets.is_empty()
        || paired.pairs.iter().any(|(_, symbol)| aim.names(symbol) || aim.encloses(file, symbol));
    if let (Some(name), false) = (elided, target_done && !paired.pairs.is_empty()) {
        return Err(SpliceError::Elided { name });
    }
    if !paired.pairs.is_empty() || (target == Target::New && !paired.left.is_empty()) {
        return Ok(paired);
    }
    if let Target::Added(name) = target
        && let Some(unit) = paired.left.iter().find(|unit| is_named(unit, name))
    {
        let hollow = fragment.is_elided(unit) || fragment.is_stub(unit);
        let name = unit.name.clone();
        return if hollow { Err(SpliceError::Elided { name }) } else { Ok(paired) };
    }
    let names = fragment.symbols.iter().map(|unit| unit.qualified.clone()).collect();
    Err(match (ambiguous, target) {
        (Some(error), _) => error,
        (None, Target::Named(name) | Target::Added(name)) => {
            SpliceError::TargetMissing { target: name.to_owned(), names }
        }
        (None, Target::Any | Target::New) => SpliceError::NothingMatches { names },
    })
}

/// Whether a definition of the code is the one that is to be added.
pub(super) fn is_named(unit: &Symbol, name: &str) -> bool {
    unit.qualified == name || (unit.name == name && unit.parent.is_none())
}

/// The symbols that the target names.
struct Aim<'a> {
    targets: Vec<&'a Symbol>,
    new: bool,
}

impl<'a> Aim<'a> {
    fn of(file: &'a Original<'_>, target: Target<'_>) -> Result<Self, SpliceError> {
        let Target::Named(name) = target else {
            return Ok(Self { targets: Vec::new(), new: target == Target::New });
        };
        let mut targets: Vec<&Symbol> = file
            .symbols
            .iter()
            .filter(|symbol| symbol.qualified == name && symbol.kind != SymbolKind::Prototype)
            .collect();
        if targets.is_empty() {
            targets = file
                .symbols
                .iter()
                .filter(|symbol| symbol.name == name && symbol.kind != SymbolKind::Prototype)
                .collect();
        }
        if targets.is_empty() {
            return Err(SpliceError::NothingMatches { names: vec![name.to_owned()] });
        }
        Ok(Self { targets, new: false })
    }

    fn names(&self, symbol: &Symbol) -> bool {
        self.targets.iter().any(|target| std::ptr::eq(*target, symbol))
    }

    fn encloses(&self, file: &Original<'_>, symbol: &Symbol) -> bool {
        let mut parent = symbol.parent;
        while let Some(above) = parent.and_then(|index| file.symbols.get(index)) {
            if self.names(above) {
                return true;
            }
            parent = above.parent;
        }
        false
    }

    fn takes_tests(&self) -> bool {
        self.new || self.targets.iter().any(|target| target.scope == Scope::Test)
    }

    fn allows(&self, symbol: &Symbol) -> bool {
        match symbol.scope {
            Scope::Item => true,
            Scope::Test => self.takes_tests(),
            Scope::Local => self.names(symbol),
        }
    }
}

enum Found<'a> {
    One(&'a Symbol),
    Many(Vec<String>),
    /// The file has it and keeps its own.
    Kept,
    None,
}

#[derive(PartialEq, Eq)]
enum Role {
    Function,
    Type,
    Value,
}

fn role(kind: SymbolKind) -> Role {
    match kind {
        SymbolKind::Function | SymbolKind::Method | SymbolKind::Prototype => Role::Function,
        SymbolKind::Constant | SymbolKind::Macro => Role::Value,
        SymbolKind::Class
        | SymbolKind::Struct
        | SymbolKind::Enum
        | SymbolKind::Trait
        | SymbolKind::Impl
        | SymbolKind::Module
        | SymbolKind::Alias => Role::Type,
    }
}

fn function<'a>(
    file: &'a Original<'_>,
    fragment: &Fragment,
    unit: &Symbol,
    aim: &Aim<'a>,
) -> Found<'a> {
    let namesakes: Vec<&Symbol> = file
        .symbols
        .iter()
        .filter(|symbol| {
            symbol.name == unit.name && symbol.kind.is_function() && aim.allows(symbol)
        })
        .collect();
    let exact: Vec<&Symbol> =
        namesakes.iter().copied().filter(|symbol| symbol.qualified == unit.qualified).collect();
    let owner = owner(&unit.qualified);
    let aimed: Vec<&Symbol> = namesakes
        .iter()
        .copied()
        .filter(|symbol| aim.names(symbol))
        .filter(|symbol| {
            let known = owner.is_some_and(|owner| has_type(file, owner));
            owner.is_none() || !known || self::owner(&symbol.qualified) == owner
        })
        .filter(|symbol| {
            exact.is_empty()
                || exact.iter().any(|other| std::ptr::eq(*other, *symbol))
                || takes_self(unit) == takes_self(symbol)
        })
        .collect();
    if !aimed.is_empty() {
        return resolve(file, fragment, unit, aimed);
    }
    if !exact.is_empty() {
        return resolve(file, fragment, unit, exact);
    }
    if let Some(owner) = owner {
        let same: Vec<&Symbol> = namesakes
            .iter()
            .copied()
            .filter(|symbol| self::owner(&symbol.qualified) == Some(owner))
            .collect();
        return resolve(file, fragment, unit, same);
    }
    let is_method = fragment.bare_methods || takes_self(unit);
    let fitting: Vec<&Symbol> = namesakes
        .iter()
        .copied()
        .filter(|symbol| !is_method || symbol.kind == SymbolKind::Method)
        .collect();
    resolve(file, fragment, unit, if fitting.is_empty() { namesakes } else { fitting })
}

/// Chooses among symbols that the name alone does not tell apart.
fn resolve<'a>(
    file: &Original<'_>,
    fragment: &Fragment,
    unit: &Symbol,
    candidates: Vec<&'a Symbol>,
) -> Found<'a> {
    match candidates.as_slice() {
        [] => return Found::None,
        [only] => return Found::One(only),
        _ => {}
    }
    let squeeze = |text: String| text.split_whitespace().collect::<String>();
    let lead = squeeze(fragment.text(unit.range.start..unit.item.start));
    let by_lead: Vec<&&Symbol> = candidates
        .iter()
        .filter(|symbol| squeeze(file.text(symbol.range.start..symbol.item.start)) == lead)
        .collect();
    if let [only] = by_lead.as_slice() {
        return Found::One(only);
    }
    let head = squeeze(unit.signature.clone());
    let by_head: Vec<&&Symbol> =
        candidates.iter().filter(|symbol| squeeze(symbol.signature.clone()) == head).collect();
    if let [only] = by_head.as_slice() {
        return Found::One(only);
    }
    // As many of one name in the code as in the file: they pair in order.
    let twins: Vec<&Symbol> = fragment
        .symbols
        .iter()
        .filter(|other| other.qualified == unit.qualified && other.kind == unit.kind)
        .collect();
    let alike = candidates
        .iter()
        .all(|symbol| candidates.first().is_some_and(|first| first.qualified == symbol.qualified));
    if alike && twins.len() == candidates.len() {
        let place = twins.iter().position(|twin| std::ptr::eq(*twin, unit));
        if let Some(symbol) = place.and_then(|place| candidates.get(place)) {
            return Found::One(symbol);
        }
    }
    let commas = |text: &str| text.matches(',').count();
    let by_arity: Vec<&&Symbol> = candidates
        .iter()
        .filter(|symbol| commas(&symbol.signature) == commas(&unit.signature))
        .collect();
    if let ([only], true) = (by_arity.as_slice(), alike) {
        return Found::One(only);
    }
    Found::Many(candidates.iter().map(|symbol| symbol.qualified.clone()).collect())
}

fn simple<'a>(
    file: &'a Original<'_>,
    unit: &Symbol,
    aim: &Aim<'_>,
    may_change: impl Fn(&Symbol) -> bool,
) -> Found<'a> {
    let found = file.symbols.iter().find(|symbol| {
        role(symbol.kind) == role(unit.kind)
            && (symbol.qualified == unit.qualified
                || (symbol.name == unit.name && owner(&unit.qualified).is_none()))
            && aim.allows(symbol)
    });
    match found {
        Some(symbol) if may_change(symbol) => Found::One(symbol),
        Some(_) => Found::Kept,
        None => Found::None,
    }
}

/// Whether a type may be replaced whole, and not member by member.
///
/// A model repeats a type that it does not mean to change, often shortened; so the
/// new text must hold every word of the old one, and every member of a class.
fn type_may_change(
    file: &Original<'_>,
    fragment: &Fragment,
    (index, unit): (usize, &Symbol),
    symbol: &Symbol,
    aim: &Aim<'_>,
) -> bool {
    let functions = |symbols: &[Symbol], at: usize| -> HashSet<String> {
        symbols
            .iter()
            .filter(|member| member.parent == Some(at) && member.kind.is_function())
            .map(|member| member.name.clone())
            .collect()
    };
    let place = file.symbols.iter().position(|other| std::ptr::eq(other, symbol));
    let old = place.map_or_else(HashSet::new, |place| functions(&file.symbols, place));
    let new = functions(&fragment.symbols, index);
    let hollow = fragment.symbols.iter().any(|member| {
        member.parent == Some(index)
            && member.kind.is_function()
            && (fragment.is_elided(member) || fragment.is_stub(member))
    });
    match symbol.kind {
        SymbolKind::Impl | SymbolKind::Module => false,
        SymbolKind::Class | SymbolKind::Trait if !old.is_empty() => {
            aim.names(symbol) && old.is_subset(&new) && !hollow
        }
        SymbolKind::Class
        | SymbolKind::Trait
        | SymbolKind::Struct
        | SymbolKind::Enum
        | SymbolKind::Alias
        | SymbolKind::Function
        | SymbolKind::Method
        | SymbolKind::Constant
        | SymbolKind::Macro
        | SymbolKind::Prototype => {
            // A class that gains methods takes them one by one.
            let members = symbol.kind == SymbolKind::Class && !new.is_empty();
            aim.names(symbol)
                || (!members && {
                    let new: HashSet<String> =
                        fragment.words(unit.item.clone()).into_iter().collect();
                    file.words(symbol.item.clone()).iter().all(|word| new.contains(word))
                })
        }
    }
}

/// Whether the code holds most functions of the file: then it is the file, written anew.
fn covers(file: &Original<'_>, fragment: &Fragment) -> bool {
    let mut all = 0_usize;
    let mut given = 0_usize;
    for symbol in file.symbols.iter().filter(|symbol| symbol.kind.is_function()) {
        if symbol.scope == Scope::Item {
            all += 1;
            given +=
                usize::from(fragment.symbols.iter().any(|unit| unit.qualified == symbol.qualified));
        }
    }
    all >= 2 && given * 5 >= all * 4
}

fn drop_nested(file: &Original<'_>, pairs: &mut Vec<(&Symbol, &Symbol)>) {
    let ranges: Vec<_> = pairs.iter().map(|(_, symbol)| symbol.range.clone()).collect();
    pairs.retain(|(_, symbol)| {
        !ranges.iter().any(|range| {
            *range != symbol.range
                && range.start <= symbol.range.start
                && symbol.range.end <= range.end
        })
    });
    debug_assert!(pairs.iter().all(|(_, symbol)| symbol.range.end <= file.bytes.len()));
}

fn has_type(file: &Original<'_>, owner: &str) -> bool {
    file.symbols.iter().any(|symbol| {
        self::owner(&symbol.qualified) == Some(owner)
            || (role(symbol.kind) == Role::Type && symbol.name == owner)
    })
}

/// The type or module that directly holds a qualified name, without what holds that.
pub(super) fn owner(qualified: &str) -> Option<&str> {
    let head = match qualified.rfind("::") {
        Some(at) => qualified.get(..at)?,
        None => qualified.get(..qualified.rfind('.')?)?,
    };
    let head =
        head.strip_prefix('<').map_or(head, |inner| inner.split(" as ").next().unwrap_or(inner));
    head.rsplit([':', '.']).next()
}

/// Whether the head of a function takes the object that it belongs to.
pub(super) fn takes_self(symbol: &Symbol) -> bool {
    let Some((_, parameters)) = symbol.signature.split_once('(') else {
        return false;
    };
    let first = parameters.split([',', ')', ':']).next().unwrap_or_default();
    let first = first.trim().trim_start_matches(['&', '\'']).trim();
    matches!(first.rsplit(' ').next(), Some("self" | "cls"))
}
