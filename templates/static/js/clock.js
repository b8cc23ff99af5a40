/** Everything that ticks: countdowns, and the times a page says "since" of. */

import { clock, elapsed } from "./format.js";

/**
 * Calls `tick(milliseconds left)` now and about every second until `until` (epoch milliseconds), then `end()`.
 * Returns a function that stops it.
 */
export function countdown(until, tick, end) {
  let timer = null;
  const step = () => {
    const left = until - Date.now();
    if (left <= 0) {
      end();
      return;
    }
    tick(left);
    timer = setTimeout(step, left % 1000 || 1000);
  };
  step();
  return () => clearTimeout(timer);
}

/** Keeps every `<time data-elapsed>` in `root` right; `data-elapsed="clock"` counts seconds. */
export function keepElapsedTimes(root) {
  const update = () => {
    for (const node of root.querySelectorAll("time[data-elapsed]")) {
      const since = Date.now() - Date.parse(node.dateTime);
      if (Number.isNaN(since)) continue;
      const text = node.dataset.elapsed === "clock" ? clock(since / 1000) : elapsed(since);
      if (node.textContent !== text) node.textContent = text;
    }
  };
  update();
  setInterval(update, 1000);
}
