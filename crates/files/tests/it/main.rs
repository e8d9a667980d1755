// SPDX-License-Identifier: Apache-2.0
//! Tests of the sandbox through its public interface.

#[cfg(test)]
mod change;
#[cfg(test)]
mod checkpoint;
#[cfg(test)]
mod fork;
#[cfg(test)]
mod keep;
#[cfg(test)]
mod merge;
#[cfg(test)]
mod rename;
#[cfg(test)]
mod repository;
#[cfg(test)]
mod resolver;
#[cfg(test)]
mod surface;
#[cfg(test)]
mod tree;
#[cfg(test)]
mod workspace;
