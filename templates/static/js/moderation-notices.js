/** What the author of a stopped, held or refused message is told, and what the composer does about it. */

import { moment, plural } from "./format.js";

const WAIT_CODES = {
  slow_mode: "Slow mode: one message at a time.",
  rate_limited: "You are writing too fast. Wait a moment.",
};
const WARNING_WITHIN_MS = 1500;
/** Where the server's own words say too little. */
const WORDS = {
  invalid_content: "A message holds up to 500 characters, and neither markup nor invisible control characters.",
  not_live: "The stream is not live at the moment.",
};
const MUTE_CODES = new Set(["muted", "banned"]);

export class ModerationNotices {
  #warnings;
  #composer;
  #mutedUntil = 0;
  #warnedAt = 0;

  constructor(warnings, composer) {
    this.#warnings = warnings;
    this.#composer = composer;
  }

  /** `ai:warning` to the author. */
  stopped({ message, type, until, action, categories }) {
    this.#warnedAt = Date.now();
    if (type === "content_ban") this.#muted(message, until ? Date.parse(until) : null);
    else if (action === "hold") this.#held();
    else this.#notSent([message, reasons(categories)].filter(Boolean).join(" "));
  }

  /** A message was accepted: what was said about the one before it is over. */
  sent() {
    this.#warnings.dismiss("stopped");
  }

  #held() {
    this.#warnings.show({
      key: "held",
      level: "note",
      title: "A moderator will look at your message",
      detail: "Nobody else sees it until then. You do not need to send it again.",
    });
  }

  /** A refused `chat:new`. True when its text should go back into the composer. */
  refused(refusal) {
    const until = refusal.retryAfter === null ? null : Date.now() + refusal.retryAfter * 1000;
    if (WAIT_CODES[refusal.code] && until) {
      this.#composer.lock({ until, reason: WAIT_CODES[refusal.code] });
      return true;
    }
    if (MUTE_CODES.has(refusal.code)) {
      // The warning that came with the mute explains it better than the refusals that follow.
      if (this.#mutedUntil > Date.now()) return false;
      if (until) this.#muted(refusal.message, until);
      else this.#warnings.show({ key: "muted", level: "danger", title: "You cannot write here", detail: refusal.message });
      return false;
    }
    if (refusal.code === "content_stopped") {
      this.#explainUnlessWarned(refusal);
      return this.#mutedUntil < Date.now();
    }
    this.#notSent(WORDS[refusal.code] ?? refusal.message);
    return true;
  }

  /** The reason of a stopped message comes as ai:warning, just before or after the refusal, unless it got lost. */
  #explainUnlessWarned(refusal) {
    setTimeout(() => {
      if (Date.now() - this.#warnedAt > 2 * WARNING_WITHIN_MS) this.#notSent(refusal.message);
    }, WARNING_WITHIN_MS);
  }

  #notSent(detail) {
    this.#warnings.show({ key: "stopped", title: "Your message was not sent", detail });
  }

  #muted(message, until) {
    this.#mutedUntil = until ?? 0;
    this.#warnings.show({
      key: "muted",
      level: "danger",
      title: until ? `You cannot write until ${moment(until)}` : "You cannot write here",
      detail: message,
      until,
    });
    if (until) this.#composer.lock({ until, reason: "You are muted.", hard: true });
  }
}

/** What the stream's settings ask of everybody, in one line under the composer. */
export function roomRules({ slowModeSeconds, ogOnlyLevel, emojiOnly, uniqueMessages, chatDelaySeconds, linksAllowed, shieldUntil }) {
  const rules = [
    shieldUntil && "The shield is up",
    slowModeSeconds > 0 && `Slow mode: a message every ${plural(slowModeSeconds, "second", "seconds")}`,
    ogOnlyLevel > 0 && `Only from OG level ${ogOnlyLevel} on`,
    emojiOnly && "Emoji only",
    uniqueMessages && "Nothing twice",
    chatDelaySeconds > 0 && `Shown after ${plural(chatDelaySeconds, "second", "seconds")}`,
    !linksAllowed && "No links",
  ];
  return rules.filter(Boolean).join(" · ");
}

function reasons(categories) {
  return categories?.length ? `Reason: ${categories.join(", ").replaceAll("_", " ")}.` : "";
}
