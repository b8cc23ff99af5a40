/** What the queue says: of kinds, priorities and outcomes, in words. */

import { plural } from "../format.js";

export const KINDS = { hold: "Held", report: "Reported", recheck: "Second look", evasion: "Evasion", fraud: "Fraud" };
export const PRIORITIES = { 1: "Low", 2: "Normal", 3: "High", 4: "Urgent" };

/** What the two outcomes are called for an item, on its buttons and afterwards. */
export function outcomesOf({ subjectKind, isShown }) {
  if (subjectKind === "user") return { hide: "Confirm", show: "Dismiss" };
  return isShown ? { hide: "Remove", show: "Keep" } : { hide: "Refuse", show: "Show" };
}

/** The same for several at once. */
export const OUTCOMES = { hide: "Remove", show: "Keep" };

/** "mona removed it", "The policy let it stand". */
export function decisionOf({ outcome, decidedBy, subjectKind }) {
  const done = subjectKind === "user" ? { hide: "confirmed it", show: "dismissed it" } : { hide: "removed it", show: "let it stand" };
  return `${decidedBy ?? "The policy"} ${done[outcome] ?? "decided it"}`;
}

export const categoryOf = (name) => name.replaceAll("_", " ");

/** "harassment, spam ×2" */
export const reasonsOf = (reasons) =>
  Object.entries(reasons).map(([reason, times]) => (times > 1 ? `${categoryOf(reason)} ×${times}` : categoryOf(reason))).join(", ");

export const items = (number) => plural(number, "item", "items");
