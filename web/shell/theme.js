// Light or dark: as the system has it, or as this reader wants it.

import { keep, recall } from "./keys.js";

const KEEP = "gsched.theme";
const NEXT = { auto: "dark", dark: "light", light: "auto" };

export class Theme {
  /** `button` turns it; `onChange` is called when colours have changed. */
  constructor(button, onChange) {
    Object.assign(this, { button, onChange });
    this.apply(recall(KEEP) ?? "auto");
    button.addEventListener("click", () => this.turn());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", onChange);
  }

  turn() {
    this.apply(NEXT[this.name]);
    keep(KEEP, this.name);
    this.onChange();
  }

  apply(name) {
    this.name = name in NEXT ? name : "auto";
    document.documentElement.dataset.theme = this.name;
    this.button.textContent = { auto: "◐", dark: "●", light: "○" }[this.name];
    this.button.setAttribute("aria-label", `Colours: ${this.name}; another`);
    this.button.title = `Colours: ${this.name}`;
  }
}
