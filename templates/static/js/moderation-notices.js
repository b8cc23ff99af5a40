/** What the author of a stopped, held or refused message is told, and what the composer does about it. */

import { moment, plural } from "./format.js";

const WAIT_CODES = {
  slow_mode: "Slow mode: one message at a time.",
  rate_limited: "You are writing too fast. Wait a moment.",
};
const MUTE_CODES = new Set(["muted", "banned"]);

export class ModerationNotices {
  #warnings;
  #composer;
  #mutedUntil = 0;

  constructor(warnings, composer) {
    this.#warnings = warnings;
    this.#composer = composer;
  }

  /** `ai:warning` to the author. */
  stopped({ message, type, until, action, categories }) {
    if (type === "content_ban") this.#muted(message, until ? Date.parse(until) : null);
    else if (action === "hold" || action === "held") this.held();
    else this.#warnings.show({ key: "stopped", title: "Your message was not sent", detail: [message, reasons(categories)].filter(Boolean).join(" ") });
  }

  /** A message was accepted: what was said about the one before it is over. */
  sent({ held }) {
    this.#warnings.dismiss("stopped");
    if (held) this.held();
  }

  held() {
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
    // The reason of a stopped message comes as ai:warning; saying it twice explains nothing.
    if (refusal.code !== "content_stopped") {
      this.#warnings.show({ key: "stopped", title: "Your message was not sent", detail: refusal.message });
    }
    return true;
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

/** Slow mode and its like, in one line under the composer. */
export function roomRules(settings) {
  const rules = [];
  if (settings?.slowModeSeconds > 0) rules.push(`Slow mode: a message every ${plural(settings.slowModeSeconds, "second", "seconds")}`);
  if (settings?.followersOnly) rules.push("Followers only");
  if (settings?.emojiOnly) rules.push("Emoji only");
  return rules.join(" · ");
}

function reasons(categories) {
  const names = Array.isArray(categories) ? categories : Object.keys(categories ?? {});
  return names.length ? `Reason: ${names.join(", ").replaceAll("_", " ")}.` : "";
}
