/** The host's side of a battle before it begins: challenging another, and answering a challenge. */

import { countdown } from "./clock.js";
import { byId, element } from "./dom.js";
import { remaining } from "./format.js";
import { explain, payOnce } from "./pay-once.js";
import { getJson } from "./rest.js";

const DECLINED = { declined: "Your challenge was declined.", expired: "Your challenge was not answered." };

export class Challenge {
  #room;
  #socket;
  #battle;
  #page;
  #clock;
  #waiting = null;
  #stop = () => {};
  #opponents = byId("challenge-opponent");
  #button = byId("challenge-send");

  /** `page` {streamId, userId, rematchSeconds}. */
  constructor({ room, socket, battle, page, clock }) {
    this.#room = room;
    this.#socket = socket;
    this.#battle = battle;
    this.#page = page;
    this.#clock = clock;
    byId("battle").hidden = false;
    byId("challenge").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#challenge();
    });
    this.#opponents.addEventListener("focus", () => this.#loadOpponents());
    byId("battle-accept").addEventListener("click", () => this.#answer("battle:accept"));
    byId("battle-decline").addEventListener("click", () => this.#answer("battle:decline"));
    battle.addEventListener("change", () => this.#render());
    this.#loadOpponents();
  }

  /** Reads the challenge that waits for an answer. */
  async refresh() {
    try {
      const { challenge } = await getJson(`/api/streams/${encodeURIComponent(this.#page.streamId)}/battle/`);
      this.#invited(challenge);
    } catch (error) {
      console.info("The challenge could not be read.", error);
    }
  }

  apply(event, data) {
    if (event === "battle:invited") this.#invited(data);
    if (event === "battle:declined") this.#declined(data);
    if (event === "battle:started") this.#begun();
    if (event === "battle:ended") this.#rest(this.#clock.local(data.battle.endsAt) + this.#page.rematchSeconds * 1000);
  }

  async #loadOpponents() {
    try {
      const { streams } = await getJson("/api/streams/?status=live");
      const chosen = this.#opponents.value;
      const others = streams.filter(({ host }) => host.id !== this.#page.userId);
      this.#opponents.replaceChildren(
        element("option", { value: "" }, others.length ? "Choose a live stream…" : "Nobody else is live"),
        ...others.map(({ id, host, title }) => element("option", { value: id }, `${host.username}: ${title}`)),
      );
      this.#opponents.value = others.some(({ id }) => id === chosen) ? chosen : "";
    } catch (error) {
      console.info("The live streams could not be read.", error);
    }
  }

  async #challenge() {
    const opponentStreamId = this.#opponents.value;
    this.#problem(opponentStreamId ? "" : "Choose whom to challenge.");
    if (!opponentStreamId) {
      this.#opponents.focus();
      return;
    }
    try {
      await payOnce(this.#room, (cid) => this.#room.command("battle:invite", { opponentStreamId, cid }));
      this.#say("Challenge sent. They have a minute to answer.");
    } catch (error) {
      this.#problem(explain(error));
    }
  }

  #invited(challenge) {
    this.#stop();
    this.#waiting = challenge;
    this.#render();
    if (!challenge) return;
    this.#problem("");
    this.#stop = countdown(
      this.#clock.local(challenge.answerBy),
      (left) => (byId("challenged-text").textContent = `${challenge.username} challenges you to a battle (${remaining(left)})`),
      () => this.#invited(null),
    );
    this.#say("");
    byId("battle-status").textContent = `${challenge.username} challenges you to a battle`;
  }

  async #answer(event) {
    const { battleId } = this.#waiting;
    try {
      await this.#socket.command(event, { battleId });
      this.#invited(null);
      this.#say("");
    } catch (error) {
      this.#problem(explain(error));
      this.refresh();
    }
  }

  #begun() {
    this.#invited(null);
    this.#say("");
    this.#problem("");
  }

  #declined({ reason }) {
    this.#say(DECLINED[reason] ?? "Your challenge came to nothing.");
  }

  /** The same two do not fight again at once. */
  #rest(until) {
    this.#stop();
    this.#stop = countdown(until, (left) => (this.#button.textContent = `Rematch in ${remaining(left)}`), () => (this.#button.textContent = "Challenge"));
  }

  #render() {
    byId("challenged").hidden = !this.#waiting || this.#battle.isRunning;
    byId("challenge").hidden = Boolean(this.#waiting) || this.#battle.isRunning;
  }

  #say(text) {
    byId("battle-note").textContent = text;
  }

  #problem(text) {
    byId("battle-problem").textContent = text;
  }
}
