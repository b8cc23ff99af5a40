/** Comments on places in the text. */

import { byId, element } from "../dom.js";
import { moment } from "../format.js";
import { get, patch, post } from "./api.js";
import { attempt } from "./attempt.js";

export class Comments {
  #sessionId;
  #editor;
  #list = byId("comments");
  #form = byId("comment-form");
  #quote = byId("comment-quote");
  #comments = [];
  #may = { comment: false, resolveAll: false };
  #userId;
  #place = null;

  constructor(sessionId, userId, editor) {
    this.#sessionId = sessionId;
    this.#userId = userId;
    this.#editor = editor;
    editor.addEventListener("selection", () => this.#pick());
    byId("comment-unquote").addEventListener("click", () => this.#setPlace(null));
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
  }

  /** Sets what somebody with this role may do in an open session, and reads the comments. */
  async load(role, isOpen) {
    this.#may = {
      comment: isOpen && role !== "viewer",
      resolveAll: isOpen && (role === "creator" || role === "editor"),
    };
    this.#form.hidden = !this.#may.comment;
    await attempt(async () => this.#show(await get(`sessions/${this.#sessionId}/comments/`)));
  }

  /** Takes in what the room says of comments. */
  async heard() {
    await attempt(async () => this.#show(await get(`sessions/${this.#sessionId}/comments/`)));
  }

  #show(comments) {
    this.#comments = comments;
    const open = comments.filter(({ resolvedAt }) => !resolvedAt);
    this.#editor.markComments(open);
    byId("comment-count").textContent = open.length || "";
    byId("no-comments").hidden = comments.length > 0;
    this.#list.replaceChildren(...[...open, ...comments.filter(({ resolvedAt }) => resolvedAt)].map((comment) => this.#row(comment)));
  }

  #row(comment) {
    const row = element(
      "li",
      { class: "comment", "data-resolved": Boolean(comment.resolvedAt) },
      element(
        "p",
        { class: "comment-head" },
        element("strong", {}, comment.username),
        element("time", { datetime: comment.createdAt }, moment(comment.createdAt)),
        comment.resolvedAt ? element("span", { class: "comment-done" }, "Resolved") : null,
      ),
    );
    if (comment.position?.quote) row.append(this.#quoted(comment));
    row.append(element("p", { class: "comment-text" }, comment.comment));
    if (this.#may.resolveAll || (this.#may.comment && comment.userId === this.#userId)) row.append(this.#resolve(comment));
    return row;
  }

  #quoted({ position }) {
    const button = element("button", { class: "comment-place", type: "button", title: "Show in the text" }, position.quote);
    button.addEventListener("click", () => {
      if (!this.#editor.reveal(position)) button.replaceWith(element("span", { class: "comment-place", "data-gone": true }, position.quote));
    });
    return button;
  }

  #resolve({ id, resolvedAt }) {
    const button = element("button", { class: "button button-small", type: "button" }, resolvedAt ? "Open again" : "Resolve");
    button.addEventListener("click", () => {
      attempt(() => patch(`sessions/${this.#sessionId}/comments/${id}/`, { resolved: !resolvedAt }));
    });
    return button;
  }

  #pick() {
    const place = this.#editor.selection();
    if (place && this.#may.comment) this.#setPlace(place);
  }

  #setPlace(place) {
    this.#place = place;
    byId("comment-about").hidden = place === null;
    this.#quote.textContent = place?.quote ?? "";
  }

  async #send() {
    const field = byId("comment-field");
    const comment = field.value.trim();
    if (!comment) return;
    const body = { comment, position: this.#place };
    if (!(await attempt(() => post(`sessions/${this.#sessionId}/comments/`, body), byId("comment-note")))) return;
    field.value = "";
    this.#setPlace(null);
  }
}
