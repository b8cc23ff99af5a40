/**
 * Reactions as they fly over the picture. Only for the eye: hidden from screen readers, never more pieces than the
 * stage holds, and nothing at all for those who want less motion.
 */

import { element } from "./dom.js";

export const REACTIONS = {
  like: { label: "Like", picture: "👍" },
  love: { label: "Love", picture: "❤️" },
  laugh: { label: "Laugh", picture: "😂" },
  wow: { label: "Wow", picture: "😮" },
  clap: { label: "Clap", picture: "👏" },
  confetti: { label: "Confetti", picture: "🎉", animated: true },
  fireworks: { label: "Fireworks", picture: "🎆", animated: true },
  rocket: { label: "A rocket", picture: "🚀", animated: true },
};

const MOST_PIECES = 120;
const CONFETTI = 32;
const BURSTS = 3;
const RAYS = 12;
const FLAMES = 8;

const calm = matchMedia("(prefers-reduced-motion: reduce)");
const between = (low, high) => low + Math.random() * (high - low);

export class ReactionShow {
  #stage;

  constructor(stage) {
    this.#stage = stage;
    for (const over of ["animationend", "animationcancel"]) stage.addEventListener(over, ({ target }) => target.remove());
  }

  apply(event, data) {
    if (event !== "stream:react" || document.hidden || calm.matches || !REACTIONS[data.reaction]) return;
    const pieces = (PIECES[data.reaction] ?? floating)(REACTIONS[data.reaction].picture);
    const room = MOST_PIECES - this.#stage.childElementCount;
    this.#stage.append(...pieces.slice(0, Math.max(0, room)));
  }
}

function piece(kind, style, text = "") {
  const node = element("span", { class: `flying flying-${kind}` }, text);
  for (const [name, value] of Object.entries(style)) node.style.setProperty(`--${name}`, value);
  return node;
}

/** One picture that rises at the side and sways. */
function floating(picture) {
  return [piece("up", { x: `${between(0, 4)}rem`, drift: `${between(-2.5, 1)}rem`, size: `${between(1.5, 2.2)}rem`, time: `${between(2, 3)}s` }, picture)];
}

function confetti() {
  return Array.from({ length: CONFETTI }, () =>
    piece("confetti", { x: `${between(0, 100)}%`, drift: `${between(-4, 4)}rem`, turn: `${between(1, 3)}turn`, hue: between(0, 360), delay: `${between(0, 0.7)}s`, time: `${between(1.6, 2.8)}s` }),
  );
}

function fireworks() {
  return Array.from({ length: BURSTS }).flatMap((_, burst) => {
    const place = { x: `${between(18, 82)}%`, y: `${between(18, 55)}%`, hue: between(0, 360), delay: `${burst * 0.35}s` };
    return Array.from({ length: RAYS }, (_, ray) => piece("ray", { ...place, angle: `${ray / RAYS}turn`, reach: `${between(3.5, 5.5)}rem` }));
  });
}

function rocket(picture) {
  const flames = Array.from({ length: FLAMES }, (_, flame) => piece("flame", { delay: `${0.1 + flame * 0.07}s`, drift: `${between(-0.8, 0.8)}rem` }));
  return [piece("rocket", {}, picture), ...flames];
}

const PIECES = { confetti, fireworks, rocket };
