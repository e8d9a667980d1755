// SPDX-License-Identifier: Apache-2.0
//! The verbs of the command line, one file each.

pub(crate) mod config;
pub(crate) mod doctor;
pub(crate) mod exec;
pub(crate) mod log;
pub(crate) mod model;
pub(crate) mod scan;
pub(crate) mod session;
