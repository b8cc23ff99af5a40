/**
 * Where a message is written. Emits `send` {message, type, replyTo}; can be locked for a time, softly (typing
 * goes on, sending waits) or hard (a mute).
 */

import { countdown } from "./clock.js";
import { byId } from "./dom.js";
import { moment, remaining } from "./format.js";
import { codePoints, isEmojiOnly } from "./text.js";

const MAXIMUM = 500;
const NEAR = 450;
const PLACEHOLDER = { public: "Message everyone", private: "Whisper to the host", lounge: "Message the lounge" };
const HOST_PLACEHOLDER = { ...PLACEHOLDER, private: "Whisper to moderators" };
const CLOSED = { pending: "The chat opens when the stream starts", ended: "The chat closed with the stream" };
const HINT = { public: "", private: "Only you, the host and moderators see this.", lounge: "Only the lounge, the host and moderators see this." };
const HOST_HINT = { ...HINT, private: "Only you and the moderators see this." };

export class Composer extends EventTarget {
  #form = byId("composer");
  #field = byId("composer-text");
  #button = byId("send");
  #buttonLabel = byId("send-label");
  #hint = byId("composer-hint");
  #counter = byId("composer-count");
  #replyTo = null;
  #lock = null;
  #roomHint = "";
  #draftHint = "";
  /** What was begun in the other room, chat or lounge. */
  #otherText = "";
  /** Why nothing can be written in this room. */
  #closed = "";
  #status = "live";
  #hints;
  #placeholders;

  /** `menu` offers names; the host's whispers reach nobody but the moderators. */
  constructor(menu, isHost) {
    super();
    this.#hints = isHost ? HOST_HINT : HINT;
    this.#placeholders = isHost ? HOST_PLACEHOLDER : PLACEHOLDER;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    this.#form.addEventListener("change", ({ target }) => target.name === "visibility" && this.#setVisibility(target.value));
    this.#field.addEventListener("input", () => this.#measure());
    this.#field.addEventListener("keydown", (event) => this.#key(event, menu));
    byId("reply-cancel").addEventListener("click", () => {
      this.replyTo(null);
      this.focus();
    });
    this.#measure();
  }

  get isEmpty() {
    return this.#field.value.trim() === "";
  }

  focus() {
    this.#field.focus();
  }

  /** Answers `message` {id, username, preview, isPrivate}, or nobody with null. A whisper is answered in a whisper. */
  replyTo(message) {
    this.#replyTo = message;
    if (message?.isPrivate) this.#setVisibility("private");
    byId("reply-bar").hidden = !message;
    byId("reply-name").textContent = message?.username ?? "";
    byId("reply-preview").textContent = message?.preview ?? "";
  }

  /** Writes in the "lounge" from now on, or with null in the chat; `closed` says why nothing can be written there. */
  writeIn(lounge, closed = "") {
    this.#closed = closed;
    if (Boolean(lounge) !== this.#isInLounge) {
      [this.#field.value, this.#otherText] = [this.#otherText, this.#field.value];
      this.replyTo(null);
      this.#setVisibility(lounge ?? this.#form.elements.visibility.value);
    }
    this.#measure();
  }

  /** Puts a draft that was not accepted back, unless something else is being written, or in another room. */
  restore({ message, type, replyTo }) {
    if (!this.isEmpty || (type === "lounge") !== this.#isInLounge) return false;
    this.#field.value = message;
    if (!this.#isInLounge) this.#setVisibility(type === "private" ? "private" : "public");
    this.replyTo(replyTo);
    this.#measure();
    return true;
  }

  /** What the room asks of everybody, such as slow mode. */
  setRoomHint(text) {
    this.#roomHint = text;
    this.#showHint();
  }

  /** What is special about the message that is being written. */
  setDraftHint(text) {
    this.#draftHint = text;
    this.#showHint();
  }

  /** Messages are taken while the stream is live. */
  setStatus(status) {
    this.#status = status;
    this.#refresh();
  }

  /** Nothing can be sent until `until` (epoch milliseconds); a later lock replaces an earlier, shorter one. */
  lock({ until, reason, hard = false }) {
    if (this.#lock && this.#lock.hard && !hard) return;
    this.#lock?.stop();
    this.#lock = { hard, reason, until, stop: () => {} };
    this.#refresh();
    const stop = countdown(until, (left) => (this.#buttonLabel.textContent = remaining(left)), () => this.#unlock());
    if (this.#lock) this.#lock.stop = stop;
  }

  #unlock() {
    this.#lock?.stop();
    this.#lock = null;
    this.#buttonLabel.textContent = "Send";
    this.#refresh();
  }

  #send() {
    const message = this.#field.value.trim();
    if (this.#cannotSend(message)) return;
    const { visibility } = this.#form.dataset;
    const type = visibility === "public" && isEmojiOnly(message) ? "emoji" : visibility;
    const draft = { message, type, replyTo: this.#replyTo };
    this.#field.value = "";
    this.replyTo(null);
    this.#measure();
    this.focus();
    this.dispatchEvent(new CustomEvent("send", { detail: draft }));
  }

  #key(event, menu) {
    if (event.isComposing || menu.handleKey(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#send();
    } else if (event.key === "Escape" && this.#replyTo) {
      event.preventDefault();
      this.replyTo(null);
    }
  }

  #setVisibility(visibility) {
    if (visibility === "public" && this.#replyTo?.isPrivate) this.replyTo(null);
    this.#form.dataset.visibility = visibility;
    // The lounge has no button of its own: it is a room, and leaves the choice of the chat as it is.
    if (visibility !== "lounge") this.#form.elements.visibility.value = visibility;
    this.#refresh();
  }

  get #isInLounge() {
    return this.#form.dataset.visibility === "lounge";
  }

  #cannotSend(message) {
    return message === "" || codePoints(message) > MAXIMUM || this.#lock !== null || this.#isClosed;
  }

  get #isClosed() {
    return this.#status in CLOSED || this.#closed !== "";
  }

  /** Brings the field, the button and the hint in line with what may be done now. */
  #refresh() {
    const isMuted = Boolean(this.#lock?.hard);
    this.#field.disabled = isMuted || this.#isClosed;
    this.#field.placeholder = isMuted
      ? `Muted until ${moment(this.#lock.until)}`
      : (CLOSED[this.#status] ?? (this.#closed || this.#placeholders[this.#form.dataset.visibility]));
    this.#button.setAttribute("aria-disabled", String(this.#cannotSend(this.#field.value.trim())));
    this.#showHint();
  }

  #measure() {
    const length = codePoints(this.#field.value.trim());
    byId("composer-count-value").textContent = length;
    this.#counter.dataset.level = length > MAXIMUM ? "over" : length > NEAR ? "near" : "";
    this.#refresh();
    this.#field.style.setProperty("--field-height", "auto");
    const border = this.#field.offsetHeight - this.#field.clientHeight;
    this.#field.style.setProperty("--field-height", `${this.#field.scrollHeight + border}px`);
  }

  #showHint() {
    const over = codePoints(this.#field.value.trim()) - MAXIMUM;
    const tooLong = over > 0 ? `Too long by ${over}.` : "";
    const hint = this.#hints[this.#form.dataset.visibility] || this.#draftHint || this.#roomHint;
    const text = this.#lock?.reason || tooLong || (this.#closed ? "" : hint);
    if (this.#hint.textContent !== text) this.#hint.textContent = text;
  }
}
