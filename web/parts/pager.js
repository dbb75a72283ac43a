// Pages of a list that this browser has whole.

import { button, el, setText } from "./dom.js";
import { count } from "./format.js";

const SIZES = [50, 100, 250, 500];

export class Pager {
  /** onChange({page, size}) is called with texts for the address. */
  constructor(onChange) {
    this.onChange = onChange;
    this.words = el("span", { role: "status" });
    this.back = button("Previous", () => this.turn(-1), { "data-turn": "back" });
    this.forth = button("Next", () => this.turn(1), { "data-turn": "next" });
    this.sizes = el("select", { "aria-label": "Rows on a page" },
      ...SIZES.map((size) => el("option", {}, String(size))));
    this.sizes.addEventListener("change", () => onChange({ page: "", size: this.sizes.value }));
    this.element = el("div", { class: "pager" }, this.back, this.forth, this.words, this.sizes);
  }

  turn(by) {
    this.onChange({ page: String(this.page + by) });
  }

  /** The rows of the page that the address names. */
  cut(rows, query) {
    const size = SIZES.find((one) => String(one) === query.get("size")) ?? 100;
    const last = Math.max(1, Math.ceil(rows.length / size));
    this.page = Math.min(last, Math.max(1, Number.parseInt(query.get("page") ?? "1", 10) || 1));
    this.sizes.value = String(size);
    const begin = (this.page - 1) * size;
    const end = Math.min(rows.length, begin + size);
    setText(this.words, `${count(begin + 1)}–${count(end)} of ${count(rows.length)}`);
    this.back.disabled = this.page === 1;
    this.forth.disabled = this.page === last;
    this.element.hidden = rows.length <= SIZES[0];
    return rows.slice(begin, end);
  }
}
