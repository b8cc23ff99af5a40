/** Choosing and sending a gift, beside the chat. Stays open after sending: the same again makes a combo. */

import { byId, element, hiddenText } from "./dom.js";
import { plural } from "./format.js";
import { CATEGORIES, obstacle, picture, RARITIES, remark } from "./gift-catalog.js";
import { explain, payOnce } from "./pay-once.js";
import { getJson } from "./rest.js";

export class GiftTray {
  #room;
  #wallet;
  #viewer;
  #status;
  #gifts = null;
  #category = Object.keys(CATEGORIES)[0];
  #chosen = null;
  #sending = false;
  #panel = byId("gift-tray");
  #opener = byId("gift-open");
  #quantity = byId("gift-quantity");
  #button = byId("gift-send");

  /** `viewer` {ogLevel, country} is read at every look; `status()` is the stream's. */
  constructor({ room, wallet, viewer, status }) {
    this.#room = room;
    this.#wallet = wallet;
    this.#viewer = viewer;
    this.#status = status;
    this.#opener.addEventListener("click", () => (this.#panel.hidden ? this.#open() : this.#close()));
    byId("gift-close").addEventListener("click", () => this.#close());
    this.#panel.addEventListener("keydown", (event) => event.key === "Escape" && this.#close());
    byId("gift-categories").addEventListener("change", ({ target }) => {
      byId("gift-problem").textContent = "";
      this.#showCategory(target.value);
    });
    byId("gift-grid").addEventListener("change", ({ target }) => {
      byId("gift-problem").textContent = "";
      this.#choose(target.value);
    });
    this.#quantity.addEventListener("input", () => this.#price());
    byId("gift-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    wallet.addEventListener("change", () => this.#price());
  }

  /** Looks again at what may be sent: the viewer's tier or the stream changed. */
  update() {
    if (this.#gifts && !this.#panel.hidden) this.#render();
  }

  async #open() {
    this.#panel.hidden = false;
    this.#opener.setAttribute("aria-expanded", "true");
    await this.#load();
    this.#panel.querySelector("input:checked")?.focus();
  }

  #close() {
    this.#panel.hidden = true;
    this.#opener.setAttribute("aria-expanded", "false");
    this.#opener.focus();
  }

  async #load() {
    const grid = byId("gift-grid");
    if (!this.#gifts) grid.replaceChildren(element("p", { class: "tray-hint", role: "status" }, "Loading the gifts…"));
    try {
      this.#gifts = await getJson("/api/gifts/");
      this.#render();
    } catch (error) {
      console.info("The gifts could not be read.", error);
      if (!this.#gifts) grid.replaceChildren(element("p", { class: "game-problem", role: "alert" }, "The gifts could not be loaded. Close this and open it again."));
    }
  }

  #render() {
    const present = Object.keys(CATEGORIES).filter((category) => this.#gifts.some((gift) => gift.category === category));
    if (!present.includes(this.#category)) this.#category = present[0];
    byId("gift-categories").replaceChildren(...present.map((category) => this.#tab(category)));
    this.#showCategory(this.#category);
  }

  #tab(category) {
    const input = element("input", { type: "radio", name: "category", value: category });
    input.checked = category === this.#category;
    return element("label", { class: "chip" }, input, element("span", {}, CATEGORIES[category]));
  }

  #showCategory(category) {
    this.#category = category;
    const gifts = this.#gifts.filter((gift) => gift.category === category);
    byId("gift-grid").replaceChildren(...gifts.map((gift) => this.#card(gift)));
    const id = gifts.some((gift) => gift.id === this.#chosen?.id) ? this.#chosen.id : gifts.find((gift) => !obstacle(gift, this.#viewer))?.id;
    byId("gift-grid").querySelectorAll("input").forEach((input) => (input.checked = input.value === id));
    this.#choose(id);
  }

  #card(gift) {
    const inTheWay = obstacle(gift, this.#viewer);
    const tag = inTheWay?.tag ?? remark(gift);
    return element(
      "label",
      { class: "gift-card", "data-rarity": gift.rarity, "data-locked": Boolean(inTheWay) },
      element("input", { type: "radio", name: "gift", value: gift.id }),
      picture(gift.animation),
      element("span", { class: "gift-name" }, gift.name),
      element("span", { class: "gift-price" }, gift.price.toLocaleString(), hiddenText(` coins, ${RARITIES[gift.rarity] ?? gift.rarity}`)),
      tag ? element("span", { class: "gift-tag" }, hiddenText(", "), tag) : null,
      inTheWay ? hiddenText(", cannot be sent now") : null,
    );
  }

  #choose(id) {
    this.#chosen = this.#gifts.find((gift) => gift.id === id) ?? null;
    this.#price();
  }

  /** Says what the choice costs, and what stands in its way. */
  #price() {
    const problem = this.#inTheWay();
    const hint = byId("gift-hint");
    const rarity = this.#chosen ? `${RARITIES[this.#chosen.rarity] ?? this.#chosen.rarity} gift. ` : "";
    hint.textContent = problem ?? (this.#chosen ? `${rarity}The same again within a few seconds makes a combo.` : "");
    hint.toggleAttribute("data-problem", Boolean(problem));
    this.#button.disabled = !this.#chosen;
    this.#button.setAttribute("aria-disabled", String(Boolean(problem)));
    this.#button.textContent = this.#chosen ? `Send · ${this.#cost().toLocaleString()} coins` : "Choose a gift";
  }

  #cost = () => this.#chosen.price * (Number.isInteger(this.#amount()) ? this.#amount() : 1);

  #amount = () => Number(this.#quantity.value);

  #inTheWay() {
    if (!this.#chosen) return null;
    if (this.#status() !== "live") return "Gifts can be sent while the stream is live.";
    const reason = obstacle(this.#chosen, this.#viewer)?.reason;
    if (reason) return reason;
    const most = Number(this.#quantity.max);
    if (!Number.isInteger(this.#amount()) || this.#amount() < 1 || this.#amount() > most) return `The quantity is a whole number from 1 to ${most}.`;
    const short = this.#cost() - (this.#wallet.total ?? Infinity);
    return short > 0 ? `You are ${plural(short, "coin", "coins")} short.` : null;
  }

  async #send() {
    const gift = this.#chosen;
    if (!gift || this.#sending) return;
    const [problem, note] = [byId("gift-problem"), byId("gift-note")];
    problem.textContent = "";
    note.textContent = "";
    const inTheWay = this.#inTheWay();
    if (inTheWay) {
      problem.textContent = inTheWay;
      return;
    }
    const quantity = this.#amount();
    this.#sending = true;
    this.#button.setAttribute("aria-busy", "true");
    try {
      const receipt = await payOnce(this.#room, (cid) => this.#room.command("gift:sent", { giftId: gift.id, quantity, cid }));
      this.#wallet.set(receipt);
      note.textContent = receipt.combo.count > quantity ? `Sent. Combo × ${receipt.combo.count}` : `Sent ${gift.name}${quantity > 1 ? ` × ${quantity}` : ""}`;
    } catch (error) {
      problem.textContent = explain(error);
      this.#wallet.refresh();
      this.#load();
    }
    this.#sending = false;
    this.#button.removeAttribute("aria-busy");
  }
}
