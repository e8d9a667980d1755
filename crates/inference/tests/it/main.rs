// SPDX-License-Identifier: Apache-2.0
//! The server with a real model: `SmolLM2-135M`, which `make test` fetches.
//!
//! What a model answers is not tested; that the same request gets the same
//! answer, whatever ran before it, is.

#[cfg(test)]
mod failure;
#[cfg(test)]
mod serving;
#[cfg(test)]
mod support;
