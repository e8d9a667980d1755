// SPDX-License-Identifier: Apache-2.0
//! The terminal's descriptors: lines, a status line below them, and no noise when
//! the reader goes away.
//!
//! Invariant: a status line never wraps, since a line of the screen that was left
//! behind could not be taken away again.

use std::io::{self, Write as _};

use moat_base::{clip, visible};
use moat_tui::Frame;

use crate::environment::Output;

/// Standard output.
#[derive(Debug)]
pub(crate) struct Terminal {
    output: Output,
    status: bool,
    gone: bool,
}

impl Terminal {
    pub(crate) const fn new(output: Output) -> Self {
        Self { output, status: false, gone: false }
    }

    pub(crate) const fn output(&self) -> Output {
        self.output
    }

    /// Writes a frame: whole lines, and on a terminal that can take it away again the
    /// status below them.
    pub(crate) fn show(&mut self, frame: &Frame) {
        let mut text = String::new();
        if self.status && (self.output == Output::Terminal) {
            text.push_str("\r\u{1b}[K");
            self.status = false;
        }
        text.push_str(&frame.lines);
        if let (Output::Terminal, Some(status)) = (self.output, &frame.status) {
            // A line that fills the last column would wrap on some terminals.
            text.push_str(&fitted(status, columns().saturating_sub(1)));
            self.status = true;
        }
        self.write(&text);
    }

    /// Writes a frame and asks below it.
    pub(crate) fn ask(&mut self, frame: &Frame, question: &str) {
        self.show(&Frame { lines: frame.lines.clone(), status: Some(question.to_owned()) });
        // Each frame pushes the question up.
        if self.output == Output::DumbTerminal && !frame.lines.is_empty() {
            self.write(&format!("{question}\n"));
        }
    }

    /// Writes text as it is.
    pub(crate) fn write(&mut self, text: &str) {
        if self.gone || text.is_empty() {
            return;
        }
        let mut out = io::stdout().lock();
        if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
            // The reader went away (a closed pipe): the work goes on, unseen.
            self.gone = true;
        }
    }
}

/// The width of the terminal on standard output now: a person may change it at any time.
fn columns() -> usize {
    let told = rustix::termios::tcgetwinsize(io::stdout());
    // A serial line says zero.
    told.ok().map(|size| usize::from(size.ws_col)).filter(|width| *width > 0).unwrap_or(COLUMNS)
}

/// Makes a text one line of at most so many columns, and shows where it was cut.
fn fitted(text: &str, columns: usize) -> String {
    let line = text.replace(['\n', '\t'], " ");
    let width = |text: &str| text.chars().map(cells).sum::<usize>();
    if width(&line) <= columns {
        return line;
    }
    let mut kept = String::new();
    let room = columns.saturating_sub(width(CUT));
    for character in line.chars() {
        if width(&kept) + cells(character) > room {
            break;
        }
        kept.push(character);
    }
    kept.push_str(clip(CUT, columns));
    kept
}

/// How many columns a character may take. Everything behind the scripts that certainly
/// take one counts as wide: a line that is cut too early does no harm.
const fn cells(character: char) -> usize {
    if (character as u32) < FIRST_WIDE { 1 } else { 2 }
}

/// Writes a line to standard error. Paths and causes are foreign, so no terminal obeys it.
pub(crate) fn complain(text: &str) {
    // With standard error gone there is nobody to tell.
    let _nobody_listens = writeln!(io::stderr().lock(), "{}", visible(text));
}

/// Writes a piece of text to standard error, as it is.
pub(crate) fn complain_part(text: &str) {
    // With standard error gone there is nobody to tell.
    let _nobody_listens = io::stderr().lock().write_all(text.as_bytes());
}

/// What a terminal has that does not say its width.
const COLUMNS: usize = 80;
const CUT: &str = "...";
/// The first of the Hangul letters, which take two columns.
const FIRST_WIDE: u32 = 0x1100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_to_the_columns_that_there_are() {
        let cases = [
            ("", 0, ""),
            ("two\n\tlines", 10, "two  lines"),
            ("whole", 5, "whole"),
            ("longer", 5, "lo..."),
            ("longer", 3, "..."),
            ("longer", 2, ".."),
            ("longer", 0, ""),
            ("na\u{ef}ve", 5, "na\u{ef}ve"),
            ("\u{4f60}\u{597d}", 4, "\u{4f60}\u{597d}"),
            ("\u{4f60}\u{597d}\u{4f60}", 5, "\u{4f60}..."),
            ("\u{4f60}\u{597d}\u{4f60}", 4, "..."),
        ];
        for (line, columns, shown) in cases {
            assert_eq!(fitted(line, columns), shown, "{line:?} in {columns}");
        }
    }
}
