/** Trying something the server may refuse, and saying so where it was tried. */

import { byId } from "../dom.js";
import { Refusal } from "../gateway-socket.js";

/** Runs `work`; a refusal is said in `place`, or in the page's notice. Returns whether it was done. */
export async function attempt(work, place = byId("notice")) {
  place.textContent = "";
  try {
    await work();
    return true;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    place.dataset.level = "error";
    place.textContent = error.message;
    return false;
  }
}
