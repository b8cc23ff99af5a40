/** The message pinned above the chat, and pinning one. */

import { countdown } from "./clock.js";
import { byId, element, hiddenText } from "./dom.js";
import { moment, remaining } from "./format.js";
import { rowProblem } from "./message-view.js";
import { inWords } from "./refusals.js";

export class Pinned {
  #socket;
  #viewer;
  #clock;
  #rows;
  #hostId;
  #say;
  #pinned = null;
  #stop = () => {};
  #banner = byId("pinned");
  #problem = byId("pinned-problem");

  /** `rows` is the list of the chat; `say(text)` tells a screen reader. */
  constructor({ socket, viewer, hostId, clock, rows, say }) {
    this.#socket = socket;
    this.#viewer = viewer;
    this.#hostId = hostId;
    this.#clock = clock;
    this.#rows = rows;
    this.#say = say;
    const text = byId("pinned-text");
    text.addEventListener("click", () => text.setAttribute("aria-expanded", String(text.getAttribute("aria-expanded") !== "true")));
    byId("pinned-down").addEventListener("click", () => this.#takeDown());
    byId("pinned-hide").addEventListener("click", () => {
      this.#banner.hidden = true;
      byId("messages").focus({ preventScroll: true });
    });
    viewer.addEventListener("change", () => this.#offer());
    this.#offer();
  }

  /** Shows what is pinned, or nothing for null. */
  show(pinned) {
    this.#stop();
    this.#pinned = pinned;
    const until = pinned?.expiresAt ? this.#clock.local(pinned.expiresAt) : null;
    const isOver = until !== null && until <= Date.now();
    this.#banner.hidden = !pinned || isOver;
    this.#mark();
    if (!pinned || isOver) return;
    this.#problem.textContent = "";
    this.#render(pinned);
    this.#stop = until === null ? () => {} : countdown(until, (left) => (byId("pinned-left").textContent = remaining(left)), () => this.show(null));
  }

  apply(event, data) {
    if (event === "chat:removed" && data.messageId === this.#pinned?.message.id) this.show(null);
    if (event !== "chat:pinned") return;
    this.show(data.pinned);
    this.#say(data.pinned ? `Pinned: ${data.pinned.message.username}: ${data.pinned.message.message}` : "The pinned message was taken down");
  }

  /** Pins the message of a row, or takes it down when it is the pinned one. */
  async toggle(row) {
    rowProblem(row, "");
    try {
      await this.#send(row.dataset.messageId, !this.#isPinned(row));
    } catch (error) {
      rowProblem(row, `Not pinned. ${inWords(error)}`);
    }
  }

  #isPinned = ({ dataset }) => dataset.messageId === this.#pinned?.message.id;

  #send(messageId, pinned) {
    return this.#socket.command("chat:pin", { messageId, pinned });
  }

  async #takeDown() {
    try {
      await this.#send(this.#pinned.message.id, false);
      byId("messages").focus({ preventScroll: true });
    } catch (error) {
      this.#problem.textContent = inWords(error);
    }
  }

  #offer() {
    byId("chat").toggleAttribute("data-may-pin", this.#viewer.mayModerate || this.#viewer.has("pin"));
  }

  #mark() {
    for (const button of this.#rows.querySelectorAll("[data-pin]")) button.setAttribute("aria-pressed", String(this.#isPinned(button.closest(".message"))));
  }

  #render({ message, pinnedBy, expiresAt }) {
    byId("pinned-by").textContent = pinnedBy === this.#hostId ? "by the host" : pinnedBy === message.userId ? "by its author" : "by a moderator";
    byId("pinned-left").textContent = "";
    byId("pinned-until").textContent = expiresAt ? `, until ${moment(this.#clock.local(expiresAt))}` : "";
    const text = byId("pinned-text");
    text.setAttribute("aria-expanded", "false");
    text.replaceChildren(element("strong", {}, message.username), hiddenText(": "), " ", message.message);
    const mayTakeDown = this.#viewer.mayModerate || pinnedBy === this.#viewer.userId;
    byId("pinned-down").hidden = !mayTakeDown;
    byId("pinned-hide").hidden = mayTakeDown;
  }
}
