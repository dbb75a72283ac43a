// Rows that are picked, for an order to all of them: a box in each row, one for all in the head.

import { el, setAttribute } from "./dom.js";

export class Picks {
  /** `keyOf(row)`; `may(row)` says whether it can be picked; onChange() after each change. */
  constructor(keyOf, onChange, may = () => true) {
    Object.assign(this, { keyOf, onChange, may });
    this.keys = new Set();
    this.rows = []; // that are shown
    this.boxes = new Map(); // by key
    this.last = null; // key of the one that was ticked before
    this.all = el("input", { type: "checkbox", class: "pick", "aria-label": "Pick all that are shown" });
    this.all.addEventListener("change", () => this.turnAll());
  }

  /** A column with a box before what it shows; `role` is the least that may pick. */
  in(column, role) {
    const needs = { "data-needs": role };
    const build = (cell) => {
      const box = el("input", { type: "checkbox", class: "pick", ...needs });
      let row = null;
      box.addEventListener("click", (event) => this.turn(row, box.checked, event.shiftKey));
      cell.append(box);
      cell.classList.add("picked");
      const change = column.build(cell);
      return (now) => {
        row = now;
        const key = this.keyOf(row);
        this.boxes.set(key, box);
        box.checked = this.keys.has(key);
        box.disabled = !this.may(row);
        setAttribute(box, "aria-label", `Pick ${key}`);
        change(row);
      };
    };
    const fillHead = (cell, content) => {
      setAttribute(this.all, "data-needs", role);
      cell.classList.add("picked");
      cell.append(this.all, content);
    };
    return { ...column, build, fillHead };
  }

  /** These rows are shown now: what is not among them is picked no more. */
  show(rows) {
    this.rows = rows.filter(this.may);
    const there = new Set(this.rows.map(this.keyOf));
    this.keys.forEach((key) => there.has(key) || this.keys.delete(key));
    this.boxes.forEach((_, key) => there.has(key) || this.boxes.delete(key));
    this.all.disabled = this.rows.length === 0;
    this.all.checked = this.rows.length > 0 && this.keys.size === this.rows.length;
    this.all.indeterminate = this.keys.size > 0 && !this.all.checked;
  }

  clear() {
    this.keys.clear();
  }

  turn(row, on, along) {
    const keys = this.rows.map(this.keyOf);
    const [from, until] = [keys.indexOf(this.last), keys.indexOf(this.keyOf(row))].sort((a, b) => a - b);
    const meant = along && from >= 0 ? keys.slice(from, until + 1) : [this.keyOf(row)];
    this.last = this.keyOf(row);
    for (const key of meant) this.set(key, on);
    this.changed();
  }

  turnAll() {
    for (const row of this.rows) this.set(this.keyOf(row), this.all.checked);
    this.changed();
  }

  set(key, on) {
    if (on) this.keys.add(key);
    else this.keys.delete(key);
    const box = this.boxes.get(key);
    if (box) box.checked = on;
  }

  changed() {
    this.show(this.rows);
    this.onChange();
  }
}
