/** The bar that acts on all selected items at once. */

import { byId } from "../dom.js";
import { items as numberOf, outcomesOfAll } from "./words.js";

export class Bulk {
  #list;

  /** @param act `(name, items, reason)`. @param assign `(items, userId)`. */
  constructor(list, { act, assign }) {
    this.#list = list;
    byId("bulk-assign").append(byId("moderators").content.cloneNode(true));
    byId("bulk").addEventListener("click", ({ target }) => {
      const name = target.closest("[data-bulk]")?.dataset.bulk;
      if (name) act(name, list.selected, this.reason);
    });
    byId("bulk-assign").addEventListener("change", async ({ target }) => {
      await assign(list.selected, target.value);
      target.selectedIndex = 0;
    });
    byId("bulk-clear").addEventListener("click", () => list.selectAll(false));
    list.addEventListener("selected", ({ detail }) => this.#show(detail));
  }

  get reason() {
    return byId("bulk-reason").value.trim();
  }

  #show(number) {
    byId("bulk").hidden = number === 0;
    byId("bulk-count").textContent = `${numberOf(number)} selected`;
    const isDecided = this.#list.selected.every(({ status }) => status === "decided");
    const words = outcomesOfAll(this.#list.selected);
    for (const button of byId("bulk").querySelectorAll("[data-bulk]")) {
      button.textContent = words[button.dataset.bulk] ?? button.textContent;
      button.hidden = (button.dataset.bulk === "undo") !== isDecided;
    }
    byId("bulk-reason").hidden = byId("bulk-assign").hidden = isDecided;
    if (number === 0) byId("bulk-reason").value = "";
  }
}
