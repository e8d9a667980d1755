// SPDX-License-Identifier: Apache-2.0
//! Integration tests of `moat-model`: golden bytes and a scripted server.

#[cfg(test)]
mod golden;
#[cfg(test)]
mod provider;
#[cfg(test)]
mod route;
#[cfg(test)]
mod script;
