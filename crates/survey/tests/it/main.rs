// SPDX-License-Identifier: Apache-2.0
//! Surveys of trees, archives and files that somebody made to mislead.
#![cfg(test)]
#![expect(
    clippy::disallowed_methods,
    reason = "these tests stand outside of the product and make hostile trees"
)]

mod archive;
mod support;
mod tree;
