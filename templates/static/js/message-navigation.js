/** Moving through the messages by keyboard, and what a click on one of their buttons means. */

const KEYS = new Set(["ArrowUp", "ArrowDown", "Home", "End"]);

/**
 * Arrow keys move the focus between rows; R or the row's button calls `reply(row)`, its others `pin(row)` and `remove(row)`;
 * a quote's button calls `jump(id of the original)`; Esc calls `leave()`.
 */
export function navigateMessages(scroller, list, { reply, pin, remove, jump, leave }) {
  scroller.addEventListener("click", ({ target }) => {
    const row = target.closest(".message");
    const quote = target.closest("[data-original-id]");
    if (target.closest("[data-remove]")) remove(row);
    else if (target.closest("[data-pin]")) pin(row);
    else if (target.closest("[data-reply]")) reply(row);
    else if (quote) jump(quote.dataset.originalId);
  });

  // Only the focused row's buttons are on the way of the Tab key: five hundred rows are not.
  scroller.addEventListener("focusin", ({ target }) => {
    const row = target.closest(".message");
    for (const button of list.querySelectorAll('button[tabindex="0"]')) {
      if (!row?.contains(button)) button.tabIndex = -1;
    }
    for (const button of row?.querySelectorAll("button") ?? []) button.tabIndex = 0;
  });

  scroller.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const row = event.target.closest(".message");
    if (KEYS.has(event.key)) {
      const next = neighbour(list, row, event.key);
      if (!next) return;
      event.preventDefault();
      next.focus({ preventScroll: true });
      next.scrollIntoView({ block: "nearest" });
    } else if (event.key.toLowerCase() === "r" && row?.dataset.messageId) {
      event.preventDefault();
      reply(row);
    } else if (event.key === "Escape") {
      leave();
    }
  });
}

function neighbour(list, row, key) {
  const rows = list.querySelectorAll(".message");
  if (key === "Home") return rows[0];
  if (key === "End") return rows[rows.length - 1];
  if (!row) return key === "ArrowUp" ? rows[rows.length - 1] : null;
  let next = row;
  do next = key === "ArrowUp" ? next.previousElementSibling : next.nextElementSibling;
  while (next && !next.classList.contains("message"));
  return next;
}
