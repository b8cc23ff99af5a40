/** The list of names under an @ that is being typed: arrows choose, Enter or Tab takes, Esc closes. */

import { avatar, element } from "./dom.js";

const TYPED = /(^|[^A-Za-z0-9_])@([A-Za-z0-9_]{0,30})$/;

export class MentionMenu {
  #field;
  #menu;
  #chatters;
  #names = [];
  #chosen = 0;

  constructor(field, menu, chatters) {
    this.#field = field;
    this.#menu = menu;
    this.#chatters = chatters;
    field.addEventListener("input", () => this.#update());
    field.addEventListener("click", () => this.#update());
    field.addEventListener("blur", () => this.close());
    // Before the field loses the focus to the click.
    menu.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const option = event.target.closest("[role=option]");
      if (option) this.#take(option.dataset.name);
    });
  }

  get isOpen() {
    return this.#names.length > 0;
  }

  /** Handles a key while the menu is open; true when the key was meant for it. */
  handleKey(event) {
    if (!this.isOpen) return false;
    const { key } = event;
    if (key === "ArrowDown") this.#choose(this.#chosen + 1);
    else if (key === "ArrowUp") this.#choose(this.#chosen - 1);
    else if (key === "Enter" || key === "Tab") this.#take(this.#names[this.#chosen]);
    else if (key === "Escape") this.close();
    else return false;
    event.preventDefault();
    return true;
  }

  close() {
    this.#show([]);
  }

  #update() {
    const typed = this.#typed();
    this.#show(typed === null ? [] : this.#chatters.matching(typed));
  }

  #typed() {
    const { selectionStart, selectionEnd, value } = this.#field;
    if (selectionStart !== selectionEnd) return null;
    return TYPED.exec(value.slice(0, selectionStart))?.[2] ?? null;
  }

  #show(names) {
    if (!names.length && !this.#names.length) return;
    this.#names = names;
    this.#menu.hidden = !names.length;
    this.#menu.replaceChildren(
      ...names.map((name, index) =>
        element("li", { class: "mention-option", role: "option", id: `mention-option-${index}`, "data-name": name, "aria-selected": "false" }, avatar(name), name),
      ),
    );
    if (names.length) this.#choose(0);
    else this.#field.removeAttribute("aria-activedescendant");
  }

  #choose(index) {
    this.#chosen = (index + this.#names.length) % this.#names.length;
    for (const [at, option] of [...this.#menu.children].entries()) option.setAttribute("aria-selected", String(at === this.#chosen));
    this.#field.setAttribute("aria-activedescendant", `mention-option-${this.#chosen}`);
  }

  #take(name) {
    const caret = this.#field.selectionStart;
    const start = caret - this.#typed().length;
    this.#field.setRangeText(`${name} `, start, caret, "end");
    this.close();
    this.#field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}
