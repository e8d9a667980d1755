// SPDX-License-Identifier: Apache-2.0
//! The catalogue through its public interface: what it covers, and every spelling of it.

#[cfg(test)]
mod covered;
#[cfg(test)]
mod spelling;
