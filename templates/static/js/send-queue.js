/**
 * Messages on their way. They go out one at a time and in order, each under its own `cid`; one whose answer
 * was lost with the connection is sent again under the same `cid`, so the server never doubles it.
 *
 * Emits `change` (the entries, whenever one changes), `sent` and `refused` {entry, refusal}.
 */

import { newCid } from "./cid.js";
import { Refusal } from "./gateway-socket.js";

const ATTEMPTS = 4;
/** Refusals that say nothing of the message: the same `cid` may be tried again. */
const PASSING = new Set(["unavailable", "internal"]);
const PASSING_MS = 1500;

export class SendQueue extends EventTarget {
  #room;
  #entries = [];
  #busy = false;

  constructor(room) {
    super();
    this.#room = room;
    room.addEventListener("joined", () => this.#pump());
    room.addEventListener("refused", ({ detail }) => {
      for (const entry of this.#entries) this.#fail(entry, detail.message);
    });
  }

  get entries() {
    return this.#entries;
  }

  submit(draft) {
    this.#entries.push({ ...draft, cid: newCid(), state: "waiting", attempts: 0, problem: "", since: Date.now() });
    this.#changed();
    this.#pump();
  }

  /** Keeps a draft the server refused beside the composer, to be sent again on request as a new message. */
  keep(draft, problem) {
    this.#entries.push({ ...draft, cid: newCid(), state: "failed", attempts: 0, problem, since: Date.now() });
    this.#changed();
  }

  retry(cid) {
    const entry = this.#entries.find((candidate) => candidate.cid === cid);
    if (!entry) return;
    Object.assign(entry, { state: "waiting", attempts: 0, problem: "" });
    this.#changed();
    this.#pump();
  }

  discard(cid) {
    this.#entries = this.#entries.filter((entry) => entry.cid !== cid);
    this.#changed();
  }

  async #pump() {
    if (this.#busy || !this.#room.joined) return;
    const entry = this.#entries.find(({ state }) => state === "waiting");
    if (!entry) return;
    this.#busy = true;
    let pause = 0;
    entry.state = "sending";
    entry.attempts += 1;
    this.#changed();
    try {
      const { message, type, replyTo, spotlight, cid } = entry;
      await this.#room.command("chat:new", { message, type, cid, ...(replyTo && { replyTo: replyTo.id }), ...(spotlight && { spotlight }) });
      this.discard(entry.cid);
      this.#emit("sent");
    } catch (error) {
      pause = this.#notSent(entry, error);
    }
    if (pause) await new Promise((resolve) => setTimeout(resolve, pause));
    this.#busy = false;
    this.#pump();
  }

  /** What to do with an unsent entry, and how long to wait before the next is tried (0: not at all). */
  #notSent(entry, error) {
    const refused = error instanceof Refusal;
    if (refused && !PASSING.has(error.code)) {
      this.discard(entry.cid);
      this.#emit("refused", { entry, refusal: error });
      return (error.retryAfter ?? 0) * 1000;
    }
    if (entry.attempts >= ATTEMPTS) {
      this.#fail(entry, refused ? error.message : "No answer from the server.");
      return 0;
    }
    entry.state = "waiting";
    this.#changed();
    return refused ? Math.max(PASSING_MS, (error.retryAfter ?? 0) * 1000) : 0;
  }

  #fail(entry, problem) {
    Object.assign(entry, { state: "failed", problem });
    this.#changed();
  }

  #changed() {
    this.#emit("change", this.#entries);
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
