/** What the queue says: of kinds, priorities and outcomes, in words. */

import { plural } from "../format.js";

export const KINDS = { hold: "Held", report: "Reported", recheck: "Second look", evasion: "Evasion", fraud: "Fraud" };
export const PRIORITIES = { 1: "Low", 2: "Normal", 3: "High", 4: "Urgent" };

/** What the two outcomes are called for an item, on its buttons and afterwards. */
export function outcomesOf({ subjectKind, isShown }) {
  if (subjectKind === "user") return { hide: "Ban", show: "Let be" };
  return isShown ? { hide: "Remove", show: "Keep" } : { hide: "Refuse", show: "Show" };
}

/** The same for several at once. */
export function outcomesOfAll(items) {
  const flags = items.filter(({ subjectKind }) => subjectKind === "user").length;
  if (flags === 0) return { hide: "Remove", show: "Keep" };
  return flags === items.length ? { hide: "Ban", show: "Let be" } : { hide: "Remove and ban", show: "Keep" };
}

/** "mona removed it", "The policy let it stand". */
export function decisionOf({ outcome, decidedBy, subjectKind, isShown }) {
  // Whoever has a role is not banned from here.
  const banned = isShown ? "would ban them; they are not banned" : "banned them";
  const done = subjectKind === "user" ? { hide: banned, show: "let them be" } : { hide: "removed it", show: "let it stand" };
  return `${decidedBy ?? "The policy"} ${done[outcome] ?? "decided it"}`;
}

const FLAGS = {
  shared_device: "new, on a banned user's device",
  shared_network: "new, on a banned user's network",
  top_up_then_payout: "wants coins paid out that were just bought",
  coins_in_a_circle: "passes coins round among accounts of one device or network",
  newcomer_gives_much: "new, and gives very much",
};

export const categoryOf = (name) => FLAGS[name] ?? name.replaceAll("_", " ");

/** "harassment, spam ×2" */
export const reasonsOf = (reasons) =>
  Object.entries(reasons).map(([reason, times]) => (times > 1 ? `${categoryOf(reason)} ×${times}` : categoryOf(reason))).join(", ");

export const items = (number) => plural(number, "item", "items");
