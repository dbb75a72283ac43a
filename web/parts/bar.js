// A bar of one or more coloured parts.

import { el } from "./dom.js";

/** Returns the bar and a function that sizes its parts, as fractions of the whole. */
export function bar(...tones) {
  const parts = tones.map((tone) => el("span", { class: `part ${tone}` }));
  const element = el("span", { class: "bar", "aria-hidden": "true" }, ...parts);
  const size = (fractions) => fractions.forEach((fraction, index) => {
    const percent = 100 * Math.min(1, Math.max(0, fraction || 0));
    parts[index].style.setProperty("--size", `${percent.toFixed(1)}%`);
  });
  return { element, size };
}
