/** One item of the queue: a line that is always there, and what it takes to decide it while the item is open. */

import { element, hiddenText } from "../dom.js";
import { moment, remaining, span } from "../format.js";
import { decisionOf, KINDS, outcomesOf, PRIORITIES, categoryOf, reasonsOf } from "./words.js";

export class ItemRow {
  node;
  item = null;
  /** Whether the item is no longer among those the moderator looks at. */
  isGone = false;
  #box;
  #head = element("div", { class: "item-head" });
  #text = element("div", { class: "item-text" });
  #detail = element("div", { class: "item-detail", hidden: true });
  #places;
  #reason = null;
  #ended = null;

  /** @param places where the admin has `people` and new `sanction`s, for those who may go there. */
  constructor(item, places) {
    this.#places = places;
    this.#box = element("input", { type: "checkbox", class: "item-box" });
    this.node = element("li", { class: "item", "data-id": item.id, tabindex: "-1" }, this.#box, element("div", { class: "item-body" }, this.#head, this.#text, this.#detail));
    this.update(item);
  }

  get isSelected() {
    return this.#box.checked;
  }

  set isSelected(value) {
    this.#box.checked = value;
    this.node.classList.toggle("is-selected", value);
  }

  get reason() {
    return this.#reason?.value.trim() ?? "";
  }

  /** Shows the item as it is now. What is being written about it stays. */
  update(item) {
    this.item = item;
    this.#box.setAttribute("aria-label", `Select: ${item.text ?? item.username}`);
    this.node.dataset.priority = item.priority;
    this.node.dataset.status = item.status;
    this.node.setAttribute("aria-label", `${PRIORITIES[item.priority]}, ${KINDS[item.kind]}, ${item.username}: ${item.text ?? "no text"}`);
    this.#head.replaceChildren(...this.#headline());
    this.#text.replaceChildren(...this.#words());
    this.#offer();
    this.tick(Date.now());
  }

  /** Opens the item for a decision, or closes it. */
  open(isOpen) {
    if (this.#reason) this.#reason.id = isOpen ? "reason" : "";
    this.node.classList.toggle("is-open", isOpen);
    this.node.tabIndex = isOpen ? 0 : -1;
    this.node.setAttribute("aria-current", String(isOpen));
    this.#detail.hidden = !isOpen;
    if (isOpen && !this.#reason) this.#build();
  }

  /** Shows what was written around the item and who reported it. */
  explain({ context, reportedBy }) {
    this.#detail.querySelector(".item-more").replaceChildren(...[this.#context(context), this.#reporters(reportedBy)].filter(Boolean));
  }

  /** Keeps the times right. Returns true in the moment a claim ends. */
  tick(now) {
    for (const node of this.node.querySelectorAll("time[data-since]")) {
      node.textContent = span((now - Date.parse(node.dateTime)) / 1000);
    }
    for (const node of this.node.querySelectorAll("time[data-until]")) {
      node.textContent = remaining(Date.parse(node.dateTime) - now);
    }
    const { claimedUntil } = this.item;
    if (!claimedUntil || claimedUntil === this.#ended || Date.parse(claimedUntil) > now) return false;
    this.#ended = claimedUntil;
    return true;
  }

  #headline() {
    const { item } = this;
    return [
      element("span", { class: "item-priority" }, PRIORITIES[item.priority]),
      element("span", { class: "item-kind" }, KINDS[item.kind]),
      element("span", { class: "item-score", title: "How bad it seems" }, hiddenText("score "), `${Math.round(item.score * 100)} %`),
      item.reports ? element("span", {}, item.reports === 1 ? "1 report: " : `${item.reports} reports: `, reasonsOf(item.reasons)) : null,
      item.categories.length && !item.reports ? element("span", {}, item.categories.map(categoryOf).join(", ")) : null,
      item.streamTitle ? this.#narrowing("streamId", item.streamId, item.streamTitle) : null,
      ...(item.decidedAt ? this.#past() : this.#present()),
    ].filter(Boolean);
  }

  #present() {
    const { item } = this;
    const until = (timestamp) => element("time", { datetime: timestamp, "data-until": true });
    return [
      element("span", {}, "waits ", element("time", { datetime: item.createdAt, title: moment(item.createdAt), "data-since": true })),
      item.dueAt ? element("span", { class: "item-due" }, "policy decides in ", until(item.dueAt)) : null,
      item.claimedBy ? element("span", { class: "item-claim" }, `${item.claimedBy} is on it for `, until(item.claimedUntil)) : null,
      item.assignedTo ? element("span", {}, `for ${item.assignedTo}`) : null,
    ];
  }

  #past() {
    const { item } = this;
    return [element("span", { class: "item-outcome" }, decisionOf(item)), element("time", { datetime: item.decidedAt }, moment(item.decidedAt))];
  }

  #words() {
    const { item } = this;
    const author = element("span", { class: "item-author" }, this.#person(item.userId, item.username));
    if (item.subjectKind === "user") return [author, item.isShown ? null : element("span", { class: "item-hidden" }, "banned")].filter(Boolean);
    const words = item.text === null ? element("em", {}, "It is no longer there.") : element("span", { class: "item-words" }, item.text);
    const state = item.isShown || item.text === null ? null : element("span", { class: "item-hidden" }, "not shown");
    return [author, " ", words, state].filter(Boolean);
  }

  #person(id, name) {
    if (!this.#places.people) return name;
    return element("a", { href: `${this.#places.people}${id}/change/` }, name);
  }

  #narrowing(field, id, name, words = name) {
    const button = element("button", { type: "button", class: "item-narrow", "data-narrow": field, "data-value": id, "data-words": name }, words);
    button.title = "Show nothing else";
    return button;
  }

  #build() {
    const { userId, username } = this.item;
    const sanction = this.#places.sanction ? element("a", { href: `${this.#places.sanction}?user=${userId}` }, `Sanction ${username}`) : null;
    this.#reason = element("input", { id: "reason", class: "queue-input", maxlength: "500", placeholder: "Reason, for the audit log", "aria-label": "Reason, for the audit log", autocomplete: "off" });
    const buttons = ["claim", "unclaim", "hide", "show", "undo"].map((act) => element("button", { type: "button", class: "queue-button", "data-act": act }));
    const assign = element("select", { class: "queue-input", "data-assign": true, "aria-label": "Assign to" });
    assign.append(...document.getElementById("moderators").content.cloneNode(true).children);
    this.#detail.append(
      element("div", { class: "item-more" }),
      element("p", { class: "item-links" }, this.#narrowing("userId", userId, username, `All about ${username}`), sanction),
      element("div", { class: "item-acts", role: "group", "aria-label": "Decide" }, this.#reason, ...buttons, assign),
    );
    this.#offer();
  }

  /** Offers what can be done with the item as it is now. */
  #offer() {
    if (!this.#reason) return;
    const isDecided = this.item.status === "decided";
    const words = { claim: "Claim", unclaim: "Release", undo: "Undo", ...outcomesOf(this.item) };
    const offered = isDecided ? ["undo"] : ["hide", "show", this.item.claimedBy ? "unclaim" : "claim"];
    for (const button of this.#detail.querySelectorAll("[data-act]")) {
      button.textContent = words[button.dataset.act];
      button.hidden = !offered.includes(button.dataset.act);
    }
    this.#reason.hidden = isDecided;
    this.#detail.querySelector("[data-assign]").hidden = isDecided;
  }

  #context(lines) {
    if (!lines.length) return null;
    const shown = lines.map((line) =>
      element(
        "li",
        { class: line.subjectId === this.item.subjectId ? "is-subject" : null },
        element("time", { datetime: line.sentAt }, moment(line.sentAt)),
        " ",
        element("b", {}, line.username),
        " ",
        line.text,
        line.isShown ? null : element("span", { class: "item-hidden" }, "not shown"),
      ),
    );
    return element("ol", { class: "item-context", "aria-label": "What was written around it" }, ...shown);
  }

  #reporters(lines) {
    if (!lines.length) return null;
    const shown = lines.map((line) =>
      element("li", {}, this.#person(line.userId, line.username), `: ${categoryOf(line.reason)}`, line.note ? element("q", {}, line.note) : null, element("span", { class: "item-weight", title: "What their word is worth, 0 to 2" }, `weighs ${line.weight}`)),
    );
    return element("ul", { class: "item-reporters", "aria-label": "Reported by" }, ...shown);
  }
}
