/** The lounge beside the chat: a list of its own, for high tiers, the host and moderators. Others see what opens it. */

import { catchUp } from "./catch-up.js";
import { byId } from "./dom.js";
import { count } from "./format.js";
import { Refusal, Unanswered } from "./gateway-socket.js";
import { ChatHistory } from "./history.js";
import { LiveLog } from "./live-log.js";
import { MessageList } from "./message-list.js";
import { messageRow } from "./message-view.js";
import { newMessagesPill } from "./new-messages.js";
import { tabs } from "./tabs.js";

export class Lounge {
  #room;
  #viewer;
  #composer;
  #list;
  #history;
  #isShown = false;
  #unread = 0;
  #note = byId("lounge-note");
  #tab = byId("tab-lounge");
  /** What is said while the newest page is on its way comes after it. */
  #early = null;

  constructor({ streamId, room, socket, viewer, composer }) {
    this.#room = room;
    this.#viewer = viewer;
    this.#composer = composer;
    const scroller = byId("lounge-messages");
    this.#list = new MessageList(scroller, byId("lounge-list"), new LiveLog(scroller, byId("lounge-status")));
    newMessagesPill(this.#list, scroller, byId("lounge-newest"));
    this.#history = new ChatHistory({
      streamId,
      list: this.#list,
      scroller,
      button: byId("lounge-earlier"),
      note: this.#note,
      toRow: (message) => messageRow(message, viewer),
      lounge: true,
    });
    tabs(byId("chat-tabs"), (tab) => this.#choose(tab.id === "tab-lounge"));
    viewer.addEventListener("change", () => this.#followTier());
    room.addEventListener("joined", () => this.#enter());
    socket.addEventListener("frame", ({ detail: { event, data } }) => event === "room:reset" && data?.room === `lounge:${streamId}` && this.#enter());
    this.#showLock();
  }

  get #isOpen() {
    return this.#viewer.mayModerate || this.#viewer.has("lounge");
  }

  /** Brings a message into view. False when it is not loaded. */
  reveal(messageId) {
    return this.#list.reveal(messageId);
  }

  /** Applies one event. False when it is none of the lounge's. */
  apply(event, data) {
    if (event === "chat:removed") {
      this.#list.remove(data.messageId);
      this.#showEmpty();
    }
    if (event !== "chat:new" || data.type !== "lounge") return false;
    if (this.#early) this.#early.push(data);
    else this.#hear(data);
    return true;
  }

  #hear(message) {
    const isOwn = String(message.userId) === this.#viewer.userId;
    this.#add(message);
    if (isOwn) this.#list.follow();
    if (!this.#isShown && !isOwn) this.#setUnread(this.#unread + 1);
  }

  #add(message) {
    this.#list.append(messageRow(message, this.#viewer));
    this.#showEmpty();
  }

  async #enter() {
    if (!this.#isOpen || this.#early) return;
    this.#early = [];
    try {
      await this.#room.command("lounge:watch");
      const page = await this.#history.latest();
      if (this.#list.isEmpty || !catchUp(this.#list, page, (message) => this.#add(message))) this.#startOver(page);
      this.#note.textContent = "";
    } catch (error) {
      // A connection that was lost is joined again, and this with it.
      if (!(error instanceof Unanswered)) this.#note.textContent = error instanceof Refusal ? error.message : "The lounge could not be loaded.";
    }
    for (const message of this.#early) if (!this.#list.has(message.id)) this.#hear(message);
    this.#early = null;
    this.#showEmpty();
  }

  #startOver({ messages, hasMore }) {
    this.#list.reset(messages.map((message) => messageRow(message, this.#viewer)));
    this.#history.begin(hasMore);
  }

  #followTier() {
    const wasOpen = byId("lounge-locked").hidden;
    this.#showLock();
    if (this.#isOpen === wasOpen) return;
    if (this.#isOpen) this.#enter();
    else this.#startOver({ messages: [], hasMore: false });
    if (this.#isShown) this.#write();
  }

  #choose(isLounge) {
    this.#isShown = isLounge;
    if (isLounge) this.#setUnread(0);
    this.#write();
  }

  #write() {
    const closed = this.#isShown && !this.#isOpen ? `The lounge opens at OG ${this.#viewer.levelFor("lounge")}` : "";
    this.#composer.writeIn(this.#isShown ? "lounge" : null, closed);
  }

  #setUnread(number) {
    this.#unread = number;
    byId("lounge-unread").textContent = number ? count(number) : "";
    const unread = number ? `, ${count(number)} unread` : "";
    const locked = this.#isOpen ? "" : `, locked, opens at OG ${this.#viewer.levelFor("lounge")}`;
    this.#tab.setAttribute("aria-label", `Lounge${locked}${unread}`);
  }

  #showLock() {
    byId("lounge-locked").hidden = this.#isOpen;
    byId("lounge-window").hidden = !this.#isOpen;
    this.#tab.toggleAttribute("data-locked", !this.#isOpen);
    this.#setUnread(this.#isOpen ? this.#unread : 0);
  }

  #showEmpty() {
    byId("lounge-empty").hidden = !this.#list.isEmpty;
  }
}
