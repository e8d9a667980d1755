// SPDX-License-Identifier: Apache-2.0
//! Colour, which never carries meaning alone.
//!
//! Source: ECMA-48, select graphic rendition.

/// Whether colour is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// No escape sequence at all.
    Plain,
    /// The eight basic colours, so that the user's own palette decides.
    Colour,
}

/// What a piece of text is, which decides its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// The word at the start of a line.
    Label,
    /// It went well.
    Good,
    /// It went wrong.
    Bad,
    /// A person should look.
    Warning,
    /// Less important.
    Faint,
    /// A file, a symbol or a command.
    Name,
}

impl Paint {
    /// Writes `text` in the colour of `tone`.
    #[must_use]
    pub fn paint(self, tone: Tone, text: &str) -> String {
        let code = match (self, tone) {
            (Self::Plain, _) => return text.to_owned(),
            (Self::Colour, Tone::Label) => "1",
            (Self::Colour, Tone::Good) => "32",
            (Self::Colour, Tone::Bad) => "31",
            (Self::Colour, Tone::Warning) => "33",
            (Self::Colour, Tone::Faint) => "2",
            (Self::Colour, Tone::Name) => "36",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}
