/**
 * The connection to the gateway: one WebSocket at /ws/, opened again when it is lost.
 *
 * Emits `state` {state, retryAt?, code?, reason?} with the states connecting, ready, waiting, offline and
 * closed, and `frame` {event, data} for every server event. `command()` resolves with the answer's data.
 */

import { isFinal, reconnectDelay } from "./backoff.js";

const READY_WITHIN_MS = 12_000;
const ANSWER_WITHIN_MS = 10_000;
const STEADY_AFTER_MS = 5_000;

/** The server said no: `code`, `message` and perhaps `retryAfter` (seconds). */
export class Refusal extends Error {
  constructor(error) {
    super(error?.message ?? "The server refused this.");
    this.code = error?.code ?? "refused";
    this.retryAfter = error?.retryAfter ?? null;
  }
}

/** Nobody knows whether the command arrived: ask again with the same `cid`. */
export class Unanswered extends Error {}

export class GatewaySocket extends EventTarget {
  #url;
  #socket = null;
  #state = "closed";
  #closing = null;
  #attempt = 0;
  #refs = 0;
  #pending = new Map();
  #timers = { retry: null, ready: null, steady: null };

  constructor(url) {
    super();
    this.#url = url;
    addEventListener("offline", () => this.#lost());
    addEventListener("online", () => this.#state === "offline" && this.open());
    addEventListener("pagehide", () => this.#drop());
    addEventListener("pageshow", (event) => event.persisted && this.open());
  }

  get state() {
    return this.#state;
  }

  /** Connects now, whatever was being waited for. */
  open() {
    this.#drop();
    if (!navigator.onLine) {
      this.#become("offline");
      return;
    }
    this.#closing = null;
    this.#become("connecting");
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    this.#timers.ready = setTimeout(() => this.#lost(), READY_WITHIN_MS);
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = ({ code, reason }) => this.#lost(code, reason);
  }

  /** Gives a connection up that looks dead, and makes a new one. */
  restart() {
    this.#lost();
  }

  command(event, data) {
    if (this.#state !== "ready") return Promise.reject(new Unanswered("not connected"));
    const ref = String((this.#refs += 1));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(ref);
        reject(new Unanswered("no answer in time"));
        this.restart();
      }, ANSWER_WITHIN_MS);
      this.#pending.set(ref, { resolve, reject, timer });
      this.#socket.send(JSON.stringify({ event, data, ref }));
    });
  }

  #receive(text) {
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      console.warn("A frame that is not JSON was passed over.");
      return;
    }
    if (frame.event === "reply") this.#answer(frame);
    else if (frame.event === "session:ready") this.#ready(frame.data);
    else if (frame.event === "session:closing") this.#closing = frame.data;
    else this.dispatchEvent(new CustomEvent("frame", { detail: frame }));
  }

  #answer({ ref, ok, data, error }) {
    const pending = this.#pending.get(String(ref));
    if (!pending) return;
    this.#pending.delete(String(ref));
    clearTimeout(pending.timer);
    if (ok) pending.resolve(data ?? {});
    else pending.reject(new Refusal(error));
  }

  #ready(session) {
    clearTimeout(this.#timers.ready);
    this.#timers.steady = setTimeout(() => (this.#attempt = 0), STEADY_AFTER_MS);
    this.#become("ready", { session });
  }

  #lost(code = 1006, reason = "") {
    const closing = this.#closing ?? { code, reason, retryAfterMs: null };
    this.#closing = null;
    this.#drop();
    if (isFinal(closing.code)) {
      this.#become("closed", { code: closing.code, reason: closing.reason });
    } else if (!navigator.onLine) {
      this.#become("offline");
    } else {
      // A server's own wish gets the same jitter, or everybody would come back in the same instant.
      const delay = Math.max(reconnectDelay(this.#attempt), (closing.retryAfterMs ?? 0) * (1 + Math.random() / 2));
      this.#attempt += 1;
      this.#timers.retry = setTimeout(() => this.open(), delay);
      this.#become("waiting", { retryAt: Date.now() + delay });
    }
  }

  #drop() {
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
    if (this.#socket) {
      this.#socket.onmessage = null;
      this.#socket.onclose = null;
      this.#socket.close();
      this.#socket = null;
    }
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer);
      reject(new Unanswered("the connection was lost"));
    }
    this.#pending.clear();
  }

  #become(state, detail = {}) {
    this.#state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: { state, ...detail } }));
  }
}
