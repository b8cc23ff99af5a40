/** How the viewer comes into streams: openly, without a notice, or uncounted too. Remembered on this device. */

import { byId } from "./dom.js";

const KEY = "entry";

/** Emits `change` when the viewer comes in differently from now on. */
export class Entry extends EventTarget {
  #viewer;
  #form = byId("entry");

  constructor(viewer) {
    super();
    this.#viewer = viewer;
    this.#form.addEventListener("change", ({ target }) => {
      localStorage.setItem(KEY, target.value);
      this.#render();
      this.dispatchEvent(new Event("change"));
    });
    viewer.addEventListener("change", () => this.#render());
    this.#render();
  }

  /** The chosen way, as far as the viewer's tier has it: normal, stealth or ghost. */
  get way() {
    const way = localStorage.getItem(KEY) ?? "normal";
    return this.#isOpen(way) ? way : "normal";
  }

  #isOpen = (way) => way === "normal" || this.#viewer.has(way);

  #render() {
    for (const input of this.#form.elements.entry) {
      input.disabled = !this.#isOpen(input.value);
      input.checked = input.value === this.way;
    }
  }
}
