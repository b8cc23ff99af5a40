/** The button over a list that says how much is new below, and leads there. */

import { plural } from "./format.js";

export function newMessagesPill(list, scroller, pill) {
  pill.addEventListener("click", () => {
    list.follow();
    scroller.focus({ preventScroll: true });
  });
  list.addEventListener("moved", ({ detail: { pinned, unread } }) => {
    pill.hidden = pinned;
    pill.querySelector("span").textContent = unread ? plural(unread, "new message", "new messages") : "Newest messages";
  });
}
