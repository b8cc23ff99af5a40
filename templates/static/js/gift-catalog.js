/** The gifts that can be sent: how they look, in which order they stand, and why one cannot be sent now. */

import { element, icon } from "./dom.js";

const PICTURES = {
  rose: "🌹", tulip: "🌷", sunflower: "🌻", lily: "🪷", orchid: "🌸", bouquet: "💐",
  heart: "❤️", thumbs_up: "👍", laugh: "😂", fire: "🔥", star: "⭐", rainbow: "🌈",
  cat: "🐱", dog: "🐶", coffee: "☕", pizza: "🍕", vinyl: "💿", headphones: "🎧",
  crown: "👑", rocket: "🚀", diamond: "💎", dragon: "🐉", halo: "😇", galaxy: "🌌",
  lantern: "🏮", pumpkin: "🎃", snowman: "⛄", confetti: "🎊", fireworks: "🎆", phoenix: "🦅",
};
export const CATEGORIES = { flower: "Flowers", emoji: "Emoji", sticker: "Stickers", super: "Super", festival: "Festival" };
export const RARITIES = { common: "Common", rare: "Rare", epic: "Epic", legendary: "Legendary" };

const dayOfYear = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", timeZone: "UTC" });

/** A gift's picture by the name of its animation, or as text where there is none for it yet. */
export const pictureText = (animation) => PICTURES[animation] ?? "🎁";

export function picture(animation) {
  if (!PICTURES[animation]) return icon("gift", "gift-picture gift-picture-plain");
  return element("span", { class: "gift-picture", "aria-hidden": "true" }, PICTURES[animation]);
}

/**
 * Why a gift cannot be sent in a stream of `country` by somebody with that `ogLevel`: {tag, reason}, or null.
 * The server decides; this only says it before it is asked. Days are counted in UTC, as it counts them.
 */
export function obstacle(gift, { ogLevel, country }, now = new Date()) {
  const today = now.toISOString().slice(0, 10);
  if (gift.stock === 0) return { tag: "Sold out", reason: "This gift is sold out." };
  if (gift.startsOn && today < gift.startsOn) return season("From", gift.startsOn);
  if (gift.endsOn && today > gift.endsOn) return { tag: "Over", reason: "The festival of this gift is over." };
  if (gift.countries.length && !gift.countries.includes(country)) {
    return { tag: gift.countries.join(" "), reason: `This gift is for streams from ${gift.countries.join(", ")}.` };
  }
  if (ogLevel < gift.minOgLevel) return { tag: `OG ${gift.minOgLevel}`, reason: `This gift needs OG level ${gift.minOgLevel}.` };
  return null;
}

/** What is special about a gift that can be sent, in a word or two. */
export function remark(gift) {
  if (gift.stock !== null) return `${gift.stock.toLocaleString()} left`;
  if (gift.endsOn) return `Until ${day(gift.endsOn)}`;
  if (gift.minOgLevel) return `OG ${gift.minOgLevel}`;
  return "";
}

const season = (word, date) => ({ tag: `${word} ${day(date)}`, reason: `This gift can be sent from ${day(date)}.` });

const day = (date) => dayOfYear.format(new Date(`${date}T00:00:00Z`));
