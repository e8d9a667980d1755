// SPDX-License-Identifier: Apache-2.0
// The desk of the false server: what a front end keeps, in memory.

import { basename } from "node:path";

export class Desk {
  layout = null;
  settings = null;
  buffers = new Map();

  constructor(root) {
    this.root = root;
    this.instance = String(process.pid);
  }

  open() {
    return {
      reply: "opened",
      name: basename(this.root),
      workspace: this.root,
      boundary: "namespaces, landlock and seccomp: no network, no files outside of the workspace",
      version: "0.1.0",
      instance: this.instance,
      repository: true,
      layout: this.layout,
      settings: this.settings,
      buffers: [...this.buffers.values()],
    };
  }

  keep_layout({ layout }) {
    this.layout = layout;
    return { reply: "done" };
  }

  keep_settings({ settings }) {
    this.settings = settings;
    return { reply: "done" };
  }

  keep_buffer({ buffer }) {
    this.buffers.set(buffer.path, buffer);
    return { reply: "done" };
  }

  drop_buffer({ path }) {
    this.buffers.delete(path);
    return { reply: "done" };
  }
}
