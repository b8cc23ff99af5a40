/**
 * One session's room on the gateway: who takes part, what is remarked, and what becomes of the session.
 *
 * The text itself has a connection of its own (text-editor.js). Every join tells the whole state again, so
 * nothing needs to be resumed here. Emits `joined` (the answer), `refused` (a Refusal) and `event` {event, data}.
 */

import { Refusal } from "../gateway-socket.js";

const RETRY_JOIN_MS = 3000;

export class SessionRoom extends EventTarget {
  #socket;
  #sessionId;
  #retry = null;

  constructor(socket, sessionId) {
    super();
    this.#socket = socket;
    this.#sessionId = sessionId;
    socket.addEventListener("state", ({ detail }) => {
      clearTimeout(this.#retry);
      if (detail.state === "ready") this.#join();
    });
    socket.addEventListener("frame", ({ detail }) => this.#receive(detail));
  }

  async #join() {
    try {
      this.#emit("joined", await this.#socket.command("collab:join", { sessionId: this.#sessionId }));
    } catch (error) {
      if (!(error instanceof Refusal)) return;
      if (error.retryAfter === null) this.#emit("refused", error);
      else this.#retry = setTimeout(() => this.#join(), Math.max(RETRY_JOIN_MS, error.retryAfter * 1000));
    }
  }

  /** Asks again how the session stands. */
  refresh() {
    if (this.#socket.state === "ready") this.#join();
  }

  #receive({ event, data }) {
    if (event === "room:reset" && data?.room === `collab:${this.#sessionId}`) this.#join();
    else if (String(data?.sessionId) === this.#sessionId) this.#emit("event", { event, data });
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
