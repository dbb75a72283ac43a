// Single keys and pairs such as "g n". They mean nothing while somebody types, or when switched off.

const SECOND = 1_200; // ms in which the second key of a pair has to come
const KEEP = "gsched.keys"; // in the browser's memory: "off" where they are not wanted

export class Keys {
  /** `meanings` maps "g o" or "p" to a function. */
  constructor(meanings) {
    this.meanings = meanings;
    this.first = "";
    document.addEventListener("keydown", (event) => this.pressed(event));
  }

  get wanted() {
    return recall(KEEP) !== "off";
  }

  set wanted(yes) {
    keep(KEEP, yes ? "on" : "off");
  }

  pressed(event) {
    if (!this.wanted || event.ctrlKey || event.metaKey || event.altKey || typing(event)) return;
    const meaning = this.meanings[this.first ? `${this.first} ${event.key}` : event.key];
    this.first = "";
    if (meaning) {
      event.preventDefault();
      meaning();
    } else if (Object.keys(this.meanings).some((keys) => keys.startsWith(`${event.key} `))) {
      this.first = event.key;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => { this.first = ""; }, SECOND);
    }
  }
}

function typing({ target }) {
  return target.closest?.("input:not([type=checkbox]), textarea, select, dialog[open]") != null;
}

/** Moves the focus by so many rows of the first table that is shown. */
export function step(by) {
  const rows = [...document.querySelectorAll("main tbody tr")].filter((row) => row.offsetParent);
  if (rows.length === 0) return;
  const here = rows.indexOf(document.activeElement.closest?.("tr"));
  const next = rows[Math.min(rows.length - 1, Math.max(0, here < 0 ? 0 : here + by))];
  (next.querySelector("a") ?? next.querySelector("button, input"))?.focus();
}

/** Turns the page of the list that is shown: "next", or "back". */
export function turn(where) {
  const buttons = [...document.querySelectorAll(`main [data-turn="${where}"]`)];
  buttons.find((one) => one.offsetParent && !one.disabled)?.click();
}

/** Ticks the box of the row that has the focus. */
export function pick() {
  document.activeElement.closest?.("tr")?.querySelector("input[type=checkbox]")?.click();
}

/** What this browser was told to keep, or null: it may keep nothing. */
export function recall(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

export function keep(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // It is only forgotten.
  }
}
