// SPDX-License-Identifier: Apache-2.0
// The widgets that all panels share.

export { Badge, Button, IconButton, Spinner } from "./button.tsx";
export { Dialog } from "./dialog.tsx";
export { FileIcon } from "./file-icon.tsx";
export { focusable, trapFocus } from "./focus.ts";
export { Icon } from "./icon.tsx";
export { ICONS, type IconName } from "./icons.ts";
export { Checkbox, Select, TextArea, TextInput, Toggle } from "./input.tsx";
export { type ListHandle, VirtualList, type VirtualListProps } from "./list.tsx";
export { Menu } from "./menu.tsx";
export {
  Empty,
  ErrorBox,
  Matched,
  PanelHead,
  ProgressLine,
  ReportText,
  Section,
} from "./parts.tsx";
export { type Toast, Toasts } from "./toast.tsx";
export { type OpenHow, Tree, type TreeDrag, type TreeProps, type TreeRow } from "./tree.tsx";
