/**
 * The list of streams, kept up to date by reading the page again. Cards stay where they are while somebody
 * looks: counts change in place, ended streams leave, new ones come in at the end.
 */

import { keepElapsedTimes } from "./clock.js";
import { byId, tintAll } from "./dom.js";
import { count } from "./format.js";

const AGAIN_MS = 10_000;
const container = byId("streams");
let timer;

tintAll(document);
keepElapsedTimes(document);
showCounts(container);
schedule();
document.addEventListener("visibilitychange", () => !document.hidden && refresh());

function schedule() {
  clearTimeout(timer);
  timer = setTimeout(refresh, AGAIN_MS);
}

async function refresh() {
  if (!document.hidden) {
    try {
      const response = await fetch(location.href, { credentials: "same-origin", headers: { Accept: "text/html" } });
      if (!response.ok) throw new Error(`The list answered ${response.status}.`);
      show(new DOMParser().parseFromString(await response.text(), "text/html"));
      byId("refresh-error").hidden = true;
    } catch (error) {
      console.warn(error);
      byId("refresh-error").hidden = false;
    }
  }
  schedule();
}

function show(fresh) {
  const grid = container.querySelector(".stream-grid");
  const next = fresh.getElementById("streams");
  tintAll(next);
  showCounts(next);
  if (grid && next.querySelector(".stream-grid")) reconcile(grid, [...next.querySelectorAll(".stream-card")]);
  else if (grid || next.querySelector(".stream-grid")) container.replaceChildren(...next.children);
  setText(byId("stream-count"), fresh.getElementById("stream-count"));
}

function reconcile(grid, cards) {
  const gone = new Map([...grid.children].map((card) => [card.dataset.streamId, card]));
  for (const card of cards) {
    const present = gone.get(card.dataset.streamId);
    gone.delete(card.dataset.streamId);
    if (present) {
      for (const part of [".card-viewers .count", ".card-title a", ".badge"]) setText(present.querySelector(part), card.querySelector(part));
    } else {
      card.classList.add("is-new");
      grid.append(card);
    }
  }
  for (const card of gone.values()) card.remove();
}

function setText(node, from) {
  if (node.textContent !== from.textContent) node.textContent = from.textContent;
}

function showCounts(root) {
  for (const node of root.querySelectorAll("[data-viewers]")) node.textContent = count(Number(node.dataset.viewers));
}
