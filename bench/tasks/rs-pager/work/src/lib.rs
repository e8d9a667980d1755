//! Shows a long list of hits page by page.

pub mod listing;
pub mod page;
