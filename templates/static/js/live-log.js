/**
 * What a screen reader reads of the chat: every message while they are few, a count when they come too fast
 * to be read, and nothing of history that is loaded.
 */

import { plural } from "./format.js";

const WINDOW_MS = 4000;
const READABLE = 6;
const SUMMARY_MS = 10_000;
const QUIET_MS = 300;

export class LiveLog {
  #log;
  #status;
  #recent = [];
  #skipped = 0;
  #quietUntil = 0;
  #timers = { policy: null, summary: null };

  constructor(log, status) {
    this.#log = log;
    this.#status = status;
  }

  /** Called before `number` new messages are shown. */
  expect(number) {
    const now = Date.now();
    this.#recent.push({ at: now, number });
    this.#apply();
    if (this.#isBusy()) {
      this.#skipped += number;
      this.#timers.summary ??= setTimeout(() => this.#summarise(), SUMMARY_MS);
    }
  }

  /** Makes a change that is no news. */
  quietly(change) {
    this.#quietUntil = Date.now() + QUIET_MS;
    this.#apply();
    change();
  }

  say(text) {
    this.#status.textContent = text;
  }

  #isBusy() {
    const since = Date.now() - WINDOW_MS;
    while (this.#recent.length && this.#recent[0].at < since) this.#recent.shift();
    return this.#recent.reduce((sum, { number }) => sum + number, 0) > READABLE;
  }

  #apply() {
    const silent = this.#isBusy() || Date.now() < this.#quietUntil;
    const live = silent ? "off" : "polite";
    if (this.#log.getAttribute("aria-live") !== live) this.#log.setAttribute("aria-live", live);
    clearTimeout(this.#timers.policy);
    if (silent) this.#timers.policy = setTimeout(() => this.#apply(), this.#recent.length ? 1000 : QUIET_MS);
  }

  #summarise() {
    this.#timers.summary = null;
    this.say(`${plural(this.#skipped, "new message", "new messages")} in the chat`);
    this.#skipped = 0;
  }
}
