// A table whose rows stay what they are: each has a key, and a change touches only the cells
// that differ, so that nothing jumps under the pointer and a selection survives.

import { el, setAttribute, setText } from "./dom.js";
import { NOTHING } from "./format.js";

/** A column of plain text. `text(row)` returns what to show; `hint` explains the heading. */
export function text(label, of, { kind = "", hint = "" } = {}) {
  const build = (cell) => (row) => {
    const shown = of(row);
    setText(cell, shown);
    // The narrow layout leaves out cells that say nothing.
    setAttribute(cell, "data-nothing", shown === "" || shown === NOTHING ? "" : null);
  };
  return { label, hint, kind, build };
}

/** A column of its own making: `build(cell)` fills the cell and returns its update(row). */
export function custom(label, build, { kind = "", hint = "" } = {}) {
  return { label, hint, kind, build };
}

/** A word in a pill; `tones` maps known words to ok, warn, bad or busy. */
export function state(label, of, tones) {
  return custom(label, (cell) => {
    const pill = el("span", { class: "pill" });
    cell.append(pill);
    return (row) => {
      const word = of(row);
      setText(pill, word || "unknown");
      setAttribute(pill, "data-tone", tones[word] ?? "plain");
    };
  }, { kind: "state" });
}

export class Table {
  /** Fills `table` (which has its caption); the first column heads the row. */
  constructor(table, columns, keyOf) {
    this.columns = columns;
    this.keyOf = keyOf;
    this.rows = new Map();
    // The roles are spelt out since the narrow layout turns rows into blocks, and browsers
    // forget what a table is when its parts are displayed as something else.
    table.setAttribute("role", "table");
    this.body = el("tbody", { role: "rowgroup" });
    table.append(el("thead", { role: "rowgroup" }, this.head()), this.body);
  }

  head() {
    const cells = this.columns.map(({ label, hint, kind }) => {
      const cell = el("th", { scope: "col", role: "columnheader", class: kind }, label);
      if (hint) cell.title = hint;
      return cell;
    });
    return el("tr", { role: "row" }, ...cells);
  }

  /** Shows `rows`, in their order. */
  update(rows) {
    const gone = new Set(this.rows.keys());
    rows.forEach((row, index) => {
      const key = this.keyOf(row);
      gone.delete(key);
      const line = this.rows.get(key) ?? this.add(key);
      for (const change of line.changes) change(row);
      const here = this.body.children[index];
      if (here !== line.element) this.body.insertBefore(line.element, here ?? null);
    });
    for (const key of gone) this.remove(key);
  }

  add(key) {
    const cells = this.columns.map(({ label, kind }, index) => (index === 0
      ? el("th", { scope: "row", role: "rowheader", class: kind })
      : el("td", { role: "cell", class: kind, "data-label": label })));
    const changes = this.columns.map((column, index) => column.build(cells[index]));
    const line = { element: el("tr", { role: "row" }, ...cells), changes };
    this.rows.set(key, line);
    return line;
  }

  remove(key) {
    this.rows.get(key).element.remove();
    this.rows.delete(key);
  }
}
