// Dialogs: the browser's own, which keep the focus inside and give it back.

import { button, el } from "./dom.js";

/** Opens a dialog with a title and content; returns it. It is gone when closed. */
export function openDialog(title, ...content) {
  const dialog = el("dialog", { "aria-labelledby": "dialog-title" },
    el("div", { class: "heading" },
      el("h2", { id: "dialog-title" }, title),
      button("✕", () => dialog.close(), { "aria-label": "Close", class: "plain close" })),
    ...content);
  const before = document.activeElement;
  dialog.addEventListener("close", () => {
    dialog.remove();
    before?.focus?.();
  });
  // A click beside it closes it, as people expect.
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
