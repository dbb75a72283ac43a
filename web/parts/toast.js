// What came of an action, for a while, with the way to take it back where there is one.

import { button, el } from "./dom.js";

const SHOWN = 8_000; // ms

/** Shows `words`; `undo()` is called when somebody wants to take it back. */
export function toast(words, { tone = "ok", undo = null } = {}) {
  const element = el("p", { class: "toast", "data-tone": tone }, el("span", {}, words));
  if (undo) {
    element.append(button("Undo", () => {
      element.remove();
      undo();
    }));
  }
  document.getElementById("toasts").append(element);
  setTimeout(() => element.remove(), SHOWN);
}
