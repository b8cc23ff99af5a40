/** The connection's state in words, with a way to reconnect at once, and the reason when it is over. */

import { explainClose } from "./backoff.js";
import { countdown } from "./clock.js";
import { byId } from "./dom.js";
import { remaining } from "./format.js";

const LABELS = { connecting: "Connecting", live: "Connected", reconnecting: "Reconnecting", offline: "Offline", closed: "Disconnected" };
const STATES = { connecting: "connecting", ready: "connecting", waiting: "reconnecting", offline: "offline", closed: "closed" };

export class ConnectionStatus {
  #root = byId("connection");
  #label = byId("connection-label");
  #timer = byId("connection-timer");
  #button = byId("reconnect");
  #stop = () => {};

  /** @param refusal what it means that the room cannot be entered. */
  constructor(socket, room, warnings, refusal = "You cannot join this chat") {
    this.#button.addEventListener("click", () => socket.open());
    socket.addEventListener("state", ({ detail }) => {
      this.#show(STATES[detail.state]);
      if (detail.state === "waiting") {
        this.#stop = countdown(detail.retryAt, (left) => (this.#timer.textContent = `in ${remaining(left)}`), () => (this.#timer.textContent = ""));
      }
      if (detail.state === "closed") this.#explain(detail, warnings, socket);
      else warnings.dismiss("connection");
    });
    room.addEventListener("joined", () => this.#show("live"));
    room.addEventListener("refused", ({ detail }) => {
      this.#show("closed");
      warnings.show({
        key: "connection",
        level: "danger",
        title: refusal,
        detail: detail.message,
        actions: [{ label: "Try again", run: () => socket.open() }],
        dismissable: false,
      });
    });
  }

  #show(state) {
    this.#stop();
    this.#timer.textContent = "";
    this.#root.dataset.state = state;
    this.#label.textContent = LABELS[state];
    this.#button.hidden = !(state === "reconnecting" || state === "offline");
  }

  #explain({ code, reason }, warnings, socket) {
    const { title, detail, action } = explainClose(code, reason);
    const actions = {
      signin: [{ label: "Sign in", href: `/signin/?next=${encodeURIComponent(location.pathname)}` }],
      reconnect: [{ label: "Reconnect", run: () => socket.open() }],
    };
    warnings.show({ key: "connection", level: "danger", title, detail, actions: actions[action] ?? [], dismissable: false });
  }
}
