// SPDX-License-Identifier: Apache-2.0
// The protocol between a front end and the server: the types made from the Rust contract,
// and the connection that speaks them.

export * from "./client.ts";
export type * from "./generated.ts";
