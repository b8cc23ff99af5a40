/** What the page does with what the room says: events, snapshots and counts. */

import { byId } from "./dom.js";
import { count, plural } from "./format.js";
import { showGifters } from "./gifters.js";
import { giftRow, messageRow, moderatorRow, noticeRow } from "./message-view.js";

const JOINS_IN_ONE_NOTICE = 3;
const COUNTED = ["comments", "gifts", "coins", "likes"];

export class RoomView {
  #viewer;
  #list;
  #history;
  #chatters;
  #player;
  #joins = null;

  constructor({ viewer, list, history, chatters, player }) {
    this.#viewer = viewer;
    this.#list = list;
    this.#history = history;
    this.#chatters = chatters;
    this.#player = player;
  }

  /** Starts over from a snapshot's messages, oldest first. */
  load(messages, hasMore) {
    this.#joins = null;
    byId("chat-loading").hidden = true;
    for (const message of messages) this.#chatters.saw(message.userId, message.username);
    this.#list.reset(messages.map((message) => messageRow(message, this.#viewer)));
    this.#history.begin(hasMore && messages.length > 0);
    this.#showEmpty();
  }

  showMetrics(metrics) {
    if (Number.isFinite(metrics?.viewers)) byId("viewer-count").textContent = count(metrics.viewers);
    for (const name of COUNTED) {
      if (!Number.isFinite(metrics?.[name])) continue;
      byId(`${name}-count`).textContent = count(metrics[name]);
      byId(name).hidden = false;
    }
    if (metrics?.topGifters) showGifters(metrics.topGifters);
  }

  showStatus(status) {
    this.#player.setStatus(status);
  }

  /** Applies one event; those this page does not show pass by. */
  apply(event, data) {
    this.#events[event]?.(data);
  }

  message(message) {
    this.#chatters.saw(message.userId, message.username);
    this.#add(messageRow(message, this.#viewer));
    if (String(message.userId) === this.#viewer.userId) this.#list.follow();
  }

  #events = {
    "chat:new": (message) => this.message(message),
    "chat:removed": ({ messageId }) => {
      this.#list.remove(messageId);
      this.#showEmpty();
    },
    "gift:sent": (gift) => {
      if (!gift.combo?.ended) this.#list.put(giftRow(gift));
      this.#showEmpty();
    },
    "throne:claimed": ({ username }) => this.#add(noticeRow(`${username} took the throne`)),
    "throne:vacated": ({ username }) => this.#add(noticeRow(`${username} left the throne`)),
    "battle:started": ({ battle }) => this.#add(noticeRow(`Battle: ${battle.sides.map((side) => side.username).join(" against ")}`)),
    "battle:ended": ({ battle }) => this.#add(noticeRow(battleResult(battle))),
    "og:changed": ({ username, tier, reason }) => tier && this.#add(noticeRow(reason === "renewed" ? `${username} stays ${tier.name}` : `${username} is ${tier.name} now`)),
    "stream:join": (person) => this.#joined(person),
    "metrics:update": ({ metrics }) => {
      this.showMetrics({ topGifters: [], ...metrics });
      this.showStatus(metrics.status);
    },
    "stream:lagging": ({ dropped }) => this.#add(noticeRow(`Your connection is slow: ${plural(dropped, "update was", "updates were")} left out`)),
    "ai:warning": (warning) => this.#add(moderatorRow(warning)),
  };

  /** People who come one after the other share a notice while it is the last row. */
  #joined({ userId, username }) {
    this.#chatters.saw(userId, username);
    if (String(userId) === this.#viewer.userId) return;
    if (this.#joins && this.#list.isLast(this.#joins.row)) {
      if (!this.#joins.names.includes(username)) this.#joins.names.push(username);
      this.#joins.row.textContent = joinNotice(this.#joins.names);
      return;
    }
    const row = noticeRow(joinNotice([username]));
    this.#joins = { row, names: [username] };
    this.#add(row);
  }

  #add(row) {
    this.#list.append(row);
    this.#showEmpty();
  }

  #showEmpty() {
    byId("chat-empty").hidden = !this.#list.isEmpty;
  }
}

function joinNotice(names) {
  if (names.length === 1) return `${names[0]} joined`;
  if (names.length <= JOINS_IN_ONE_NOTICE) return `${names.slice(0, -1).join(", ")} and ${names.at(-1)} joined`;
  return `${names.slice(0, JOINS_IN_ONE_NOTICE - 1).join(", ")} and ${count(names.length - JOINS_IN_ONE_NOTICE + 1)} others joined`;
}

function battleResult({ sides, winner }) {
  const won = sides.find((side) => side.streamId === winner);
  const scores = sides.map((side) => side.score.toLocaleString()).join(" : ");
  return won ? `${won.username} won the battle, ${scores}` : "The battle ended, and nobody scored";
}
