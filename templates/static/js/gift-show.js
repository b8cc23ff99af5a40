/**
 * Received gifts over the picture: a banner for each combo, with its counter, and the rarer the gift the more
 * around it. Only for the eye; the chat says the same. Still and short for those who want less motion.
 */

import { element } from "./dom.js";
import { picture, pictureText } from "./gift-catalog.js";

const BANNERS = 3;
/** Kept this much longer than a combo may pause, for the word of its end to arrive. */
const GRACE_MS = 1500;
const ENDED_MS = 2500;
const SPARKS = { rare: 8, epic: 14, legendary: 26 };
const MOST_SPARKS = 80;
const SPARKS_MS = 3200;
const HERO_MS = { epic: 2600, legendary: 4000 };

const calm = matchMedia("(prefers-reduced-motion: reduce)");

export class GiftShow {
  #stage;
  #quietMs;
  #banners = new Map();
  #heroTimer = null;

  constructor(stage, comboSeconds) {
    this.#stage = stage;
    this.#quietMs = comboSeconds * 1000 + GRACE_MS;
  }

  apply(event, data) {
    if (event === "gift:sent") this.#show(data);
  }

  #show(gift) {
    if (gift.combo?.ended) {
      this.#end(gift);
      return;
    }
    this.#count(gift);
    if (document.hidden) return;
    if (HERO_MS[gift.rarity]) this.#hero(gift);
    if (SPARKS[gift.rarity] && !calm.matches) this.#sparks(gift);
  }

  #count(gift) {
    const id = gift.combo?.id ?? gift.transactionId;
    const shown = this.#banners.get(id) ?? this.#banner(id, gift);
    const count = gift.combo?.count ?? gift.quantity;
    // A fresh node begins its animation anew.
    const counter = element("span", { class: "gift-banner-count" }, count > 1 ? `×${count}` : "");
    shown.node.querySelector(".gift-banner-count").replaceWith(counter);
    this.#leaveAfter(id, this.#quietMs);
  }

  #banner(id, gift) {
    if (this.#banners.size >= BANNERS) this.#remove(this.#banners.keys().next().value);
    const node = element(
      "div",
      { class: "gift-banner", "data-rarity": gift.rarity },
      picture(gift.animation),
      element("p", { class: "gift-banner-text" }, element("strong", {}, gift.senderName), element("span", {}, `sent ${gift.giftName}`)),
      element("span", { class: "gift-banner-count" }),
    );
    const shown = { node, timer: null };
    this.#banners.set(id, shown);
    this.#stage.append(node);
    return shown;
  }

  /** The end of a combo tells its total; a banner that is gone already does not come back for it. */
  #end({ combo, giftName }) {
    const shown = this.#banners.get(combo.id);
    if (!shown) return;
    shown.node.classList.add("gift-banner-ended");
    shown.node.querySelector(".gift-banner-count").textContent = `×${combo.count}`;
    shown.node.querySelector(".gift-banner-text span").textContent = `${giftName} combo · ${combo.total.toLocaleString()} coins`;
    this.#leaveAfter(combo.id, ENDED_MS);
  }

  #leaveAfter(id, milliseconds) {
    const shown = this.#banners.get(id);
    clearTimeout(shown.timer);
    shown.timer = setTimeout(() => this.#remove(id), milliseconds);
  }

  #remove(id) {
    const shown = this.#banners.get(id);
    clearTimeout(shown.timer);
    shown.node.remove();
    this.#banners.delete(id);
  }

  #hero(gift) {
    this.#stage.querySelector(".gift-hero")?.remove();
    clearTimeout(this.#heroTimer);
    const hero = element("div", { class: "gift-hero", "data-rarity": gift.rarity }, element("i", { class: "gift-rays" }), picture(gift.animation));
    this.#stage.append(hero);
    this.#heroTimer = setTimeout(() => hero.remove(), HERO_MS[gift.rarity]);
  }

  #sparks({ rarity, animation }) {
    const free = MOST_SPARKS - this.#stage.querySelectorAll(".gift-spark").length;
    const sparks = Array.from({ length: Math.min(free, SPARKS[rarity]) }, () => {
      const spark = element("span", { class: "gift-spark" }, pictureText(animation));
      spark.style.setProperty("--x", `${Math.random() * 92 + 2}%`);
      spark.style.setProperty("--delay", `${Math.random() * 900}ms`);
      spark.style.setProperty("--drift", `${Math.random() * 60 - 30}px`);
      spark.style.setProperty("--size", `${1 + Math.random() * 1.2}rem`);
      return spark;
    });
    this.#stage.append(...sparks);
    setTimeout(() => sparks.forEach((spark) => spark.remove()), SPARKS_MS);
  }
}
