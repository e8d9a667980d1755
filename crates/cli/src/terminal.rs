// SPDX-License-Identifier: Apache-2.0
//! The terminal's descriptors: lines, a status line below them, and no noise when
//! the reader goes away.

use std::io::{self, Write as _};

use moat_base::visible;
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

    /// Writes a frame: whole lines, and on a terminal the status below them.
    pub(crate) fn show(&mut self, frame: &Frame) {
        let mut text = String::new();
        if self.status && (self.output == Output::Terminal) {
            text.push_str("\r\u{1b}[K");
            self.status = false;
        }
        text.push_str(&frame.lines);
        if let (Output::Terminal, Some(status)) = (self.output, &frame.status) {
            text.push_str(status);
            self.status = true;
        }
        self.write(&text);
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
