// SPDX-License-Identifier: Apache-2.0
// The editor's worker, as a file of its own: it compares texts and finds words.

import "monaco-editor/editor/editor.worker.js";
