/** Opens one of the page's dialogs; the browser keeps the focus in it and gives it back, and Esc closes it. */

export function sheet(dialog, opener, onOpen) {
  opener.addEventListener("click", () => {
    dialog.showModal();
    onOpen();
  });
  dialog.addEventListener("click", ({ target }) => {
    if (target === dialog || target.closest("[data-close]")) dialog.close();
  });
}
