/** Why a command failed, in words for whoever sent it. */

import { Refusal } from "./gateway-socket.js";

/** Where the server's own words say too little. */
const WORDS = {
  insufficient_coins: "You have too few coins.",
  invalid_amount: "That amount is not possible.",
  not_live: "The stream is not live at the moment.",
  banned: "You cannot take part.",
  unavailable: "That is not possible for the moment.",
  not_found: "That is not there any more.",
  access_denied: "You may not do that.",
};
const TERSE = new Set(["Access denied", "Not found", "Invalid state", "Insufficient coins", "Invalid amount"]);

/** `unanswered` is said when nobody knows whether the command arrived. */
export function inWords(error, unanswered = "No answer from the server.") {
  if (!(error instanceof Refusal)) return unanswered;
  // What the server says of this very case is better than what is said of all cases of its kind.
  const isOwn = !TERSE.has(error.message) && (error.code === "access_denied" || error.code === "not_found");
  return isOwn ? error.message : (WORDS[error.code] ?? error.message);
}
