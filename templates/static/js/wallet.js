/** The viewer's coins and bonus: from the answers to what they buy, and from the server when others change them. */

import { byId } from "./dom.js";
import { plural } from "./format.js";
import { getJson } from "./rest.js";

const INCOME_MS = 1500;

/** Emits `change`. */
export class Wallet extends EventTarget {
  #userId;
  #income = null;
  coins = null;
  bonus = 0;

  constructor(userId) {
    super();
    this.#userId = userId;
  }

  /** What can be spent; unknown until it was read. */
  get total() {
    return this.coins === null ? null : this.coins + this.bonus;
  }

  set({ coins, bonus }) {
    if (coins === this.coins && bonus === this.bonus) return;
    this.coins = coins;
    this.bonus = bonus;
    byId("purse-coins").textContent = coins.toLocaleString();
    const label = byId("purse-bonus");
    label.hidden = bonus === 0;
    label.textContent = `+ ${plural(bonus, "bonus coin", "bonus coins")}`;
    this.dispatchEvent(new Event("change"));
  }

  async refresh() {
    try {
      this.set(await getJson("/api/wallet/"));
    } catch (error) {
      console.info("The wallet could not be read.", error);
    }
  }

  /** Applies an event of the room or of the user. A host's income is read once it calms down. */
  apply(event, data) {
    if (event === "wallet:changed") this.set(data);
    const isOurs = (event === "gift:sent" && data.recipientId === this.#userId) || event === "gift:voided";
    if (isOurs) this.#income ??= setTimeout(() => this.#readIncome(), INCOME_MS);
  }

  #readIncome() {
    this.#income = null;
    this.refresh();
  }
}
