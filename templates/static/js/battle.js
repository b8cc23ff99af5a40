/**
 * A battle of this stream with another: scores, time by the server's clock, boosts that work, and the result.
 *
 * Emits `change` when one begins or ends.
 */

import { countdown } from "./clock.js";
import { byId, element, hiddenText } from "./dom.js";
import { clock as minutes } from "./format.js";
import { explain, payOnce } from "./pay-once.js";
import { getJson } from "./rest.js";

const BOOSTS = { attack: "Attack", special: "Special", defense: "Defense" };
/** The boosts that last, as they are shown while they do. */
const CHIPS = { special: "×2", defense: "Shield" };
const RESULT_MS = 60_000;
const TICK_MS = 500;

export class Battle extends EventTarget {
  #streamId;
  #clock;
  #battle = null;
  #stop = () => {};
  #resultTimer = null;
  #boostTimer = null;
  last = null;

  constructor({ streamId, clock }) {
    super();
    this.#streamId = streamId;
    this.#clock = clock;
  }

  get isRunning() {
    return this.#battle !== null;
  }

  /** Lets the viewer boost, out of this wallet. */
  takePart(room, wallet) {
    byId("boosts").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#boost(event.submitter?.value ?? "attack", room, wallet);
    });
  }

  /** Shows the battle as a snapshot has it, or none. */
  show(battle) {
    if (battle) this.#running(battle);
    else if (this.#battle) this.#over();
  }

  /** Reads the battle over REST. */
  async refresh() {
    try {
      const { battle } = await getJson(`/api/streams/${encodeURIComponent(this.#streamId)}/battle/`);
      this.show(battle);
    } catch (error) {
      console.info("The battle could not be read.", error);
    }
  }

  apply(event, data) {
    this.#events[event]?.(data);
  }

  #events = {
    "battle:started": ({ battle }) => this.#running(battle),
    "battle:score": ({ battle }) => this.#running(battle),
    "battle:boost": ({ battle, username, boostType, boostAmount, streamId }) => {
      if (!battle) return;
      this.#running(battle);
      const side = battle.sides.find((each) => each.streamId === streamId);
      byId("battle-status").textContent = `${username}: ${BOOSTS[boostType] ?? boostType} for ${side?.username ?? "a side"}, ${boostAmount.toLocaleString()} coins`;
    },
    "battle:ended": ({ battle }) => this.#ended(battle),
  };

  #running(battle) {
    if (battle.status !== "running" || battle.id === this.last?.id) return;
    const isNew = this.#battle?.id !== battle.id;
    this.#clock.heard(battle.serverTime);
    this.#battle = battle;
    byId("battle-result").hidden = true;
    clearTimeout(this.#resultTimer);
    this.#render();
    if (!isNew) return;
    this.#stop();
    this.#stop = countdown(this.#clock.local(battle.endsAt), (left) => this.#tick(left), () => this.#tick(0));
    this.#changed();
  }

  #tick(left) {
    byId("battle-clock").textContent = left > 0 ? minutes(Math.ceil(left / 1000)) : "…";
    byId("battle").toggleAttribute("data-ending", left <= 10_000);
  }

  #render() {
    const [ours, theirs] = this.#sides(this.#battle);
    byId("battle-our-name").textContent = ours.username;
    byId("battle-their-name").textContent = theirs.username;
    byId("battle-our-score").textContent = ours.score.toLocaleString();
    byId("battle-their-score").textContent = theirs.score.toLocaleString();
    const share = (ours.score + 1) / (ours.score + theirs.score + 2);
    byId("battle-bar-ours").style.setProperty("--share", `${Math.min(92, Math.max(8, share * 100))}%`);
    this.#showBoosts();
  }

  #showBoosts() {
    clearTimeout(this.#boostTimer);
    const left = this.#battle.activeBoosts.filter(({ endsAt }) => this.#clock.local(endsAt) > Date.now());
    const [ours, theirs] = this.#sides(this.#battle);
    byId("battle-our-boosts").replaceChildren(...this.#chips(left, ours));
    byId("battle-their-boosts").replaceChildren(...this.#chips(left, theirs));
    if (left.length) this.#boostTimer = setTimeout(() => this.#battle && this.#showBoosts(), TICK_MS);
  }

  /** A chip for each kind of boost on a side: how long the one that works still does, and how many wait. */
  #chips(boosts, side) {
    return Object.keys(CHIPS).flatMap((kind) => {
      const [working, ...waiting] = boosts.filter((boost) => boost.streamId === side.streamId && boost.boostType === kind);
      if (!working) return [];
      const seconds = Math.ceil((this.#clock.local(working.endsAt) - Date.now()) / 1000);
      const more = waiting.length ? ` +${waiting.length}` : "";
      return [element("li", { class: "boost-chip" }, hiddenText(`${BOOSTS[kind]}: `), CHIPS[kind], element("span", { class: "count" }, ` ${seconds} s${more}`))];
    });
  }

  #ended(battle) {
    if (battle.id === this.last?.id) return;
    const [ours, theirs] = this.#sides(battle);
    const winner = battle.sides.find((side) => side.streamId === battle.winner);
    const score = `${ours.score.toLocaleString()} : ${theirs.score.toLocaleString()}`;
    this.last = battle;
    this.#over();
    const result = byId("battle-result");
    result.replaceChildren(element("strong", {}, winner ? `${winner.username} wins` : "Nobody wins"), ` · ${ours.username} ${score} ${theirs.username}`);
    result.dataset.outcome = winner ? (winner === ours ? "won" : "lost") : "none";
    result.hidden = false;
    this.#resultTimer = setTimeout(() => {
      result.hidden = true;
      this.#changed();
    }, RESULT_MS);
    this.#changed();
  }

  #over() {
    this.#stop();
    clearTimeout(this.#boostTimer);
    this.#battle = null;
    byId("battle").removeAttribute("data-ending");
    this.#changed();
  }

  /** This stream's side, then the other. */
  #sides(battle) {
    const ours = battle.sides.find((side) => side.streamId === this.#streamId) ?? battle.sides[0];
    return [ours, battle.sides.find((side) => side !== ours)];
  }

  #changed() {
    byId("battle-board").hidden = !this.isRunning;
    const boosts = byId("boosts");
    if (boosts) boosts.hidden = !this.isRunning;
    byId("battle").hidden = !this.isRunning && byId("battle-result").hidden && !byId("challenge");
    this.dispatchEvent(new Event("change"));
  }

  async #boost(boostType, room, wallet) {
    const [field, problem] = [byId("boost-amount"), byId("battle-problem")];
    const boostAmount = Number(field.value);
    const isPossible = Number.isInteger(boostAmount) && boostAmount >= Number(field.min) && boostAmount <= Number(field.max);
    field.setAttribute("aria-invalid", String(!isPossible));
    problem.textContent = isPossible ? "" : `A boost is a whole number of coins from ${field.min} to ${field.max}.`;
    if (!isPossible) {
      field.focus();
      return;
    }
    try {
      const receipt = await payOnce(room, (cid) => room.command("battle:boost", { boostType, boostAmount, cid }));
      wallet.set(receipt);
      if (receipt.battle) this.#running(receipt.battle);
    } catch (error) {
      problem.textContent = explain(error);
      wallet.refresh();
    }
  }
}
