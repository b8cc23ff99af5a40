/**
 * The moderators' room: what waits in the queue, read again whenever something in it has changed.
 *
 * Changes that come close together are one reading, and a lost connection is made up for by another. Emits `items`
 * {items, next, count} (of all pages that are shown), `joined` {secondLookAway}, and `refused` (a Refusal).
 */

import { Refusal } from "../gateway-socket.js";

const SETTLE_MS = 60;
const RETRY_MS = 3000;

export class QueueRoom extends EventTarget {
  #socket;
  #view = {};
  #pages = 1;
  #reading = false;
  #isStale = false;
  #timer = null;

  constructor(socket) {
    super();
    this.#socket = socket;
    socket.addEventListener("state", ({ detail }) => {
      clearTimeout(this.#timer);
      if (detail.state === "ready") this.#watch();
    });
    socket.addEventListener("frame", ({ detail: { event, data } }) => {
      if (event === "queue:changed" || (event === "room:reset" && data?.room === "mod:queue")) this.refresh();
    });
  }

  /** Shows other items from now on: those that `queue:list` gives for these fields. */
  look(view) {
    this.#view = view;
    this.#pages = 1;
    this.refresh(0);
  }

  /** Shows a page more. */
  more() {
    this.#pages += 1;
    this.refresh(0);
  }

  /** Reads again, soon. */
  refresh(delay = SETTLE_MS) {
    this.#isStale = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#read(), delay);
  }

  async #watch() {
    let now;
    try {
      // Whatever changes from here on is told, so that what is read next misses nothing.
      now = await this.#socket.command("queue:watch", {});
    } catch (error) {
      this.#failed(error, () => this.#watch());
      return;
    }
    this.#emit("joined", now);
    this.refresh(0);
  }

  async #read() {
    if (this.#reading || this.#socket.state !== "ready") return;
    this.#reading = true;
    this.#isStale = false;
    const view = this.#view;
    try {
      const found = await this.#readPages(view);
      if (view === this.#view) this.#emit("items", found);
    } catch (error) {
      this.#failed(error, () => this.refresh(0));
      return;
    } finally {
      this.#reading = false;
    }
    if (this.#isStale) this.refresh();
  }

  async #readPages(view) {
    let answer = await this.#socket.command("queue:list", view);
    const items = [...answer.items];
    for (let page = 1; page < this.#pages && answer.next; page += 1) {
      answer = await this.#socket.command("queue:list", { ...view, after: answer.next });
      items.push(...answer.items);
    }
    return { items, next: answer.next, count: answer.count };
  }

  #failed(error, again) {
    // Without a connection there is nothing to do: the next one begins with a reading.
    if (!(error instanceof Refusal)) return;
    if (error.retryAfter === null) this.#emit("refused", error);
    else this.#timer = setTimeout(again, Math.max(RETRY_MS, error.retryAfter * 1000));
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
