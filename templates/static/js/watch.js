/** The watch page: puts its parts together, for somebody signed in or for a guest. */

import { Chatters } from "./chatters.js";
import { keepElapsedTimes } from "./clock.js";
import { Composer } from "./composer.js";
import { ConnectionStatus } from "./connection-status.js";
import { byId, tintAll } from "./dom.js";
import { Entry } from "./entry.js";
import { Games } from "./games.js";
import { GatewaySocket } from "./gateway-socket.js";
import { followGuest, followGuestGames } from "./guest-chat.js";
import { ChatHistory } from "./history.js";
import { LiveLog } from "./live-log.js";
import { Lounge } from "./lounge.js";
import { MentionMenu } from "./mention-menu.js";
import { MessageList } from "./message-list.js";
import { navigateMessages } from "./message-navigation.js";
import { messageRow, rowProblem } from "./message-view.js";
import { ModerationNotices, roomRules } from "./moderation-notices.js";
import { newMessagesPill } from "./new-messages.js";
import { Pinned } from "./pinned.js";
import { Player } from "./player.js";
import { ReactionShow } from "./reaction-show.js";
import { Reactions } from "./reactions.js";
import { inWords } from "./refusals.js";
import { RoomView } from "./room-view.js";
import { SendQueue } from "./send-queue.js";
import { ServerClock } from "./server-clock.js";
import { Spotlight } from "./spotlight.js";
import { StreamRoom } from "./stream-room.js";
import { UnsentMessages } from "./unsent.js";
import { Viewer } from "./viewer.js";
import { followKeyboard } from "./viewport.js";
import { Warnings } from "./warnings.js";

const page = byId("main").dataset;
const viewer = new Viewer(page);
const clock = new ServerClock();
const scroller = byId("messages");
const rows = byId("message-list");
const live = new LiveLog(scroller, byId("chat-status"));
const list = new MessageList(scroller, rows, live);
const chatters = new Chatters(page.userId);
chatters.saw(page.hostId, page.hostName);
const history = new ChatHistory({
  streamId: page.streamId,
  list,
  scroller,
  button: byId("load-earlier"),
  note: byId("history-note"),
  toRow: (message) => messageRow(message, viewer),
});
const player = new Player();
const view = new RoomView({ viewer, list, history, chatters, player });
const games = new Games({ page, lists: document.querySelectorAll(".message-list"), viewer, clock });

tintAll(document);
keepElapsedTimes(document);
followKeyboard();
newMessagesPill(list, scroller, byId("new-messages"));
view.showMetrics({ viewers: Number(byId("viewer-count").dataset.viewers) });
if (page.userId) takePart();
else {
  navigateMessages(scroller, rows, { reply: () => {}, jump, leave: () => {} });
  followGuest({ view, history, list });
  followGuestGames({ streamId: page.streamId, games, view });
}

function takePart() {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const socket = new GatewaySocket(`${scheme}//${location.host}/ws/`);
  const room = new StreamRoom(socket, page.streamId, new Entry(viewer));
  const queue = new SendQueue(room);
  const warnings = new Warnings(byId("alerts"));
  const composer = new Composer(new MentionMenu(byId("composer-text"), byId("mention-menu"), chatters), viewer.isHost);
  composer.setStatus(player.status);
  player.addEventListener("status", () => composer.setStatus(player.status));
  const notices = new ModerationNotices(warnings, composer);
  new ConnectionStatus(socket, room, warnings);
  new UnsentMessages(byId("unsent"), queue, room);

  const spotlight = new Spotlight({ viewer, composer, seconds: Number(page.spotlightSeconds) });
  const pinned = new Pinned({ socket, viewer, hostId: page.hostId, clock, rows, say: (text) => live.say(text) });
  const lounge = new Lounge({ streamId: page.streamId, room, socket, viewer, composer });
  const reactions = new Reactions({ room, viewer, player });
  const show = new ReactionShow(byId("reaction-stage"));

  const acts = { reply: (row) => startReply(composer, row), pin: (row) => pinned.toggle(row), remove, leave: () => composer.focus() };
  navigateMessages(scroller, rows, { ...acts, jump });
  navigateMessages(byId("lounge-messages"), byId("lounge-list"), { ...acts, jump: (messageId) => lounge.reveal(messageId) || sayNotLoaded() });
  composer.addEventListener("send", ({ detail }) => queue.submit({ ...detail, spotlight: spotlight.take(detail.type) }));
  queue.addEventListener("sent", () => notices.sent());
  queue.addEventListener("refused", ({ detail: { entry, refusal } }) => {
    if (entry.spotlight && refusal.code === "rate_limited") spotlight.rest(refusal.retryAfter);
    if (notices.refused(refusal) && !composer.restore(entry)) queue.keep(entry, refusal.message);
  });

  games.takePart(socket, room, player);
  room.addEventListener("snapshot", ({ detail }) => {
    view.load(detail.snapshot?.messages ?? [], true);
    view.showMetrics({ topGifters: detail.snapshot?.topGifters });
    pinned.show(detail.snapshot?.pinned ?? null);
  });
  room.addEventListener("joined", ({ detail }) => {
    view.showMetrics({ viewers: detail.viewers, ...detail.metrics });
    reactions.showCounts(detail.metrics);
    view.showStatus(detail.status);
    if (detail.snapshot?.settings) composer.setRoomHint(roomRules(detail.snapshot.settings));
  });
  room.addEventListener("event", ({ detail: { event, data } }) => {
    // Two things share this name: what the author of a stopped message is told, and a moderator's word to the room.
    if (event === "ai:warning" && data.warningType === undefined) notices.stopped(data);
    else if (event === "chat:settings") composer.setRoomHint(roomRules(data.settings));
    else if (!lounge.apply(event, data) && games.apply(event, data)) view.apply(event, data);
    pinned.apply(event, data);
    show.apply(event, data);
    reactions.apply(event, data);
  });
  socket.open();

  async function remove(row) {
    rowProblem(row, "");
    try {
      await socket.command("chat:remove", { messageId: row.dataset.messageId });
    } catch (error) {
      rowProblem(row, `Not removed. ${inWords(error)}`);
    }
  }
}

function startReply(composer, row) {
  const preview = row.querySelector(".message-text").textContent;
  const isPrivate = row.classList.contains("message-private");
  composer.replyTo({ id: row.dataset.messageId, username: row.dataset.username, preview, isPrivate });
  composer.focus();
}

function jump(messageId) {
  if (!list.reveal(messageId)) sayNotLoaded();
}

function sayNotLoaded() {
  live.say("The original message is not loaded. Load earlier messages to find it.");
}
