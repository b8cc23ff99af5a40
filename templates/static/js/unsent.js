/** Messages that have no answer yet or were not accepted, between the chat and the composer. */

import { element } from "./dom.js";

/** An answer that comes at once needs no "sending" before it. */
const SHOWN_AFTER_MS = 250;

export class UnsentMessages {
  #list;
  #queue;
  #timer = null;

  constructor(list, queue, room) {
    this.#list = list;
    this.#queue = queue;
    queue.addEventListener("change", () => this.#render(room));
  }

  #render(room) {
    clearTimeout(this.#timer);
    const now = Date.now();
    const due = this.#queue.entries.filter(({ state, since }) => state === "failed" || now - since >= SHOWN_AFTER_MS);
    this.#list.replaceChildren(...due.map((entry) => this.#item(entry, room)));
    if (due.length < this.#queue.entries.length) this.#timer = setTimeout(() => this.#render(room), SHOWN_AFTER_MS);
  }

  #item(entry, room) {
    const failed = entry.state === "failed";
    const item = element(
      "li",
      { class: "unsent-item", "data-state": entry.state },
      element("span", { class: "unsent-text" }, entry.message),
      element("span", { class: "unsent-state", role: failed ? "alert" : null }, failed ? `Not sent. ${entry.problem}` : room.joined ? "Sending…" : "Waiting for the connection…"),
    );
    if (failed) item.append(this.#button("Retry", () => this.#queue.retry(entry.cid)));
    if (entry.state !== "sending") item.append(this.#button("Discard", () => this.#queue.discard(entry.cid)));
    return item;
  }

  #button(label, run) {
    const button = element("button", { class: "button button-small", type: "button" }, label);
    button.addEventListener("click", run);
    return button;
  }
}
