// Tables for other programs: all rows that are asked for, as comma-separated values.

import { ask, path } from "../live/ask.js";
import { button, el } from "./dom.js";
import { clean, count } from "./format.js";
import { toast } from "./toast.js";

const ROWS = 500; // of a page of the API
const MOST = 100_000; // rows of a file

/**
 * A button that makes a file of all rows. `columns` maps headings to of(row); `pages` yields lists
 * of rows until there are no more.
 */
export function csvButton(name, columns, pages) {
  const words = "CSV";
  const element = button(words, async () => {
    element.disabled = true;
    try {
      const lines = [line(Object.keys(columns))];
      for await (const rows of pages()) {
        lines.push(...rows.map((row) => line(Object.values(columns).map((of) => of(row)))));
        element.textContent = `${count(lines.length - 1)}…`;
        if (lines.length > MOST) break;
      }
      if (lines.length > MOST) toast(`Only the first ${count(MOST)} rows are in the file`, { tone: "warn" });
      save(`${name}.csv`, lines.slice(0, MOST + 1).join("\r\n"));
    } catch (error) {
      toast(clean(error.message), { tone: "bad" });
    }
    element.textContent = words;
    element.disabled = false;
  }, { title: "Save all that match as a file" });
  return element;
}

/** All pages of a list of the API: `key` is what it calls its rows; `query()` what is wanted. */
export function pagesOf(name, key, query) {
  return async function* pages() {
    let after = "";
    do {
      const answer = await ask(path(name, { ...query(), after, limit: ROWS }));
      yield answer[key];
      after = answer.next;
    } while (after);
  };
}

function line(cells) {
  return cells.map(cell).join(",");
}

/** Strangers' text must not become a formula where the file is opened. */
function cell(value) {
  const text = value === null || value === undefined ? "" : String(value);
  const safe = typeof value !== "number" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll("\"", "\"\"")}"` : safe;
}

function save(name, text) {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  el("a", { href: address, download: name }).click();
  // It is read before this turn is over in no browser.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** Seconds since 1970 as programs write a time. */
export const stamp = (time) => (typeof time === "number" ? new Date(1000 * time).toISOString() : "");
