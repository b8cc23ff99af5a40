/** Commands that cost coins: asked again under the same `cid` until there is an answer, so that they happen once. */

import { newCid } from "./cid.js";
import { Refusal } from "./gateway-socket.js";
import { inWords } from "./refusals.js";

const ATTEMPTS = 4;
const REJOINED_WITHIN_MS = 30_000;
/** Refusals that say nothing of the command: the same `cid` may be tried again. */
const PASSING = new Set(["unavailable", "internal"]);
const PASSING_MS = 1500;

/**
 * The answer's data of a command sent by `send(cid)`.
 *
 * Throws the Refusal, or Unanswered when the connection stays away.
 */
export async function payOnce(room, send) {
  const cid = newCid();
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await send(cid);
    } catch (error) {
      const final = error instanceof Refusal && !PASSING.has(error.code);
      if (final || attempt >= ATTEMPTS) throw error;
      if (error instanceof Refusal) await pause(Math.max(PASSING_MS, (error.retryAfter ?? 0) * 1000));
      else if (!(await rejoined(room))) throw error;
    }
  }
}

/** Why a command that costs coins failed, for whoever sent it. */
export function explain(error) {
  if (error.code === "unavailable") return "That is not possible for the moment. Nothing was charged.";
  return inWords(error, "No answer from the server. If it did arrive, it is charged once.");
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Whether the room was entered again in time. */
function rejoined(room) {
  if (room.joined) return true;
  return Promise.race([
    pause(REJOINED_WITHIN_MS).then(() => false),
    new Promise((resolve) => room.addEventListener("joined", () => resolve(true), { once: true })),
  ]);
}
