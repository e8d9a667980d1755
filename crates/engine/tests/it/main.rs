// SPDX-License-Identifier: Apache-2.0
//! The engine against a scripted world: rebuilt, killed and cut at every point.

mod crash;
mod journal;
mod scripted;
mod turn;
