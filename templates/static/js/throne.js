/** The throne: who sits there, until when, what a claim takes, and who sat there before. */

import { countdown } from "./clock.js";
import { byId, element } from "./dom.js";
import { moment, plural, span } from "./format.js";
import { explain, payOnce } from "./pay-once.js";
import { getJson } from "./rest.js";
import { sheet } from "./sheet.js";

const ENDS = { claimed: "dethroned", expired: "time over", stream_ended: "stream ended", voided: "gift taken back" };

export class Throne {
  #rules;
  #clock;
  #path;
  #viewer;
  #holder = null;
  #mine = null;
  #last = null;
  #stop = () => {};

  /** `rules` {coins, percent, freeFrom}; `viewer` {userId, isHost, ogLevel} is read at every look. */
  constructor({ streamId, rules, clock, viewer }) {
    this.#path = `/api/streams/${encodeURIComponent(streamId)}/throne/`;
    this.#rules = rules;
    this.#clock = clock;
    this.#viewer = viewer;
    sheet(byId("reigns"), byId("reigns-open"), () => this.#showReigns());
  }

  /** Lets the viewer claim it, in this room. */
  takePart(room) {
    byId("throne-claim").addEventListener("click", () => this.#claim(room));
  }

  /** Shows the throne as a snapshot has it. */
  show(throne) {
    this.#sit(throne?.holder ?? null);
  }

  /** Reads the throne, and what of it concerns the viewer. */
  async refresh() {
    try {
      const { throne, mine } = await getJson(this.#path);
      this.#mine = mine?.coins ?? null;
      this.show(throne);
    } catch (error) {
      console.info("The throne could not be read.", error);
    }
  }

  apply(event, data) {
    this.#events[event]?.(data);
  }

  /** Whether this change of the throne is told for the first time; it comes once for each of the throne's rooms. */
  isNews(event, { throneId }) {
    const news = `${event} ${throneId}`;
    const isNew = news !== this.#last;
    this.#last = news;
    return isNew;
  }

  /** The viewer's tier may spare them the coins. */
  update() {
    this.#render();
  }

  #events = {
    "throne:claimed": ({ throneId, userId, username, coins, timestamp, expiresAt }) => {
      byId("throne-problem").textContent = "";
      this.#sit({ throneId, userId, username, coins, since: timestamp, expiresAt });
    },
    "throne:vacated": ({ throneId }) => {
      if (this.#holder?.throneId === throneId) this.#sit(null);
    },
    "gift:sent": ({ senderId, coinCost }) => this.#gifted(senderId, coinCost),
    "gift:voided": ({ senderId, coinCost }) => this.#gifted(senderId, -coinCost),
  };

  #gifted(userId, coins) {
    if (userId === this.#viewer.userId && this.#mine !== null) this.#mine += coins;
    if (userId === this.#holder?.userId) this.#holder.coins += coins;
    this.#render();
  }

  #sit(holder) {
    this.#stop();
    this.#holder = holder;
    byId("throne").toggleAttribute("data-taken", Boolean(holder));
    this.#render();
    if (!holder) return;
    const until = this.#clock.local(holder.expiresAt);
    this.#stop = countdown(until, (left) => this.#detail(left), () => this.#detail(0));
  }

  #detail(left) {
    const { coins } = this.#holder;
    byId("throne-detail").textContent = `${plural(coins, "coin", "coins")} · ${left > 0 ? `${span(left / 1000)} left` : "time is over"}`;
  }

  #render() {
    const { userId, isHost } = this.#viewer;
    const isMine = Boolean(userId) && this.#holder?.userId === userId;
    byId("throne-holder").textContent = this.#holder ? (isMine ? `${this.#holder.username} (you)` : this.#holder.username) : "Nobody sits here";
    if (!this.#holder) byId("throne-detail").textContent = this.#needed() ? `${plural(this.#needed(), "coin takes", "coins take")} it` : "Free for your tier";
    const mayClaim = Boolean(userId) && !isHost && !isMine && this.#mine !== null;
    byId("throne-claim").hidden = !mayClaim;
    const missing = mayClaim ? Math.max(0, this.#needed() - this.#mine) : 0;
    byId("throne-claim").setAttribute("aria-disabled", String(missing > 0));
    byId("throne-missing").textContent = missing ? `You have gifted ${plural(this.#mine, "coin", "coins")} here: ${missing.toLocaleString()} more to claim it.` : "";
  }

  /** What a claim of the viewer's takes, by the server's rule. */
  #needed() {
    const { coins, percent, freeFrom } = this.#rules;
    if (this.#holder) return Math.ceil((this.#holder.coins * (100 + percent)) / 100);
    return this.#viewer.ogLevel >= freeFrom ? 0 : coins;
  }

  async #claim(room) {
    const [button, problem] = [byId("throne-claim"), byId("throne-problem")];
    const missing = this.#needed() - this.#mine;
    problem.textContent = missing > 0 ? `Not yet: gift ${plural(missing, "more coin", "more coins")} here first.` : "";
    if (missing > 0 || button.hasAttribute("aria-busy")) return;
    button.setAttribute("aria-busy", "true");
    try {
      await payOnce(room, (cid) => room.command("throne:claimed", { cid }));
    } catch (error) {
      problem.textContent = error.code === "insufficient_coins" ? "Somebody was faster: it takes more coins now." : explain(error);
      this.refresh();
    }
    button.removeAttribute("aria-busy");
  }

  async #showReigns() {
    const body = byId("reigns-body");
    body.replaceChildren(element("p", { class: "hall-empty" }, "Loading…"));
    try {
      const { reigns, leaders } = await getJson(this.#path);
      body.replaceChildren(...(reigns.length ? [ranking(leaders), history(reigns)] : [element("p", { class: "hall-empty" }, "Nobody has sat here yet.")]));
    } catch (error) {
      console.info("The reigns could not be read.", error);
      body.replaceChildren(element("p", { class: "game-problem" }, "The history could not be loaded. Close this and open it again."));
    }
  }
}

function ranking(leaders) {
  return element(
    "section",
    { "aria-label": "Longest reigns" },
    element("h3", { class: "hall-heading" }, "Longest in all"),
    element("ol", { class: "gifter-list" }, ...leaders.slice(0, 5).map(({ username, seconds }) => element("li", { class: "gifter" }, element("span", { class: "gifter-name" }, username), element("span", { class: "gifter-coins" }, span(seconds))))),
  );
}

function history(reigns) {
  const row = ({ username, coins, beganAt, seconds, end }) =>
    element("tr", {}, element("th", { scope: "row" }, username), element("td", {}, coins.toLocaleString()), element("td", {}, span(seconds)), element("td", {}, moment(beganAt)), element("td", {}, end ? (ENDS[end] ?? end) : "sits there"));
  const heads = ["Who", "Coins", "How long", "Since", "End"].map((name) => element("th", { scope: "col" }, name));
  return element("div", { class: "table-scroll", tabindex: "0", role: "group", "aria-label": "All reigns" }, element("table", { class: "table" }, element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, ...reigns.map(row))));
}
