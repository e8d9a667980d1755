// SPDX-License-Identifier: Apache-2.0
// The keys of the editor's own commands, as VS Code has them. The editor knows most of them
// by itself; they stand here so that they are shown and can be changed.

/** When the keys of the others count. */
const WHEN: Record<string, string> = {
  "editor.action.inlineSuggest.commit":
    "inlineSuggestionVisible && inlineSuggestionHasIndentationLessThanTabSize && !editorTabMovesFocus && !suggestWidgetVisible && !editorHasSelection",
  "editor.action.inlineSuggest.acceptNextWord": "inlineSuggestionVisible && cursorBeforeGhostText",
  "editor.action.inlineSuggest.acceptNextLine": "inlineSuggestionVisible",
  "editor.action.inlineSuggest.showNext": "inlineSuggestionVisible",
  "editor.action.inlineSuggest.showPrevious": "inlineSuggestionVisible",
  "editor.action.inlineSuggest.hide": "inlineSuggestionVisible && !suggestWidgetVisible",
};

/** A command's keys, and when they count. */
export function keysOfEditor(command: string): {
  keys: string | string[] | undefined;
  when: string;
} {
  const more = WHEN[command];
  return {
    keys: EDITOR_KEYS[command],
    when: more ? `editorTextFocus && ${more}` : "editorTextFocus",
  };
}

/** Keys by the name of the editor's command. */
export const EDITOR_KEYS: Record<string, string | string[]> = {
  "actions.find": "mod+f",
  "editor.action.startFindReplaceAction": "mod+h",
  "editor.action.nextMatchFindAction": "f3",
  "editor.action.previousMatchFindAction": "shift+f3",
  "editor.action.addSelectionToNextFindMatch": "mod+d",
  "editor.action.selectHighlights": "mod+shift+l",
  "editor.action.insertCursorAbove": "ctrl+alt+up",
  "editor.action.insertCursorBelow": "ctrl+alt+down",
  "editor.action.insertCursorAtEndOfEachLineSelected": "shift+alt+i",
  "editor.action.moveLinesUpAction": "alt+up",
  "editor.action.moveLinesDownAction": "alt+down",
  "editor.action.copyLinesUpAction": "shift+alt+up",
  "editor.action.copyLinesDownAction": "shift+alt+down",
  "editor.action.deleteLines": "mod+shift+k",
  "editor.action.insertLineAfter": "mod+enter",
  "editor.action.insertLineBefore": "mod+shift+enter",
  "editor.action.commentLine": "mod+/",
  "editor.action.blockComment": "shift+alt+a",
  "editor.action.indentLines": "mod+]",
  "editor.action.outdentLines": "mod+[",
  "editor.action.jumpToBracket": "mod+shift+\\",
  "editor.action.smartSelect.expand": "shift+alt+right",
  "editor.action.smartSelect.shrink": "shift+alt+left",
  "editor.fold": "mod+shift+[",
  "editor.unfold": "mod+shift+]",
  "editor.foldAll": "mod+k mod+0",
  "editor.unfoldAll": "mod+k mod+j",
  "editor.toggleFold": "mod+k mod+l",
  "editor.action.formatDocument": "shift+alt+f",
  "editor.action.formatSelection": "mod+k mod+f",
  "editor.action.trimTrailingWhitespace": "mod+k mod+x",
  "editor.action.rename": "f2",
  "editor.action.revealDefinition": "f12",
  "editor.action.peekDefinition": "alt+f12",
  "editor.action.goToReferences": "shift+f12",
  "editor.action.goToImplementation": "mod+f12",
  "editor.action.quickFix": "mod+.",
  "editor.action.showHover": "mod+k mod+i",
  "editor.action.triggerSuggest": "ctrl+space",
  "editor.action.triggerParameterHints": "mod+shift+space",
  "editor.action.inlineSuggest.trigger": "alt+\\",
  "editor.action.inlineSuggest.commit": "tab",
  "editor.action.inlineSuggest.acceptNextWord": "mod+right",
  "editor.action.inlineSuggest.acceptNextLine": "alt+enter",
  "editor.action.inlineSuggest.showNext": "alt+]",
  "editor.action.inlineSuggest.showPrevious": "alt+[",
  "editor.action.inlineSuggest.hide": "escape",
  "editor.action.marker.nextInFiles": "f8",
  "editor.action.marker.prevInFiles": "shift+f8",
  "editor.action.setSelectionAnchor": "mod+k mod+b",
  "editor.action.wordHighlight.next": "f7",
  "editor.action.wordHighlight.prev": "shift+f7",
  "editor.action.toggleTabFocusMode": "ctrl+m",
  cursorUndo: "mod+u",
};
