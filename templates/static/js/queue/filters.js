/**
 * Which items are shown: the form, the page's address, which can be shared, and the filters a moderator keeps.
 *
 * Emits `changed` (the fields for `queue:list`).
 */

import { byId, element } from "../dom.js";

const FIELDS = ["decided", "kind", "minScore", "assignee", "streamId", "userId"];

export class Filters extends EventTarget {
  #socket;
  #attempt;
  #form = byId("filters");
  #kept = [];

  /** @param attempt does what the server may refuse, and says so. */
  constructor(socket, attempt) {
    super();
    this.#socket = socket;
    this.#attempt = attempt;
    this.#apply(Object.fromEntries(new URLSearchParams(location.search)));
    byId("narrow").open = this.isNarrow || matchMedia("(min-width: 48rem)").matches;
    this.#form.addEventListener("change", () => this.#changed());
    this.#form.addEventListener("reset", () => setTimeout(() => this.#changed()));
    this.#form.addEventListener("submit", (event) => event.preventDefault());
    byId("keep").addEventListener("submit", (event) => this.#keep(event));
    byId("kept").addEventListener("click", ({ target }) => this.#click(target.closest("button")));
  }

  /** The fields for `queue:list`. */
  get view() {
    const view = Object.fromEntries(FIELDS.map((name) => [name, this.#form.elements[name].value]).filter(([, value]) => value));
    if (view.decided) view.decided = true;
    if (view.minScore) view.minScore = Number(view.minScore);
    return view;
  }

  get isNarrow() {
    return Object.keys(this.view).some((name) => name !== "decided");
  }

  /** Reads the filters the moderator keeps. */
  async load() {
    await this.#answer("queue:filters", {});
  }

  /** Shows only what belongs to this stream or is about this user. */
  narrow(name, value, words) {
    this.#offer(name, value, words);
    this.#form.elements[name].value = value;
    this.#changed();
  }

  /** Offers the streams and users of these items. */
  know(items) {
    for (const { streamId, streamTitle, userId, username } of items) {
      if (streamId) this.#offer("streamId", streamId, streamTitle);
      this.#offer("userId", userId, username);
    }
  }

  focus() {
    byId("narrow").open = true;
    this.#form.elements.decided.focus();
  }

  #changed() {
    const query = new URLSearchParams(this.view).toString();
    history.replaceState(null, "", query ? `?${query}` : location.pathname);
    this.#mark();
    this.dispatchEvent(new CustomEvent("changed", { detail: this.view }));
  }

  #apply(fields) {
    for (const name of FIELDS) {
      const value = String(fields[name] ?? "");
      if (value) this.#offer(name, value, value);
      this.#form.elements[name].value = value;
    }
  }

  /** A choice that is not there yet; the words of one that is known by its id alone get better. */
  #offer(name, value, words) {
    const select = this.#form.elements[name];
    const known = [...select.options].find((option) => option.value === value);
    if (!known) select.append(new Option(words, value));
    else if (known.text === value) known.text = words;
  }

  async #keep(event) {
    event.preventDefault();
    const field = event.target.elements.name;
    const { decided, ...view } = this.view;
    if (await this.#answer("queue:keep_filter", { name: field.value.trim(), ...view })) field.value = "";
  }

  #click(button) {
    const kept = this.#kept.find(({ id }) => id === button?.dataset.id);
    if (!kept) return;
    if (button.matches("[data-drop]")) {
      this.#answer("queue:drop_filter", { id: kept.id });
    } else {
      this.#apply(button.getAttribute("aria-pressed") === "true" ? {} : kept.view);
      this.#changed();
    }
  }

  #answer(event, fields) {
    return this.#attempt(async () => this.#show((await this.#socket.command(event, fields)).filters));
  }

  #show(filters) {
    this.#kept = filters;
    byId("kept").replaceChildren(
      ...filters.map(({ id, name }) =>
        element(
          "li",
          {},
          element("button", { type: "button", class: "queue-button", "data-id": id }, name),
          element("button", { type: "button", class: "queue-drop", "data-id": id, "data-drop": true, "aria-label": `Delete the filter ${name}` }, "×"),
        ),
      ),
    );
    this.#mark();
  }

  /** Marks the kept filter that is in force. */
  #mark() {
    const { decided, ...view } = this.view;
    const now = fingerprint(view);
    for (const button of byId("kept").querySelectorAll("button:not([data-drop])")) {
      const kept = this.#kept.find(({ id }) => id === button.dataset.id);
      button.setAttribute("aria-pressed", String(fingerprint(kept.view) === now));
    }
  }
}

const fingerprint = (view) => JSON.stringify(Object.entries(view).sort(([one], [other]) => (one < other ? -1 : 1)));
