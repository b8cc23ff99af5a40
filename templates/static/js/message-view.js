/** One row of the chat, built from an event's data. */

import { avatar, element, hiddenText, icon, tint } from "./dom.js";
import { picture } from "./gift-catalog.js";
import { moment } from "./format.js";
import { ogBadge } from "./og-badge.js";
import { segments } from "./text.js";

const CONTINUES_WITHIN_MS = 90_000;
const BADGES = { host: "Host", moderator: "Mod" };

/** A row for `chat:new` data, as `viewer` sees it. */
export function messageRow(message, viewer) {
  const kind = message.messageType ?? "text";
  if (kind === "system") return noticeRow(message.message);
  const isPrivate = message.type === "private";
  const mentionsMe = Boolean(viewer.userId) && message.mentions?.some(({ userId }) => String(userId) === viewer.userId);
  const classes = ["message"];
  if (isPrivate) classes.push("message-private");
  if (mentionsMe) classes.push("message-mentions-me");
  if (message.spotlight) classes.push("message-spotlight");
  const row = element(
    "li",
    {
      class: classes.join(" "),
      tabindex: "-1",
      "data-kind": kind,
      "data-message-id": message.id,
      "data-user-id": message.userId,
      "data-username": message.username,
      "data-at": Date.parse(message.timestamp),
    },
    kind === "gift" ? picture(message.gift?.id) : avatar(message.username),
    byline(message),
    message.replyTo ? quote(message.replyTo) : null,
    message.spotlight ? element("p", { class: "message-scope" }, icon("spotlight"), "Spotlight", hiddenText(": ")) : null,
    isPrivate ? element("p", { class: "message-scope" }, icon("lock"), hiddenText("Whisper: "), "Only you, the host and moderators see this") : null,
    element("p", { class: "message-text" }, ...textNodes(message, viewer)),
    viewer.userId ? actions(message, viewer) : null,
  );
  if (mentionsMe) row.querySelector(".message-byline").prepend(hiddenText("Mentions you. "));
  return row;
}

function byline(message) {
  const author = tint(element("span", { class: "message-author" }, message.username), message.username);
  return element(
    "p",
    { class: "message-byline" },
    author,
    ogBadge(message.ogLevel),
    ...(message.badges ?? []).filter((name) => name !== "og").map(badge),
    hiddenText(": "),
    element("time", { datetime: message.timestamp, "aria-hidden": "true" }, moment(message.timestamp)),
  );
}

function badge(name) {
  return element("span", { class: "message-role" }, BADGES[name] ?? name);
}

function quote(original) {
  if (original.preview === "") return removedQuote();
  return element(
    "button",
    { class: "message-quote", type: "button", tabindex: "-1", "data-original-id": original.id },
    hiddenText("In reply to "),
    element("strong", {}, original.username),
    " ",
    original.preview,
  );
}

/** What stands in a reply for a message that was removed. */
export const removedQuote = () => element("p", { class: "message-quote message-quote-removed" }, "In reply to a message that was removed");

function textNodes(message, viewer) {
  return segments(message.message, message.mentions).map(({ text, mention }) => {
    if (!mention) return text;
    const isMe = String(mention.userId) === viewer.userId;
    return element("span", { class: isMe ? "mention mention-me" : "mention" }, text);
  });
}

// aria-live off: a screen reader that reads the log aloud should not read the buttons with it.
function actions(message, viewer) {
  const isOwn = String(message.userId) === viewer.userId;
  const isTheirs = isOwn || viewer.mayModerate;
  const whose = isOwn ? "your message" : `the message of ${message.username}`;
  const canBePinned = isTheirs && message.type !== "private" && message.type !== "lounge";
  return element(
    "div",
    { class: "message-actions", "aria-live": "off" },
    action("reply", `Reply to ${message.username}`, "Reply"),
    canBePinned ? action("pin", `Pin ${whose}`, "Pin", { "aria-pressed": "false" }) : null,
    isTheirs ? action("remove", `Remove ${whose}`, "Remove") : null,
  );
}

function action(name, label, title, more = {}) {
  return element("button", { class: "icon-button", type: "button", tabindex: "-1", [`data-${name}`]: true, "aria-label": label, title, ...more }, icon(name));
}

/** Says under a message why something could not be done with it; an empty text takes that away. */
export function rowProblem(row, text) {
  row.querySelector(".message-problem")?.remove();
  if (text) row.append(element("p", { class: "message-problem", role: "alert" }, text));
}

/** A row for `gift:sent`; the gifts of one combo share it. */
export function giftRow(gift) {
  const count = gift.combo?.count ?? gift.quantity;
  const amount = count > 1 ? `${gift.giftName} × ${count}` : gift.giftName;
  const author = tint(element("span", { class: "message-author" }, gift.senderName), gift.senderName);
  return element(
    "li",
    { class: "message", "data-kind": "gift", "data-message-id": gift.messageId },
    picture(gift.animation),
    element("p", { class: "message-byline" }, author, hiddenText(" ")),
    element("p", { class: "message-text" }, `sent ${amount}`),
  );
}

export const noticeRow = (text) => element("li", { class: "notice" }, text);

/** What the host or a moderator says to the whole room. */
export function moderatorRow({ username, message }) {
  return element("li", { class: "notice notice-moderator" }, icon("shield"), element("p", {}, element("strong", {}, `Notice from ${username}: `), message));
}

/** Leaves a row's name and picture out (they stay for screen readers) when the row above is by the same person. */
export function continueFrom(previous, row) {
  const continues =
    previous?.dataset.userId !== undefined &&
    previous.dataset.userId === row.dataset.userId &&
    previous.classList.contains("message-private") === row.classList.contains("message-private") &&
    !row.querySelector(".message-quote") &&
    row.dataset.kind !== "gift" &&
    previous.dataset.kind !== "gift" &&
    ![previous, row].some(({ classList }) => classList.contains("message-spotlight")) &&
    Number(row.dataset.at) - Number(previous.dataset.at) < CONTINUES_WITHIN_MS;
  row.classList.toggle("message-continued", Boolean(continues));
}

