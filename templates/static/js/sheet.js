/** Opens one of the page's dialogs; the browser keeps the focus in it and gives it back, and Esc closes it. Returns what opens it. */

export function sheet(dialog, opener, onOpen) {
  const open = () => {
    dialog.showModal();
    onOpen();
  };
  opener.addEventListener("click", open);
  dialog.addEventListener("click", ({ target }) => {
    if (target === dialog || target.closest("[data-close]")) dialog.close();
  });
  return open;
}
