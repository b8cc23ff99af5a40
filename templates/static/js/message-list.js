/**
 * The list of rows: bounded, appended to once a frame, and kept at its end while the reader is there.
 *
 * Emits `trimmed` when the oldest rows were dropped and `moved` {pinned, unread} when the reader's place changed.
 */

import { continueFrom, removedQuote } from "./message-view.js";

const ROWS = 500;
/** A reader further up keeps what they read; this many rows, then new ones wait outside the page. */
const ROWS_WHILE_READING = 1500;
const NEAR_END_PX = 48;

export class MessageList extends EventTarget {
  #scroller;
  #list;
  #live;
  #queue = [];
  #frame = null;
  #ids = new Set();
  #pinned = true;
  #unread = 0;

  constructor(scroller, list, live) {
    super();
    this.#live = live;
    this.#scroller = scroller;
    this.#list = list;
    scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    const resized = new ResizeObserver(() => this.#pinned && this.#toEnd());
    for (const part of [scroller, ...scroller.children]) resized.observe(part);
  }

  get isEmpty() {
    return this.#ids.size === 0 && this.#list.childElementCount === 0 && this.#queue.length === 0;
  }

  get oldestId() {
    return this.#list.querySelector("[data-message-id]")?.dataset.messageId ?? null;
  }

  isLast(row) {
    return row === (this.#queue.at(-1) ?? this.#list.lastElementChild);
  }

  has(messageId) {
    return this.#ids.has(String(messageId));
  }

  /** Adds a row at the end with the next frame. A message that is already there is not added again. */
  append(row) {
    const id = row.dataset.messageId;
    if (id !== undefined) {
      if (this.#ids.has(id)) return;
      this.#ids.add(id);
      if (!this.#pinned) this.#unread += 1;
    }
    this.#queue.push(row);
    if (this.#queue.length > ROWS) this.#forget(this.#queue.shift());
    this.#frame ??= requestAnimationFrame(() => this.#flush());
  }

  /** Adds older rows, oldest first, above all others, without moving what is being read. */
  prepend(rows) {
    const fresh = rows.filter(({ dataset }) => !this.#ids.has(dataset.messageId));
    for (const { dataset } of fresh) this.#ids.add(dataset.messageId);
    const first = this.#list.firstElementChild;
    const fromEnd = this.#scroller.scrollHeight - this.#scroller.scrollTop;
    this.#live.quietly(() => this.#list.prepend(...fresh));
    this.#join(fresh);
    if (first) continueFrom(first.previousElementSibling, first);
    this.#scroller.scrollTop = this.#scroller.scrollHeight - fromEnd;
  }

  /** Puts a row in the place of the one with its message, or at the end when there is none. */
  put(row) {
    const id = row.dataset.messageId;
    const old = this.#queue.find(({ dataset }) => dataset.messageId === id) ?? this.#row(id);
    if (!old) return this.append(row);
    this.#queue = this.#queue.map((waiting) => (waiting === old ? row : waiting));
    old.replaceWith(row);
  }

  /** Takes a message out, and its words out of the replies that quote it. */
  remove(messageId) {
    const id = String(messageId);
    for (const quote of this.#quotes(id)) quote.replaceWith(removedQuote());
    const row = this.#queue.find(({ dataset }) => dataset.messageId === id) ?? this.#row(id);
    if (!row) return;
    this.#ids.delete(id);
    this.#queue = this.#queue.filter((waiting) => waiting !== row);
    const next = row.nextElementSibling;
    const hadFocus = row.contains(document.activeElement);
    row.remove();
    if (hadFocus) (next?.classList.contains("message") ? next : this.#scroller).focus({ preventScroll: true });
    if (next) this.#join([next]);
  }

  /** The ids of the messages here from `messageId` on. */
  idsFrom(messageId) {
    return [...this.#ids].filter((id) => id !== undefined && Number(id) >= Number(messageId));
  }

  /** Starts over with `rows`. */
  reset(rows) {
    this.#queue = [];
    this.#ids = new Set(rows.map(({ dataset }) => dataset.messageId));
    this.#live.quietly(() => this.#list.replaceChildren(...rows));
    this.#join(rows);
    this.#toEnd();
    this.#place(true, 0);
  }

  /** Brings a message into view and marks it for a moment. False when it is not loaded. */
  reveal(messageId) {
    this.#flush();
    const row = this.#row(messageId);
    if (!row) return false;
    row.scrollIntoView({ block: "center" });
    row.focus({ preventScroll: true });
    row.classList.remove("message-found");
    requestAnimationFrame(() => row.classList.add("message-found"));
    return true;
  }

  /** Goes to the newest message. */
  follow() {
    this.#place(true, 0);
    this.#flush();
    this.#toEnd();
  }

  #flush() {
    cancelAnimationFrame(this.#frame);
    this.#frame = null;
    if (!this.#pinned) this.#place(false, this.#unread);
    if (!this.#pinned && (this.#list.childElementCount >= ROWS_WHILE_READING || this.#queue.length >= ROWS)) return;
    const rows = this.#queue.splice(0);
    if (!rows.length) return;
    this.#live.expect(rows.length);
    // The queue was full, so rows before it were lost: what is here has no connection to it any more.
    if (rows.length >= ROWS) this.#clear();
    this.#list.append(...rows);
    this.#join(rows);
    if (!this.#pinned) return;
    this.#trim();
    this.#toEnd();
  }

  #trim() {
    const surplus = this.#list.childElementCount - ROWS;
    if (surplus <= 0) return;
    for (let index = 0; index < surplus; index += 1) {
      this.#forget(this.#list.firstElementChild);
      this.#list.firstElementChild.remove();
    }
    continueFrom(null, this.#list.firstElementChild);
    this.dispatchEvent(new Event("trimmed"));
  }

  #clear() {
    for (const row of this.#list.children) this.#forget(row);
    this.#list.replaceChildren();
    this.dispatchEvent(new Event("trimmed"));
  }

  #forget(row) {
    this.#ids.delete(row.dataset.messageId);
  }

  #join(rows) {
    for (const row of rows) {
      if (row.dataset.userId !== undefined) continueFrom(row.previousElementSibling, row);
    }
  }

  #quotes(messageId) {
    const selector = `[data-original-id="${CSS.escape(messageId)}"]`;
    return [...this.#queue, this.#list].flatMap((root) => [...root.querySelectorAll(selector)]);
  }

  #row(messageId) {
    return this.#list.querySelector(`[data-message-id="${CSS.escape(String(messageId))}"]`);
  }

  #scrolled() {
    const { scrollTop, clientHeight, scrollHeight } = this.#scroller;
    const pinned = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
    if (pinned === this.#pinned) return;
    this.#place(pinned, pinned ? 0 : this.#unread);
    if (pinned && this.#queue.length) this.#flush();
  }

  #place(pinned, unread) {
    this.#pinned = pinned;
    this.#unread = unread;
    this.dispatchEvent(new CustomEvent("moved", { detail: { pinned, unread } }));
  }

  #toEnd() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }
}
