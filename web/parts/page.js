// The head of a view: its title, a count, and what can be chosen.

import { el, setText } from "./dom.js";
import { clean } from "./format.js";

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

/** Lets a choice offer these [value, label], and what is `chosen` already; `none` is for no choice. */
export function offer(select, chosen, options, none = "all") {
  const known = chosen && !options.some(([value]) => value === chosen)
    ? [[chosen, `${clean(chosen)} (not there)`], ...options] : options;
  const text = JSON.stringify(known);
  // Not under the hands of somebody who chooses.
  if (select.dataset.offered !== text && document.activeElement !== select) {
    select.dataset.offered = text;
    select.replaceChildren(el("option", { value: "" }, none),
      ...known.map(([value, label]) => el("option", { value }, label)));
  }
  select.value = chosen ?? "";
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
