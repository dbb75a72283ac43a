// The head of a view: its title, a count, and what can be chosen.

import { el, setText } from "./dom.js";

/** Returns {element, title, count}: `title` and `count` are set by setText. */
export function heading(words, ...tools) {
  const title = el("h1", {}, words);
  const count = el("span", { class: "count" });
  return { element: el("div", { class: "heading" }, title, count, ...tools), title, count, setText };
}

/** A labelled choice; `options` are [value, label]; onChange(value). */
export function choice(label, options, onChange) {
  const select = el("select", { onchange: () => onChange(select.value) },
    ...options.map(([value, words]) => el("option", { value }, words)));
  return { element: el("label", { class: "choice" }, `${label} `, select), select };
}

/** A box to filter by text; onChange(text) a moment after the last key. */
export function filterBox(label, onChange) {
  const box = el("input", { type: "search", placeholder: label, "aria-label": label, spellcheck: "false" });
  let timer = 0;
  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => onChange(box.value.trim()), 150);
  });
  return box;
}

/** Facts in two columns: returns the list and a function that takes [label, value] pairs. */
export function facts() {
  const list = el("dl", { class: "facts" });
  const known = new Map();
  return {
    element: list,
    set(pairs) {
      for (const [label, value] of pairs) {
        if (!known.has(label)) {
          known.set(label, el("dd"));
          list.append(el("div", {}, el("dt", {}, label), known.get(label)));
        }
        setText(known.get(label), value);
      }
    },
  };
}
