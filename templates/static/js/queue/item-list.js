/**
 * The items on the page: which one is open, which are selected, and how they follow what the server says.
 *
 * Emits `opened` (a row), `selected` (the number of selected items) and `released` (a claim's time is over).
 */

import { ItemRow } from "./item-row.js";

export class ItemList extends EventTarget {
  #root;
  #places;
  #rows = new Map();
  #open = null;

  constructor(root, places) {
    super();
    this.#root = root;
    this.#places = places;
    root.addEventListener("change", ({ target }) => {
      if (target.matches(".item-box")) this.#select(this.#rowOf(target), target.checked);
    });
    root.addEventListener("click", ({ target }) => {
      if (!target.closest("a, button, input, select")) this.open(this.#rowOf(target), { focus: true });
    });
  }

  get isEmpty() {
    return this.#rows.size === 0;
  }

  /** The row that is open, if there is one. */
  get current() {
    return this.#open;
  }

  get selected() {
    return [...this.#rows.values()].filter((row) => row.isSelected).map((row) => row.item);
  }

  /**
   * Shows these items. The open one stays where it is when it is no longer among them, until another is opened:
   * nobody loses sight of what they are about to decide.
   */
  show(items) {
    const wanted = new Set(items.map(({ id }) => id));
    for (const [id, row] of this.#rows) {
      row.isGone = !wanted.has(id);
      if (row.isGone && row !== this.#open) this.#drop(row);
    }
    const place = this.#open?.isGone ? [...this.#root.children].indexOf(this.#open.node) : -1;
    const rows = items.map((item) => this.#rowFor(item));
    if (place >= 0) rows.splice(place, 0, this.#open);
    this.#arrange(rows.map(({ node }) => node));
    this.#tellSelected();
  }

  open(row, { focus = false } = {}) {
    if (!row) return;
    if (row !== this.#open) {
      const left = this.#open;
      left?.open(false);
      this.#open = row;
      row.open(true);
      if (left?.isGone) this.#drop(left);
      this.dispatchEvent(new CustomEvent("opened", { detail: row }));
    }
    if (focus) {
      row.node.focus({ preventScroll: true });
      row.node.scrollIntoView({ block: "nearest" });
    }
  }

  /** Opens the next item (1) or the one before (-1). */
  step(by) {
    const nodes = [...this.#root.children];
    const at = this.#open ? nodes.indexOf(this.#open.node) : by > 0 ? -1 : nodes.length;
    this.open(this.#rows.get(nodes[at + by]?.dataset.id), { focus: true });
  }

  /** Selects the open item, or does so no more. */
  toggle() {
    if (this.#open) this.#select(this.#open, !this.#open.isSelected);
  }

  selectAll(isSelected) {
    for (const row of this.#rows.values()) row.isSelected = isSelected;
    this.#tellSelected();
  }

  deselect(items) {
    for (const { id } of items) {
      const row = this.#rows.get(id);
      if (row) row.isSelected = false;
    }
    this.#tellSelected();
  }

  /** Forgets everything, as another view begins. */
  clear() {
    for (const row of [...this.#rows.values()]) this.#drop(row);
    this.#tellSelected();
  }

  /** Keeps the times right. */
  tick(now) {
    for (const row of this.#rows.values()) {
      if (row.tick(now)) this.dispatchEvent(new CustomEvent("released"));
    }
  }

  #rowFor(item) {
    const known = this.#rows.get(item.id);
    if (known) {
      known.update(item);
      return known;
    }
    const row = new ItemRow(item, this.#places);
    this.#rows.set(item.id, row);
    return row;
  }

  /** Moves what must move; where the focus was it stays. */
  #arrange(nodes) {
    const focused = this.#root.contains(document.activeElement) ? document.activeElement : null;
    nodes.forEach((node, at) => {
      if (this.#root.children[at] !== node) this.#root.insertBefore(node, this.#root.children[at] ?? null);
    });
    if (focused && focused !== document.activeElement) focused.focus({ preventScroll: true });
  }

  #drop(row) {
    this.#rows.delete(row.item.id);
    row.node.remove();
    if (row === this.#open) this.#open = null;
  }

  #select(row, isSelected) {
    row.isSelected = isSelected;
    this.#tellSelected();
  }

  #rowOf(target) {
    return this.#rows.get(target.closest(".item")?.dataset.id);
  }

  #tellSelected() {
    this.dispatchEvent(new CustomEvent("selected", { detail: this.selected.length }));
  }
}
