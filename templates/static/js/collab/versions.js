/** Named versions of the text: keeping one, seeing what has changed since, going back to it. */

import { byId, element } from "../dom.js";
import { moment } from "../format.js";
import { get, post } from "./api.js";
import { attempt } from "./attempt.js";

export class Versions {
  #path;
  #list = byId("versions");
  #form = byId("version-form");
  #mayWrite = false;

  constructor(sessionId) {
    this.#path = `sessions/${sessionId}/versions/`;
    byId("tab-versions").addEventListener("click", () => this.#load());
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#keep();
    });
  }

  /** Lets somebody keep versions and go back to them, or only look. */
  show(mayWrite) {
    this.#mayWrite = mayWrite;
    this.#form.hidden = !mayWrite;
    this.#load();
  }

  #load() {
    return attempt(async () => {
      const versions = await get(this.#path);
      byId("no-versions").hidden = versions.length > 0;
      this.#list.replaceChildren(...versions.map((version) => this.#row(version)));
    });
  }

  #row({ id, name, createdAt }) {
    const changes = element("p", { class: "changes", hidden: true });
    const compare = element("button", { class: "button button-small", type: "button", "aria-expanded": "false" }, "Changes since");
    compare.addEventListener("click", () => this.#compare(id, compare, changes));
    const actions = element("p", { class: "version-actions" }, compare);
    if (this.#mayWrite) actions.append(this.#restore(id, name));
    const head = element("p", { class: "version-head" }, element("strong", {}, name), element("time", { datetime: createdAt }, moment(createdAt)));
    return element("li", { class: "version" }, head, actions, changes);
  }

  async #compare(id, button, changes) {
    if (!changes.hidden) {
      changes.hidden = true;
      button.setAttribute("aria-expanded", "false");
      return;
    }
    await attempt(async () => {
      const pieces = (await get(`${this.#path}${id}/diff/`)).filter(({ kind }) => kind !== "equal");
      const shown = pieces.map(({ kind, text }) => element(kind === "insert" ? "ins" : "del", {}, text));
      changes.replaceChildren(...(shown.length ? shown : ["Nothing has changed since."]));
      changes.hidden = false;
      button.setAttribute("aria-expanded", "true");
    });
  }

  #restore(id, name) {
    const button = element("button", { class: "button button-small", type: "button" }, "Go back to this");
    button.addEventListener("click", () => {
      if (confirm(`Make the text what it was in “${name}”? Everybody sees the change, and it can be undone.`)) {
        attempt(() => post(`${this.#path}${id}/restore/`)).then(() => this.#load());
      }
    });
    return button;
  }

  async #keep() {
    const name = byId("version-name").value.trim();
    if (!name || !(await attempt(() => post(this.#path, { name }), byId("version-note")))) return;
    this.#form.reset();
    await this.#load();
  }
}
