// SPDX-License-Identifier: Apache-2.0
//! Properties of outlines and splices over whole sources.

mod property;
