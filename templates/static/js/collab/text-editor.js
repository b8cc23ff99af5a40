/**
 * The text: a Yjs document in CodeMirror, kept in step with everybody by a stock y-websocket provider.
 *
 * What is written while the connection is lost stays in the document and is merged when it is back.
 * Emits `status` {state, hasUnsent}, `people` [{id, name, hue}], `selection` {hasText} and `refused` {code, message}.
 */

import { hueOf } from "../dom.js";
import {
  Compartment,
  Decoration,
  EditorState,
  EditorView,
  HighlightStyle,
  StateEffect,
  StateField,
  WebsocketProvider,
  Y,
  defaultKeymap,
  drawSelection,
  keymap,
  markdownLanguage,
  placeholder,
  readAuthMessage,
  syntaxHighlighting,
  tags,
  yCollab,
  yUndoManagerKeymap,
} from "../../vendor/editor.js";

const TEXT = "content";
const AUTH_MESSAGE = 2;
const LONGEST_QUOTE = 120;

const markdown = HighlightStyle.define([
  { tag: tags.heading, class: "md-heading" },
  { tag: tags.strong, class: "md-strong" },
  { tag: tags.emphasis, class: "md-emphasis" },
  { tag: [tags.link, tags.url], class: "md-link" },
  { tag: tags.monospace, class: "md-code" },
  { tag: tags.quote, class: "md-quote" },
  { tag: tags.processingInstruction, class: "md-mark" },
]);

const showRemarks = StateEffect.define();
const remarks = StateField.define({
  create: () => Decoration.none,
  update(marks, transaction) {
    for (const effect of transaction.effects) if (effect.is(showRemarks)) return effect.value;
    return marks.map(transaction.changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});

export class TextEditor extends EventTarget {
  #document = new Y.Doc();
  #text = this.#document.getText(TEXT);
  #editing = new Compartment();
  #provider;
  #view;
  #hasUnsent = false;
  #comments = [];

  /**
   * @param parent where the editor goes.
   * @param sessionId whose text it is.
   * @param username whoever writes here.
   * @param nonce lets the editor's style sheet through the page's policy.
   */
  constructor({ parent, sessionId, username, nonce }) {
    super();
    const origin = location.origin.replace(/^http/, "ws");
    this.#provider = new WebsocketProvider(`${origin}/ws/collab`, sessionId, this.#document, {
      protocols: ["yjs"],
      disableBc: true,
      connect: false,
    });
    this.#listen();
    const hue = hueOf(username);
    this.#provider.awareness.setLocalStateField("user", {
      name: username,
      color: `oklch(52% 0.15 ${hue})`,
      colorLight: `oklch(70% 0.12 ${hue} / 0.25)`,
    });
    this.#view = new EditorView({ parent, state: EditorState.create({ extensions: this.#extensions(nonce) }) });
    this.#provider.connect();
  }

  /** Lets somebody write, or only read. */
  setEditable(editable) {
    this.#view.dispatch({ effects: this.#editing.reconfigure(writing(editable)) });
  }

  /** Stops exchanging anything, for good. */
  end() {
    this.#provider.disconnect();
  }

  /** What is selected, as a place that moves with the text: {start, end, quote}; null when nothing is. */
  selection() {
    const { from, to } = this.#view.state.selection.main;
    if (from === to) return null;
    const at = (index, assoc) => Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(this.#text, index, assoc));
    return { start: at(from, 0), end: at(to, -1), quote: this.#view.state.sliceDoc(from, to).slice(0, LONGEST_QUOTE) };
  }

  /** Marks the places of comments: [{id, position}]. */
  markComments(comments) {
    this.#comments = comments;
    this.#mark();
  }

  /** Scrolls to a comment's place and selects it; returns whether it is still there. */
  reveal(position) {
    const range = this.#range(position);
    if (!range) return false;
    this.#view.dispatch({ selection: { anchor: range.from, head: range.to }, scrollIntoView: true });
    this.#view.focus();
    return true;
  }

  get hasUnsent() {
    return this.#hasUnsent;
  }

  #listen() {
    const provider = this.#provider;
    provider.messageHandlers[AUTH_MESSAGE] = (encoder, decoder) =>
      readAuthMessage(decoder, this.#document, (document, reason) => this.#refused(reason));
    this.#document.on("update", (update, origin) => {
      if (origin === provider || provider.wsconnected) return;
      this.#hasUnsent = true;
      this.#tell();
    });
    provider.on("status", () => this.#tell());
    provider.on("sync", (synced) => {
      if (synced) {
        this.#hasUnsent = false;
        this.#mark();
      }
      this.#tell();
    });
    provider.on("closed", ({ reason }) => this.#emit("refused", { code: reason, message: "" }));
    provider.awareness.on("change", () => this.#emit("people", this.#people()));
  }

  #tell() {
    const { wsconnected, synced, wsUnsuccessfulReconnects } = this.#provider;
    const state = wsconnected && synced ? "live" : wsUnsuccessfulReconnects || this.#hasUnsent ? "reconnecting" : "connecting";
    this.#emit("status", { state, hasUnsent: this.#hasUnsent });
  }

  #refused(reason) {
    let error;
    try {
      error = JSON.parse(reason);
    } catch {
      error = { code: "refused", message: reason };
    }
    this.#emit("refused", error.error ?? error);
  }

  #people() {
    const people = new Map();
    for (const { user } of this.#provider.awareness.getStates().values()) {
      if (user?.name) people.set(user.id ?? user.name, { id: String(user.id ?? ""), name: user.name, hue: hueOf(user.name) });
    }
    return [...people.values()].sort((one, other) => one.name.localeCompare(other.name));
  }

  #extensions(nonce) {
    return [
      EditorView.cspNonce.of(nonce),
      keymap.of([...yUndoManagerKeymap, ...defaultKeymap]),
      drawSelection(),
      EditorView.lineWrapping,
      placeholder("Write something together"),
      markdownLanguage,
      syntaxHighlighting(markdown),
      EditorView.contentAttributes.of({ "aria-label": "Text", spellcheck: "true" }),
      EditorView.updateListener.of((update) => {
        if (update.selectionSet || update.docChanged) {
          this.#emit("selection", { hasText: !update.state.selection.main.empty });
        }
      }),
      this.#editing.of(writing(false)),
      remarks,
      yCollab(this.#text, this.#provider.awareness, { undoManager: new Y.UndoManager(this.#text) }),
    ];
  }

  #mark() {
    const ranges = this.#comments
      .map(({ id, position }) => ({ id, range: this.#range(position) }))
      .filter(({ range }) => range)
      .sort((one, other) => one.range.from - other.range.from || one.range.to - other.range.to)
      .map(({ id, range }) => Decoration.mark({ class: "remark", attributes: { "data-comment": id } }).range(range.from, range.to));
    this.#view.dispatch({ effects: showRemarks.of(Decoration.set(ranges)) });
  }

  #range(position) {
    if (!position?.start || !position?.end) return null;
    const index = (json) =>
      Y.createAbsolutePositionFromRelativePosition(Y.createRelativePositionFromJSON(json), this.#document)?.index;
    const [from, to] = [index(position.start), index(position.end)];
    return from === undefined || to === undefined || from >= to ? null : { from, to };
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** What may only be read can still be reached by keyboard, and selected to remark on it. */
const writing = (editable) => [
  EditorState.readOnly.of(!editable),
  EditorView.editable.of(editable),
  editable ? [] : EditorView.contentAttributes.of({ tabindex: "0", "aria-readonly": "true" }),
];
