/** What the editor page takes from its libraries, as one file: `npm run build` writes templates/static/vendor/editor.js. */

export { defaultKeymap, indentWithTab } from "@codemirror/commands";
export { markdownLanguage } from "@codemirror/lang-markdown";
export { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
export { Compartment, EditorState, StateEffect, StateField } from "@codemirror/state";
export { Decoration, EditorView, drawSelection, keymap, placeholder } from "@codemirror/view";
export { tags } from "@lezer/highlight";
export { yCollab, yUndoManagerKeymap } from "y-codemirror.next";
export { readAuthMessage } from "y-protocols/auth";
export { WebsocketProvider } from "y-websocket";
export * as Y from "yjs";
