/** The watch page: puts its parts together, for somebody signed in or for a guest. */

import { Chatters } from "./chatters.js";
import { keepElapsedTimes } from "./clock.js";
import { Composer } from "./composer.js";
import { ConnectionStatus } from "./connection-status.js";
import { byId, tintAll } from "./dom.js";
import { Games } from "./games.js";
import { GatewaySocket } from "./gateway-socket.js";
import { followGuest, followGuestGames } from "./guest-chat.js";
import { ChatHistory } from "./history.js";
import { LiveLog } from "./live-log.js";
import { MentionMenu } from "./mention-menu.js";
import { MessageList } from "./message-list.js";
import { navigateMessages } from "./message-navigation.js";
import { messageRow } from "./message-view.js";
import { ModerationNotices, roomRules } from "./moderation-notices.js";
import { plural } from "./format.js";
import { Player } from "./player.js";
import { RoomView } from "./room-view.js";
import { SendQueue } from "./send-queue.js";
import { StreamRoom } from "./stream-room.js";
import { UnsentMessages } from "./unsent.js";
import { followKeyboard } from "./viewport.js";
import { Warnings } from "./warnings.js";

const page = byId("main").dataset;
const viewer = { userId: page.userId, isHost: page.userId === page.hostId };
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
const games = new Games(page, rows);

tintAll(document);
keepElapsedTimes(document);
followKeyboard();
showPill();
view.showMetrics({ viewers: Number(byId("viewer-count").dataset.viewers) });
if (page.userId) takePart();
else {
  navigateMessages(scroller, rows, { reply: () => {}, remove: () => {}, jump, leave: () => {} });
  followGuest({ view, history, list });
  followGuestGames({ streamId: page.streamId, games, view });
}

function takePart() {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const socket = new GatewaySocket(`${scheme}//${location.host}/ws/`);
  const room = new StreamRoom(socket, page.streamId);
  const queue = new SendQueue(room);
  const warnings = new Warnings(byId("alerts"));
  const composer = new Composer(new MentionMenu(byId("composer-text"), byId("mention-menu"), chatters), viewer.isHost);
  composer.setStatus(player.status);
  player.addEventListener("status", () => composer.setStatus(player.status));
  const notices = new ModerationNotices(warnings, composer);
  new ConnectionStatus(socket, room, warnings);
  new UnsentMessages(byId("unsent"), queue, room);

  navigateMessages(scroller, rows, { reply: (row) => startReply(composer, row), remove, jump, leave: () => composer.focus() });
  composer.addEventListener("send", ({ detail }) => queue.submit(detail));
  queue.addEventListener("sent", () => notices.sent());
  queue.addEventListener("refused", ({ detail: { entry, refusal } }) => {
    if (notices.refused(refusal) && !composer.restore(entry)) queue.keep(entry, refusal.message);
  });

  games.takePart(socket, room, player);
  room.addEventListener("snapshot", ({ detail }) => {
    view.load(detail.snapshot?.messages ?? [], true);
    view.showMetrics({ topGifters: detail.snapshot?.topGifters });
  });
  room.addEventListener("joined", ({ detail }) => {
    view.showMetrics({ viewers: detail.viewers, ...detail.metrics });
    view.showStatus(detail.status);
    if (detail.snapshot?.settings) composer.setRoomHint(roomRules(detail.snapshot.settings));
  });
  room.addEventListener("event", ({ detail: { event, data } }) => {
    // Two things share this name: what the author of a stopped message is told, and a moderator's word to the room.
    if (event === "ai:warning" && data.warningType === undefined) notices.stopped(data);
    else if (event === "chat:settings") composer.setRoomHint(roomRules(data.settings));
    else if (games.apply(event, data)) view.apply(event, data);
  });
  socket.open();

  async function remove({ dataset: { messageId } }) {
    try {
      await socket.command("chat:remove", { messageId });
    } catch (refusal) {
      warnings.show({ key: "remove", level: "note", title: "The message was not removed", detail: refusal.message });
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
  if (!list.reveal(messageId)) live.say("The original message is not loaded. Load earlier messages to find it.");
}

function showPill() {
  const pill = byId("new-messages");
  pill.addEventListener("click", () => {
    list.follow();
    scroller.focus({ preventScroll: true });
  });
  list.addEventListener("moved", ({ detail: { pinned, unread } }) => {
    pill.hidden = pinned;
    byId("new-messages-label").textContent = unread ? plural(unread, "new message", "new messages") : "Newest messages";
  });
}
