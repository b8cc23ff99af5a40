/** What is played with coins on the watch page, put together: gifts, throne, battle, tiers. */

import { Battle } from "./battle.js";
import { Challenge } from "./challenge.js";
import { byId } from "./dom.js";
import { GiftShow } from "./gift-show.js";
import { GiftTray } from "./gift-tray.js";
import { rebadge } from "./og-badge.js";
import { Throne } from "./throne.js";
import { Tiers } from "./tiers.js";
import { Wallet } from "./wallet.js";

const THRONE = new Set(["throne:claimed", "throne:vacated"]);

export class Games {
  #page;
  #lists;
  #viewer;
  #clock;
  #throne;
  #battle;
  #parts;
  #tiers = null;
  #wallet = null;
  #tray = null;
  #challenge = null;

  /** `page` is the data of the page; `lists` are those of messages. */
  constructor({ page, lists, viewer, clock }) {
    this.#page = page;
    this.#lists = lists;
    this.#viewer = viewer;
    this.#clock = clock;
    const rules = { coins: Number(page.throneCoins), percent: Number(page.thronePercent), freeFrom: Number(page.throneFreeFrom) };
    this.#throne = new Throne({ streamId: page.streamId, rules, clock: this.#clock, viewer: this.#viewer });
    this.#battle = new Battle({ streamId: page.streamId, clock: this.#clock });
    this.#parts = [this.#throne, this.#battle, new GiftShow(byId("gift-stage"), Number(page.comboSeconds))];
  }

  /** Lets somebody signed in play. */
  takePart(socket, room, player) {
    const wallet = new Wallet(this.#page.userId);
    this.#wallet = wallet;
    this.#tiers = new Tiers({ socket, room, wallet, level: this.#viewer.ogLevel });
    this.#tiers.addEventListener("change", () => this.#levelChanged());
    this.#throne.takePart(room);
    this.#battle.takePart(room, wallet);
    this.#parts.push(wallet);
    if (this.#viewer.isHost) {
      this.#challenge = new Challenge({ socket, room, battle: this.#battle, clock: this.#clock, page: { ...this.#page, rematchSeconds: Number(this.#page.rematchSeconds) } });
      this.#parts.push(this.#challenge);
    } else {
      this.#tray = new GiftTray({ room, wallet, viewer: this.#viewer, status: () => player.status });
      player.addEventListener("status", () => this.#tray.update());
    }
    socket.addEventListener("state", ({ detail }) => detail.session && this.#clock.heard(detail.session.serverTime));
    room.addEventListener("snapshot", ({ detail }) => this.#start(detail.snapshot ?? {}));
    room.addEventListener("joined", () => {
      wallet.refresh();
      this.#throne.refresh();
      this.#challenge?.refresh();
    });
  }

  /** Follows what is played as a guest, by looking again. */
  watchAlong() {
    this.#throne.refresh();
    this.#battle.refresh();
  }

  /** Applies one event. False when it has been told before. */
  apply(event, data) {
    if (THRONE.has(event) && !this.#throne.isNews(event, data)) return false;
    for (const part of this.#parts) part.apply(event, data);
    if (event !== "og:changed") return true;
    for (const list of this.#lists) rebadge(list, data.userId, data.newLevel);
    if (String(data.userId) === this.#page.userId) this.#tiers?.changed(data);
    // It comes to the user as well as to the streams they are in; the chat tells of it once.
    return data.streamId !== null;
  }

  #start({ throne, battle }) {
    this.#throne.show(throne);
    this.#battle.show(battle);
  }

  #levelChanged() {
    this.#viewer.setLevel(this.#tiers.level);
    this.#tray?.update();
    this.#throne.update();
  }
}
