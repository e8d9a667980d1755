// SPDX-License-Identifier: Apache-2.0
//! Makes a new function of a script visible to other files, in the way of its file.
//!
//! Sources: ECMA-262, "Exports"; Node.js manual, "Modules: CommonJS modules".

use super::fragment::Fragment;
use super::{Edit, Original};

/// The edit that exports `name`; `None` when the language or the file has no such custom.
pub(super) fn edit(file: &Original<'_>, fragment: &Fragment, name: &str) -> Option<Edit> {
    if !file.language.is_script() || name.contains('.') {
        return None;
    }
    let text = file.text(0..file.bytes.len());
    let whole = "module.exports = {";
    if let Some(at) = text.find(whole) {
        let at = at + whole.len();
        let rest = text.get(at..).unwrap_or_default();
        let blank = rest.len() - rest.trim_start().len();
        let (gap, inside) = rest.split_at_checked(blank).unwrap_or((rest, ""));
        let end = if inside.starts_with('}') { "" } else { "," };
        let open = if gap.is_empty() || end.is_empty() { " " } else { gap };
        return Some(Edit { range: at..at, text: format!("{open}{name}{end}").replace('\r', "") });
    }
    if is_common(file) {
        let open = if text.ends_with('\n') { "" } else { "\n" };
        let text = format!("{open}\nmodule.exports.{name} = {name};\n");
        return Some(Edit { range: file.bytes.len()..file.bytes.len(), text });
    }
    // A file that exports nothing yet takes the way of the code.
    if !is_module(file) && mentions(&fragment.text(0..fragment.bytes.len())) {
        let text = format!("\nmodule.exports = {{ {name} }};\n");
        return Some(Edit { range: file.bytes.len()..file.bytes.len(), text });
    }
    None
}

/// Whether the file exports in the way of CommonJS.
pub(super) fn is_common(file: &Original<'_>) -> bool {
    file.language.is_script() && mentions(&file.text(0..file.bytes.len()))
}

fn mentions(text: &str) -> bool {
    text.contains("module.exports") || text.contains("exports.")
}

/// Whether the file exports with `export`, so that what is added to it should too.
pub(super) fn is_module(file: &Original<'_>) -> bool {
    let text = file.text(0..file.bytes.len());
    file.language.is_script() && text.lines().any(|line| line.starts_with("export "))
}
