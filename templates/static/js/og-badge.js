/** The badge of an OG tier beside a name, and keeping it right when the tier changes. */

import { element } from "./dom.js";

/** The badge of a level; null for none. */
export function ogBadge(level) {
  if (!level) return null;
  return element("span", { class: "og-badge", "data-level": level, title: `OG tier, level ${level}` }, `OG ${level}`);
}

/** Gives all rows of a user's messages in `list` the badge of the level they have now. */
export function rebadge(list, userId, level) {
  for (const byline of list.querySelectorAll(`[data-user-id="${CSS.escape(String(userId))}"] .message-byline`)) {
    byline.querySelector(".og-badge")?.remove();
    const badge = ogBadge(level);
    if (badge) byline.querySelector(".message-author").after(badge);
  }
}
