/** Alerts beside the composer: each explains one thing, can be dismissed, and replaces its predecessor of the same key. */

import { countdown } from "./clock.js";
import { element, icon } from "./dom.js";
import { remaining } from "./format.js";

const AT_ONCE = 3;

export class Warnings {
  #area;
  #shown = new Map();

  constructor(area) {
    this.#area = area;
  }

  /**
   * Shows an alert of `level` note, caution or danger. With `until` (epoch milliseconds) it counts down and
   * goes when the time is over. `actions` are [{label, href} | {label, run}].
   */
  show({ key, level = "caution", title, detail = "", until = null, actions = [], dismissable = true }) {
    this.dismiss(key);
    if (this.#shown.size >= AT_ONCE) this.dismiss(this.#shown.keys().next().value);
    const timer = element("span", { class: "warning-countdown", "aria-hidden": "true" });
    const alert = element(
      "div",
      { class: "warning", role: "alert", "data-level": level, "data-key": key },
      icon("shield"),
      element(
        "div",
        {},
        element("p", { class: "warning-title" }, title, " ", until ? timer : null),
        element("p", { class: "warning-detail" }, detail),
        ...actions.map((action) => this.#action(key, action)),
      ),
      dismissable ? this.#dismissButton(key) : null,
    );
    const stop = until ? countdown(until, (left) => (timer.textContent = `(${remaining(left)})`), () => this.dismiss(key)) : () => {};
    this.#shown.set(key, { alert, stop });
    this.#area.append(alert);
  }

  dismiss(key) {
    const shown = this.#shown.get(key);
    if (!shown) return;
    shown.stop();
    shown.alert.remove();
    this.#shown.delete(key);
  }

  #action(key, { label, href, run }) {
    if (href) return element("a", { class: "button button-small", href }, label);
    const button = element("button", { class: "button button-small", type: "button" }, label);
    button.addEventListener("click", () => {
      this.dismiss(key);
      run();
    });
    return button;
  }

  #dismissButton(key) {
    const button = element("button", { class: "icon-button", type: "button", "aria-label": "Dismiss this notice" }, icon("close"));
    button.addEventListener("click", () => this.dismiss(key));
    return button;
  }
}
