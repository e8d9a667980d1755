// SPDX-License-Identifier: Apache-2.0
//! Integration tests of `moat-config`.

#[cfg(test)]
mod files;
#[cfg(test)]
mod layers;
#[cfg(test)]
mod workspace;
