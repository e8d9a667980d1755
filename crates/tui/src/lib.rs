// SPDX-License-Identifier: Apache-2.0
//! The terminal front end: events become lines that a person can follow.
//!
//! *Responsibility*: what each event looks like, plain text first and colour
//! second; what a question looks like before it is answered.
//!
//! *Not here*: reading keys and writing to the terminal (`moat-cli` owns the
//! descriptors), what happens (`moat-engine`). This crate sees the protocol only.
//!
//! *Map*: [`Screen`] holds what a running turn needs to be shown · `style` colour ·
//! `text` numbers and counts in words · `change` change sets and hunks · `surface` what a
//! change would make other tools do · `commits` commits of a session.
//!
//! ```
//! use moat_protocol::{Event, Level};
//! use moat_tui::{Detail, Paint, Screen};
//!
//! let mut screen = Screen::new(Paint::Plain, Detail::Usual);
//! let notice = Event::Notice { level: Level::Note, text: "all is well".into() };
//! assert_eq!(screen.show(&notice).lines, "note    all is well\n");
//! ```

mod change;
mod commits;
mod screen;
mod style;
mod surface;
mod text;

pub use change::change_set;
pub use commits::commits;
pub use screen::{Detail, Frame, Screen};
pub use style::{Paint, Tone};
pub use surface::surface_question;
pub use text::{count, duration};
