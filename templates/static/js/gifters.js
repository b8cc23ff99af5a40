/** Who gifted most, as the stream's numbers tell it. */

import { byId, element, hiddenText, tint } from "./dom.js";
import { count } from "./format.js";

export function showGifters(gifters) {
  byId("gifters-empty").hidden = gifters.length > 0;
  byId("gifters").replaceChildren(...gifters.map(row));
}

function row({ userId, username, coins }) {
  const name = tint(element("span", { class: "gifter-name" }, username), username);
  return element("li", { class: "gifter", "data-user-id": userId }, name, element("span", { class: "gifter-coins count" }, count(coins), hiddenText(" coins")));
}
