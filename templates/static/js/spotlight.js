/** The switch that puts the next message into the spotlight, and the time until it can be used again. */

import { countdown } from "./clock.js";
import { byId } from "./dom.js";
import { plural, remaining } from "./format.js";

export class Spotlight {
  #seconds;
  #composer;
  #until = 0;
  #stop = () => {};
  #button = byId("spotlight");
  #label = byId("spotlight-label");

  /** One message every `seconds`. */
  constructor({ viewer, composer, seconds }) {
    this.#composer = composer;
    this.#seconds = seconds;
    this.#button.addEventListener("click", () => this.#press(!this.#isOn && this.#until <= Date.now()));
    const offer = () => {
      this.#button.hidden = !viewer.has("spotlight");
      if (!this.#button.hidden) return;
      this.#press(false);
      composer.setDraftHint("");
    };
    viewer.addEventListener("change", offer);
    offer();
  }

  /** Whether a message of `type` that is sent now goes into the spotlight; the switch is off from then on. */
  take(type) {
    if (!this.#isOn || type === "private" || type === "lounge") return false;
    this.rest(this.#seconds);
    return true;
  }

  /** The spotlight cannot be used for so long. */
  rest(seconds) {
    this.#press(false);
    this.#stop();
    this.#until = Date.now() + seconds * 1000;
    this.#button.setAttribute("aria-disabled", "true");
    this.#stop = countdown(this.#until, (left) => (this.#label.textContent = remaining(left)), () => this.#ready());
  }

  get #isOn() {
    return this.#button.getAttribute("aria-pressed") === "true";
  }

  #ready() {
    this.#label.textContent = "Spotlight";
    this.#composer.setDraftHint("");
    this.#button.removeAttribute("aria-disabled");
  }

  #press(on) {
    this.#button.setAttribute("aria-pressed", String(on));
    byId("composer").toggleAttribute("data-spotlight", on);
    const again = this.#until > Date.now() ? `The spotlight is yours again in ${remaining(this.#until - Date.now())}.` : "";
    this.#composer.setDraftHint(on ? `Everyone sees this highlighted. Once every ${plural(this.#seconds, "second", "seconds")}.` : again);
  }
}
