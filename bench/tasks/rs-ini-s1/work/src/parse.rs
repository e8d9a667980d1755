//! Reading the text of an INI file.

use crate::{Ini, Section};

/// What is wrong, and in which line; lines count from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub line: usize,
    pub text: String,
}

/// Reads a file. `;` and `#` start a comment, except inside of quotes.
pub fn parse(text: &str) -> Result<Ini, Problem> {
    let mut ini = Ini::default();
    let mut current = Section { name: String::new(), pairs: Vec::new() };
    for (index, line) in text.lines().enumerate() {
        let problem = |text: &str| Problem { line: index + 1, text: text.to_string() };
        let line = strip_comment(line).trim();
        if line.is_empty() {
            continue;
        }
        if let Some(rest) = line.strip_prefix('[') {
            let name = rest.strip_suffix(']').ok_or_else(|| problem("missing ]"))?;
            if !current.pairs.is_empty() || !current.name.is_empty() {
                ini.sections.push(current);
            }
            current = Section { name: name.trim().to_string(), pairs: Vec::new() };
        }
        let (key, value) = line.split_once('=').ok_or_else(|| problem("missing ="))?;
        let key = key.trim();
        if key.is_empty() {
            return Err(problem("missing key"));
        }
        current.pairs.push((key.to_string(), unquoted(value.trim())));
    }
    if !current.pairs.is_empty() || !current.name.is_empty() {
        ini.sections.push(current);
    }
    Ok(ini)
}

/// The line up to a comment.
fn strip_comment(line: &str) -> &str {
    let mut inside = false;
    for (position, char) in line.char_indices() {
        match char {
            '"' => inside = !inside,
            ';' | '#' if !inside => return &line[..position],
            _ => {}
        }
    }
    line
}

/// The value without the quotes around it.
fn unquoted(value: &str) -> String {
    if value.len() >= 2 && value.starts_with('"') && value.ends_with('"') {
        return value[1..value.len() - 1].to_string();
    }
    value.to_string()
}

/// The value in quotes, if it could be misread without them.
pub fn quoted(value: &str) -> String {
    let unsafe_inside = value.contains(';') || value.contains('#');
    if value.is_empty() || unsafe_inside || value.trim() != value {
        return format!("\"{value}\"");
    }
    value.to_string()
}
