// SPDX-License-Identifier: Apache-2.0
// What shows files that are no text to be edited: images, bytes, long texts, and Markdown as it reads.

import "./viewers.css";

export { BinaryViewer } from "./binary.tsx";
export { ImageViewer } from "./image.tsx";
export { LargeTextViewer } from "./large.tsx";
export { MarkdownPreview } from "./preview.tsx";
