/** The video and what stands in for it. Emits `status` when the stream begins or ends. */

import { byId } from "./dom.js";

const STATUS = {
  live: { badge: "Live", message: "On air, without video", detail: "The video is not available here. The chat is live." },
  pending: { badge: "Soon", message: "Starting soon", detail: "The chat opens when the stream starts." },
  ended: { badge: "Ended", message: "This stream has ended", detail: "Its chat can still be read." },
};

export class Player extends EventTarget {
  #root = document.querySelector(".player");
  #video = byId("video");
  #retry = byId("player-retry");

  constructor() {
    super();
    if (!this.#video) return;
    this.#video.addEventListener("error", () => this.#failed());
    this.#video.addEventListener("playing", () => this.#notice(null));
    this.#video.addEventListener("ended", () => this.#notice("The video has stopped", "It may come back in a moment.", true));
    this.#retry.addEventListener("click", () => {
      this.#notice(null);
      this.#video.load();
      this.#video.play().catch(() => {});
    });
    // The error may have come before this module did.
    if (this.#video.error) this.#failed();
  }

  get status() {
    return this.#root.dataset.status;
  }

  setStatus(status) {
    if (!STATUS[status] || status === this.status) return;
    const { badge, message, detail } = STATUS[status];
    this.#root.dataset.status = status;
    const label = byId("stream-status");
    label.textContent = badge;
    label.className = `badge badge-${status}`;
    if (status === "ended") this.#video?.remove();
    if (status !== "live" || !this.#video) this.#notice(message, detail);
    this.dispatchEvent(new Event("status"));
  }

  #failed() {
    this.#notice("The video cannot be played", "It may not have begun, or this browser does not know its format.", true);
  }

  #notice(message, detail = "", canRetry = false) {
    byId("player-notice").hidden = message === null;
    if (message === null) return;
    byId("player-message").textContent = message;
    byId("player-detail").textContent = detail;
    this.#retry.hidden = !canRetry;
  }
}
