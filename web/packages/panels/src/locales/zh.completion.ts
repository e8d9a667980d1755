// SPDX-License-Identifier: Apache-2.0
// Chinese: the words of inline completion.

import type { completion as english } from "./en.completion.ts";

export const completion: Record<keyof typeof english, string> = {
  "settings.group.completion": "行内补全",
  "setting.completion": "提示接下来的内容",
  "setting.completion.detail": "停顿后在光标处以灰色文字显示。按 Tab 采用；按 Alt+\\ 可随时请求。",
  "setting.completionModel": "行内补全使用的模型",
  "setting.completionModel.detail":
    "配置中的模型名称。留空则使用会话的模型，但仅限在本机运行时；除非在此指定模型，光标附近的文字不会发往别处。",
  "setting.completionOff": "不用于这些语言",
  "setting.completionOff.detail": "语言名称，以逗号分隔，例如 plaintext, markdown",
  "command.moat.completion.toggle": "打开或关闭行内补全",
  "command.moat.completion.options": "行内补全选项…",
  "completion.options": "行内补全",
  "completion.turnOn": "打开",
  "completion.turnOff": "关闭",
  "completion.turnOnFor": "对 {language} 打开",
  "completion.turnOffFor": "对 {language} 关闭",
  "completion.sameModel": "使用会话的模型（仅限在本机运行时）",
  "completion.useModel": "使用 {model}",
  "completion.name": "补全",
  "completion.off": "行内补全已关闭",
  "completion.offFor": "行内补全对 {language} 已关闭",
  "completion.ready": "行内补全已打开",
  "completion.asking": "正在询问模型接下来的内容",
  "completion.loading": "正在加载行内补全的模型",
  "completion.withheld": "不向任何模型展示此文件：其名称表明它含有机密",
  "completion.failed": "行内补全无法使用：{error}",
};
