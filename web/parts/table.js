// A table whose rows stay what they are: each has a key, and a change touches only the cells
// that differ, so that nothing jumps under the pointer and a selection survives.

import { button, el, setAttribute, setText } from "./dom.js";
import { NOTHING } from "./format.js";

/**
 * A column of plain text. `of(row)` returns what to show; `hint` explains the heading; `sort` is
 * the name by which its rows can be put in order.
 */
export function text(label, of, { kind = "", hint = "", sort = "" } = {}) {
  const build = (cell) => (row) => {
    const shown = of(row);
    setText(cell, shown);
    // The narrow layout leaves out cells that say nothing.
    setAttribute(cell, "data-nothing", shown === "" || shown === NOTHING ? "" : null);
  };
  return { label, hint, kind, sort, build };
}

/** A column of its own making: `build(cell)` fills the cell and returns its update(row). */
export function custom(label, build, { kind = "", hint = "", sort = "" } = {}) {
  return { label, hint, kind, sort, build };
}

/** A word in a pill; `tones` maps known words to ok, warn, bad or busy. */
export function state(label, of, tones, more = {}) {
  return custom(label, (cell) => {
    const pill = el("span", { class: "pill" });
    cell.append(pill);
    return (row) => tell(pill, of(row), tones);
  }, { kind: "state", ...more });
}

/** Shows a state in a pill. */
export function tell(pill, word, tones) {
  setText(pill, word || "unknown");
  setAttribute(pill, "data-tone", tones[word] ?? "plain");
}

export class Table {
  /**
   * The first column heads the row. `caption` says what the table is; `onSort(name)` is called
   * when somebody wants another order.
   */
  constructor(caption, columns, keyOf, { onSort = null, id = "" } = {}) {
    Object.assign(this, { columns, keyOf, onSort });
    this.rows = new Map();
    // The roles are spelt out since the narrow layout turns rows into blocks, and browsers
    // forget what a table is when its parts are displayed as something else.
    this.body = el("tbody", { role: "rowgroup" });
    this.heads = this.head();
    const line = el("tr", { role: "row" }, ...this.heads);
    this.table = el("table", { role: "table", id: id || null },
      el("caption", { class: "unseen" }, caption), el("thead", { role: "rowgroup" }, line),
      this.body);
    // Scrolled sideways by keys, too.
    this.element = el("div", {
      class: "panel table", role: "group", "aria-label": caption, tabindex: "0",
    }, this.table);
  }

  head() {
    return this.columns.map(({ label, hint, kind, sort, fillHead }) => {
      const cell = el("th", { scope: "col", role: "columnheader", class: kind, title: hint || null });
      const content = sort && this.onSort
        ? button(label, () => this.onSort(sort), { class: "sort" }) : label;
      if (fillHead) fillHead(cell, content);
      else cell.append(content);
      return cell;
    });
  }

  /** Marks the column by which the rows are in order. */
  sorted(name, down) {
    this.columns.forEach(({ sort }, index) => {
      const how = sort && sort === name ? (down ? "descending" : "ascending") : null;
      setAttribute(this.heads[index], "aria-sort", how);
    });
  }

  /** Whether somebody is about to click in it, or has it under the keys. */
  get held() {
    return this.body.matches(":hover") || this.body.contains(document.activeElement);
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
