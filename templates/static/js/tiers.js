/** The viewer's OG tier in their corner, and the dialog where tiers are bought, upgraded and renewed. */

import { byId, element } from "./dom.js";
import { moment, plural } from "./format.js";
import { ogBadge } from "./og-badge.js";
import { explain, payOnce } from "./pay-once.js";
import { getJson } from "./rest.js";
import { sheet } from "./sheet.js";

const PERKS = {
  badge: "Badge at your name",
  animated_reactions: "Animated reactions",
  early_join: "Early join",
  stealth_entry: "Stealth entry",
  pin_message: "Pin a message",
  unsend_any_time: "Unsend any time",
  lounge_chat: "Lounge chat",
  free_throne: "Empty thrones for free",
  ghost_mode: "Ghost mode",
  spotlight: "Spotlight",
};

/** Emits `change` when the viewer's level did. */
export class Tiers extends EventTarget {
  #room;
  #socket;
  #wallet;
  #tiers = null;
  #own = null;
  #buying = false;
  /** The level of the tier the viewer was asked about once more. */
  #asking = null;
  level;

  constructor({ room, socket, wallet, level }) {
    super();
    this.#room = room;
    this.#socket = socket;
    this.#wallet = wallet;
    this.level = level;
    const open = sheet(byId("tiers"), byId("tiers-open"), () => this.#load());
    document.addEventListener("click", ({ target }) => target.closest("[data-open-tiers]") && open());
    byId("tiers").addEventListener("close", () => (this.#asking = null));
    wallet.addEventListener("change", () => this.#own && this.#renderTiers());
    this.#showCorner();
  }

  /** `og:changed` of the viewer's own tier. */
  changed({ newLevel, reason, tier }) {
    this.#setLevel(newLevel);
    if (byId("tiers").open) this.#load();
    // What is bought is told by its receipt.
    if (!tier) byId("tier-note").textContent = reason === "expired" ? "Your OG tier is over." : "Your OG tier was taken back.";
  }

  #setLevel(level) {
    if (level === this.level) return;
    this.level = level;
    this.#showCorner();
    this.dispatchEvent(new Event("change"));
  }

  #showCorner() {
    const label = byId("purse-tier");
    if (this.level) label.replaceChildren(ogBadge(this.level));
    else label.textContent = "Get OG";
    byId("tiers-open").setAttribute("aria-label", this.level ? `Your tier: OG ${this.level}. Show all tiers` : "Get an OG tier");
  }

  async #load() {
    try {
      const [tiers, own] = await Promise.all([this.#tiers ?? getJson("/api/og/tiers/"), getJson("/api/og/me/")]);
      this.#tiers = tiers;
      this.#own = own;
      this.#setLevel(own.level);
      this.#renderOwn();
      this.#renderTiers();
    } catch (error) {
      console.info("The tiers could not be read.", error);
      byId("tier-problem").textContent = "The tiers could not be loaded. Close this and open it again.";
    }
  }

  #renderOwn() {
    const { tier, expiresAt, gifted, next } = this.#own;
    const now = tier
      ? element("p", { class: "own-tier-name" }, ogBadge(tier.level), " ", element("strong", {}, tier.name), ` until ${moment(expiresAt)}, ${plural(tier.dailyBonus, "bonus coin", "bonus coins")} a day`)
      : element("p", { class: "own-tier-name" }, "You have no tier yet. A tier lasts for a time and pays a bonus every day.");
    byId("own-tier").replaceChildren(now, ...(next ? [this.#progress(gifted, next)] : []));
  }

  #progress(gifted, next) {
    const name = this.#tiers.find(({ level }) => level === next.level)?.name ?? `level ${next.level}`;
    const bar = element("progress", { id: "tier-progress", max: next.price, value: Math.min(gifted, next.price) });
    return element("p", { class: "own-tier-progress" }, element("label", { for: "tier-progress" }, `Towards ${name}: ${gifted.toLocaleString()} of ${next.price.toLocaleString()} coins gifted`), bar);
  }

  #renderTiers() {
    const focused = document.activeElement?.closest(".tier")?.dataset.level;
    byId("tier-list").replaceChildren(...this.#tiers.map((tier) => this.#card(tier)));
    if (focused) byId("tier-list").querySelector(`[data-level="${focused}"] button`)?.focus();
  }

  #card(tier) {
    const isOwn = tier.level === this.#own.level;
    const perks = tier.perks.map((perk) => element("li", {}, PERKS[perk] ?? perk.replaceAll("_", " ")));
    return element(
      "li",
      { class: "tier", "data-level": tier.level, "data-own": isOwn },
      element("div", { class: "tier-head" }, ogBadge(tier.level), element("h3", {}, tier.name)),
      element("p", { class: "tier-terms" }, `${tier.days} days · ${tier.dailyBonus.toLocaleString()} bonus coins a day`),
      element("ul", { class: "tier-perks" }, ...perks),
      this.#offer(tier, isOwn),
    );
  }

  #offer(tier, isOwn) {
    if (tier.level < this.#own.level) return element("p", { class: "tier-note" }, "Your tier is higher.");
    const credit = isOwn ? 0 : (this.#own.next?.credit ?? 0);
    const cost = Math.max(0, tier.price - credit);
    const word = isOwn ? "Renew" : this.#own.level ? "Upgrade to" : "Buy";
    const short = cost - (this.#wallet.total ?? Infinity);
    const button = this.#button(tier, `${word} ${tier.name}`, cost);
    const notes = [
      credit ? `${credit.toLocaleString()} coins are credited for what is left of your tier.` : "",
      isOwn ? `Adds ${tier.days} days.` : "",
      short > 0 ? `You are ${plural(short, "coin", "coins")} short.` : "",
    ].filter(Boolean);
    return element("div", { class: "tier-offer" }, button, notes.length ? element("p", { class: "tier-note" }, notes.join(" ")) : null);
  }

  /** A button that asks once more before it spends. */
  #button(tier, words, cost) {
    const isAsking = this.#asking === tier.level;
    const price = `${cost.toLocaleString()} coins`;
    const button = element("button", { class: "button button-primary", type: "button" }, isAsking ? `Pay ${price} now?` : `${words} · ${price}`);
    button.addEventListener("click", () => {
      if (isAsking) this.#buy(tier);
      else this.#ask(tier.level);
    });
    return button;
  }

  #ask(level) {
    this.#asking = level;
    this.#renderTiers();
  }

  async #buy({ level, name }) {
    if (this.#buying) return;
    this.#buying = true;
    this.#asking = null;
    const [problem, note] = [byId("tier-problem"), byId("tier-note")];
    problem.textContent = "";
    note.textContent = "";
    try {
      const receipt = await payOnce(this.#room, (cid) => this.#socket.command("og:buy", { level, cid }));
      this.#wallet.set(receipt);
      note.textContent = `${name} is yours until ${moment(receipt.expiresAt)}. You paid ${plural(receipt.paid, "coin", "coins")}.`;
      await this.#load();
    } catch (error) {
      problem.textContent = explain(error);
      this.#wallet.refresh();
      this.#renderTiers();
    }
    this.#buying = false;
  }
}
