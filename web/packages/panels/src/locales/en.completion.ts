// SPDX-License-Identifier: Apache-2.0
// English: the words of inline completion.

export const completion = {
  "settings.group.completion": "Inline completion",
  "setting.completion": "Suggest what may come next",
  "setting.completion.detail":
    "As grey text at the cursor, after a pause. Tab takes it; Alt+\\ asks at any time.",
  "setting.completionModel": "Model for inline completion",
  "setting.completionModel.detail":
    "Its name in the configuration. Empty: the one of sessions, where it runs on this machine; text around the cursor goes nowhere else unless a model is named here.",
  "setting.completionOff": "Not in these languages",
  "setting.completionOff.detail":
    "Names of languages with commas between them, such as plaintext, markdown",
  "command.moat.completion.toggle": "Inline completion on or off",
  "command.moat.completion.options": "Inline completion options…",
  "completion.options": "Inline completion",
  "completion.turnOn": "Turn on",
  "completion.turnOff": "Turn off",
  "completion.turnOnFor": "Turn on for {language}",
  "completion.turnOffFor": "Turn off for {language}",
  "completion.sameModel": "Use the model of sessions, where it runs on this machine",
  "completion.useModel": "Use {model}",
  "completion.name": "Completion",
  "completion.off": "Inline completion is off",
  "completion.offFor": "Inline completion is off for {language}",
  "completion.ready": "Inline completion is on",
  "completion.asking": "A model is asked what may come next",
  "completion.loading": "The model for inline completion is being loaded",
  "completion.withheld": "No model is shown this file: by its name it holds secrets",
  "completion.failed": "Inline completion does not work: {error}",
} as const;
