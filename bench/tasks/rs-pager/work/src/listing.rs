//! Renders one page of hits as text.

use crate::page::{page_count, window, Page};

/// The text of the given page, with a line of page numbers at the end.
pub fn render(hits: &[&str], number: usize, size: usize) -> String {
    let page = Page::new(number, size, hits.len());
    let mut out = String::new();
    for position in page.range() {
        out.push_str(&format!("{}. {}\n", position + 1, hits[position]));
    }
    out.push_str(&footer(page));
    out
}

fn footer(page: Page) -> String {
    let count = page_count(page.total, page.size);
    let mut parts = Vec::new();
    if page.has_previous() {
        parts.push("<".to_string());
    }
    let mut before = 0;
    for number in window(page.number, count, 1) {
        if number > before + 1 {
            parts.push("...".to_string());
        }
        if number == page.number {
            parts.push(format!("[{number}]"));
        } else {
            parts.push(number.to_string());
        }
        before = number;
    }
    if page.has_next() {
        parts.push(">".to_string());
    }
    parts.join(" ")
}
