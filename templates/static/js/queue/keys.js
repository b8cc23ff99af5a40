/** Working through the queue by keyboard; the page lists the same keys. */

/** @param does what each key does, by `event.key`. */
export function listenToKeys(does) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { target, key } = event;
    if (target.matches("input:not([type=checkbox]), textarea, select")) {
      if (key === "Escape") target.blur();
      return;
    }
    if (!does[key] || event.repeat) return;
    event.preventDefault();
    does[key]();
  });
}
