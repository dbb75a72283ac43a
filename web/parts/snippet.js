// Text that somebody may want elsewhere: blocks of code and ids, each with a button that copies it.

import { button, el, setText } from "./dom.js";

/** Returns a block of code that can be copied, and a function that sets it. */
export function snippet(name) {
  const code = el("code");
  const copier = copyButton(() => code.textContent, `Copy ${name}`,
    () => getSelection().selectAllChildren(code));
  const element = el("div", { class: "snippet" }, el("pre", { tabindex: "0" }, code), copier);
  return { element, set: (text) => setText(code, text) };
}

/** A button that copies what `text()` returns; `otherwise()` is called where that fails. */
export function copyButton(text, label, otherwise = () => {}) {
  const element = button("Copy", async () => {
    const done = await copy(text());
    if (!done) otherwise();
    element.textContent = done ? "Copied" : "Press Ctrl+C";
    setTimeout(() => { element.textContent = "Copy"; }, 2000);
  }, { "aria-label": label });
  return element;
}

/** Copies `text`; resolves to whether it worked. */
async function copy(text) {
  // Browsers hide the clipboard from pages that came over plain http from another host.
  if (navigator.clipboard) {
    return navigator.clipboard.writeText(text).then(() => true, () => false);
  }
  const area = el("textarea", { class: "unseen", "aria-hidden": "true" });
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}
