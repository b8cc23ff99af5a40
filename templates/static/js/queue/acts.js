/** Acting on items, saying what became of it, and taking the last decision back. */

import { byId, element } from "../dom.js";
import { Refusal, Unanswered } from "../gateway-socket.js";
import { newCid } from "../cid.js";
import { items as numberOf, outcomesOf, outcomesOfAll } from "./words.js";

const DONE = { claim: "Claimed", unclaim: "Released", assign: "Assigned", undo: "Taken back" };
const PAST = { Remove: "Removed", Refuse: "Refused", Keep: "Kept", Show: "Shown", Ban: "Banned", "Let be": "Let be", "Remove and ban": "Removed and banned" };
const MOST = 50;

export class Acts {
  #socket;
  #undoable = [];
  #isBusy = false;

  constructor(socket) {
    this.#socket = socket;
  }

  claim(items) {
    return this.#act("claim", items, {}, DONE.claim);
  }

  unclaim(items) {
    return this.#act("unclaim", items, {}, DONE.unclaim);
  }

  /** @param userId empty for nobody in particular. */
  assign(items, userId) {
    return this.#act("assign", items, { userId: userId || null }, DONE.assign);
  }

  undo(items) {
    return this.#act("undo", items, {}, DONE.undo);
  }

  async decide(items, outcome, reason) {
    const words = items.length === 1 ? outcomesOf(items[0])[outcome] : outcomesOfAll(items)[outcome];
    const done = await this.#act("decide", items, { outcome, reason }, PAST[words]);
    if (done.length) this.#offerUndo(done);
    return done;
  }

  /** Takes the last decision made here back; nothing when there is none. */
  undoLast() {
    const items = this.#undoable;
    this.#undoable = [];
    return items.length ? this.undo(items) : Promise.resolve([]);
  }

  /** Says something about the last act. */
  say(words, level = "done") {
    byId("notice").dataset.level = level;
    byId("notice").replaceChildren(words);
  }

  /** Does `work` with the server; says why when it could not be done. Returns whether it was. */
  async attempt(work) {
    try {
      await work();
      return true;
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof Unanswered)) throw error;
      this.say(error instanceof Refusal ? error.message : "You are not connected. Look again when you are.", "error");
      return false;
    }
  }

  /** Sends the act; the items it was done to, as versions that can be acted on again. */
  async #act(act, items, fields, words) {
    if (this.#isBusy || !items.length) return [];
    this.#isBusy = true;
    const results = [];
    const isDone = await this.attempt(async () => {
      for (let at = 0; at < items.length; at += MOST) {
        const seen = items.slice(at, at + MOST).map(({ id, version }) => ({ id, version }));
        const answer = await this.#socket.command(`queue:${act}`, { items: seen, ...fields, cid: newCid() });
        results.push(...answer.items);
      }
    }).finally(() => (this.#isBusy = false));
    if (isDone) this.#tell(results, words);
    return results.filter(({ ok }) => ok).map(({ id, version }) => ({ id, version }));
  }

  #tell(results, words) {
    const done = results.filter(({ ok }) => ok).length;
    const refused = [...new Set(results.filter(({ ok }) => !ok).map(({ message }) => message))];
    const parts = [];
    if (done) parts.push(results.length === 1 ? `${words}.` : `${words}: ${numberOf(done)}.`);
    if (refused.length) parts.push(results.length === 1 ? refused[0] : `Not done: ${numberOf(results.length - done)}. ${refused.join(" ")}`);
    this.say(parts.join(" "), refused.length ? "error" : "done");
  }

  #offerUndo(done) {
    this.#undoable = done;
    byId("notice").append(" ", element("button", { type: "button", class: "queue-button", "data-undo": true }, "Undo"));
  }
}
