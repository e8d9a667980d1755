//! Shortest routes on a map of places.

pub mod heap;
pub mod route;
