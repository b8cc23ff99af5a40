/** The bar of reactions: sends one's own, shows how many of each kind there were, and says what opens the locked ones. */

import { byId, element } from "./dom.js";
import { count, plural } from "./format.js";
import { Pace } from "./pace.js";
import { REACTIONS } from "./reaction-show.js";
import { inWords } from "./refusals.js";

/** Less than the server takes, 20 in 5 seconds and 120 a minute: what it refuses counts against the viewer. */
const AT_ONCE = 10;
const EVERY_MS = 650;
/** A screen reader is told at most this often. */
const TOLD_EVERY_MS = 10_000;
const NOTE_MS = 5000;

export class Reactions {
  #room;
  #viewer;
  #pace = new Pace(AT_ONCE, EVERY_MS);
  #buttons = new Map();
  #bar = byId("reactions");
  #note = byId("reaction-note");
  #noteTimer = null;
  #telling = null;
  #heard = 0;
  #likes = 0;

  constructor({ room, viewer, player }) {
    this.#room = room;
    this.#viewer = viewer;
    for (const [name, reaction] of Object.entries(REACTIONS)) this.#buttons.set(name, this.#button(name, reaction));
    byId("reaction-buttons").replaceChildren(...this.#buttons.values());
    const followStatus = () => (this.#bar.hidden = player.status !== "live");
    followStatus();
    player.addEventListener("status", followStatus);
    viewer.addEventListener("change", () => this.#lock());
    this.#lock();
  }

  /** The stream's numbers: what is not in them stays as it is. */
  showCounts({ likes, reactions }) {
    if (Number.isFinite(likes)) this.#likes = likes;
    for (const [name, number] of Object.entries(reactions ?? {})) {
      const shown = this.#buttons.get(name)?.querySelector(".reaction-count");
      if (shown) shown.textContent = count(number);
    }
  }

  /** Applies one event of the room. */
  apply(event, data) {
    if (event === "metrics:update") this.showCounts(data.metrics);
    if (event !== "stream:react") return;
    this.#heard += 1;
    this.#telling ??= setTimeout(() => this.#tell(), TOLD_EVERY_MS);
  }

  #button(name, { label, picture }) {
    const button = element(
      "button",
      { class: "reaction", type: "button", "data-reaction": name, title: label },
      element("span", { class: "reaction-picture", "aria-hidden": "true" }, picture),
      element("span", { class: "reaction-count count" }),
      element("span", { class: "reaction-lock" }),
    );
    button.addEventListener("click", () => this.#react(name));
    return button;
  }

  #lock() {
    const level = this.#viewer.levelFor("animated");
    for (const [name, button] of this.#buttons) {
      const isLocked = this.#isLocked(name);
      const { label } = REACTIONS[name];
      button.setAttribute("aria-disabled", String(isLocked));
      button.setAttribute("aria-label", isLocked ? `${label}, from OG ${level} on` : label);
      button.querySelector(".reaction-lock").textContent = isLocked ? `OG ${level}` : "";
    }
  }

  #isLocked = (name) => Boolean(REACTIONS[name].animated) && !this.#viewer.has("animated");

  async #react(name) {
    this.#say("");
    if (this.#isLocked(name)) {
      const tiers = element("button", { class: "button button-small", type: "button", "data-open-tiers": true }, "See OG tiers");
      this.#say(`${REACTIONS[name].label} needs OG level ${this.#viewer.levelFor("animated")}.`, tiers);
      return;
    }
    if (!this.#room.joined) return this.#say("There is no connection at the moment.");
    if (!this.#pace.take()) return this.#say("Give it a moment.");
    try {
      await this.#room.command("stream:react", { reaction: name });
    } catch (error) {
      this.#say(inWords(error));
    }
  }

  #say(words, ...more) {
    clearTimeout(this.#noteTimer);
    this.#note.replaceChildren(words, ...more);
    if (words && !more.length) this.#noteTimer = setTimeout(() => this.#note.replaceChildren(), NOTE_MS);
  }

  #tell() {
    this.#telling = null;
    byId("reaction-status").textContent = `${plural(this.#heard, "reaction", "reactions")}, ${plural(this.#likes, "like", "likes")} in all`;
    this.#heard = 0;
  }
}
