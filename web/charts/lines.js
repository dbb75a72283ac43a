// Figures over time, as lines; what is under the pointer stands in the legend.

import { el, setAttribute, setText } from "../parts/dom.js";
import { count, duration, moment } from "../parts/format.js";
import { Drawing, prepared } from "./canvas.js";
import { colours } from "./colours.js";
import { marks } from "./time.js";

const HEIGHT = 150; // px
const FOOT = 18; // px below, for the time
const HEAD = 14; // px above, for the largest figure
const GAP = 2.5; // steps without a point, after which a line begins anew: nobody was there
const DASHES = { solid: [], dashed: [6, 3], dotted: [2, 2] };

export class Lines {
  /** `lines` are {name, label, colour, dash, area}: a column, what it is, and how it looks. */
  constructor(words, lines) {
    this.lines = lines;
    this.cursor = null; // number of a point
    this.told = null;
    this.present = {}; // by column: what is so at this moment
    this.canvas = el("canvas", { tabindex: "0", role: "application", "aria-roledescription": "chart", "aria-label": words });
    this.when = el("span", { class: "when" });
    this.values = lines.map(() => el("b"));
    this.legend = el("ul", { class: "legend lines" }, ...lines.map(({ label, colour, dash }, index) => el("li",
      { "data-tone": colour, "data-dash": dash }, `${label} `, this.values[index])), el("li", { class: "none" }, this.when));
    this.element = el("div", { class: "track" }, this.canvas, this.legend);
    this.drawing = new Drawing(this.element, () => this.render());
    this.canvas.addEventListener("pointermove", (event) => this.point(this.at(event)));
    this.canvas.addEventListener("pointerleave", () => this.point(null));
    this.canvas.addEventListener("blur", () => this.point(null));
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    this.recolour();
  }

  recolour() {
    this.paint = colours("warn", "accent", "ok", "bad", "line", "quiet", "ink");
    this.drawing.ask();
  }

  close() {
    this.drawing.close();
  }

  /** Shows rows of `columns`, the first of them the time, up to `now`, `range` seconds long. */
  update(told) {
    this.told = told;
    this.places = this.lines.map(({ name }) => told.columns.indexOf(name));
    if (this.cursor !== null) this.cursor = Math.min(this.cursor, told.rows.length - 1);
    this.tell();
    this.drawing.ask();
  }

  /** Sums of this moment by column; where there is none, the last mean stands in the legend. */
  now(present) {
    this.present = present;
    if (this.told) this.tell();
  }

  tell() {
    const { rows, step } = this.told;
    const row = rows[this.cursor ?? rows.length - 1];
    const present = this.cursor === null ? this.present : {};
    this.places.forEach((place, index) => {
      const value = present[this.lines[index].name] ?? row?.[place];
      setText(this.values[index], value === undefined ? "–" : figure(value));
    });
    const mean = !row || this.lines.every(({ name }) => name in present) ? "" : `mean of ${duration(step).replace(" 00 s", "")}`;
    setText(this.when, [this.cursor !== null && row ? moment(row[0]) : "", mean].filter(Boolean).join(", "));
    setAttribute(this.legend, "aria-live", this.cursor === null ? "off" : "polite");
  }

  point(cursor) {
    if (cursor === this.cursor || !this.told) return;
    this.cursor = cursor;
    this.tell();
    this.drawing.ask();
  }

  at(event) {
    const { rows = [], now, range } = this.told ?? {};
    if (rows.length === 0) return null;
    const time = now - range + (event.offsetX / this.width) * range;
    let best = 0;
    rows.forEach((row, index) => {
      if (Math.abs(row[0] - time) < Math.abs(rows[best][0] - time)) best = index;
    });
    return best;
  }

  key(event) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const last = (this.told?.rows.length ?? 0) - 1;
    if (!by || last < 0) return;
    event.preventDefault();
    this.point(Math.min(last, Math.max(0, (this.cursor ?? last + (by < 0 ? 1 : 0)) + by)));
  }

  // -- drawing

  render() {
    this.width = this.element.clientWidth;
    if (!this.width || !this.told) return;
    const context = prepared(this.canvas, this.width, HEIGHT);
    const { rows } = this.told;
    const largest = Math.max(...this.places.map((place) => rows.reduce((most, row) => Math.max(most, row[place]), 0)));
    this.top = nice(Math.max(1, largest));
    this.scale(context);
    this.lines.forEach((line, index) => this.line(context, line, this.places[index]));
    if (this.cursor !== null && rows[this.cursor]) this.cross(context, rows[this.cursor]);
  }

  x(time) {
    const { now, range } = this.told;
    return (1 - (now - time) / range) * this.width;
  }

  y(value) {
    return HEAD + (1 - value / this.top) * (HEIGHT - HEAD - FOOT);
  }

  scale(context) {
    const { paint, width } = this;
    const { now, range } = this.told;
    context.strokeStyle = paint.line;
    context.fillStyle = paint.quiet;
    context.font = "11px system-ui, sans-serif";
    context.lineWidth = 1;
    for (const part of [0, 0.5, 1]) {
      const y = Math.round(this.y(part * this.top)) + 0.5;
      context.beginPath();
      context.moveTo(0, y);
      context.lineTo(width, y);
      context.stroke();
      if (part) context.fillText(figure(part * this.top), 2, y - 3);
    }
    context.textAlign = "center";
    for (const { at, words } of marks(now - range, now, Math.max(2, width / 85))) {
      const x = this.x(at);
      if (x > 22 && x < width - 22) context.fillText(words, x, HEIGHT - 4);
    }
    context.textAlign = "left";
  }

  line(context, { colour, dash, area }, place) {
    const { rows, step } = this.told;
    context.strokeStyle = this.paint[colour];
    context.fillStyle = this.paint[colour];
    context.lineWidth = 2;
    context.setLineDash(DASHES[dash]);
    for (const part of unbroken(rows, GAP * step)) {
      context.beginPath();
      // A point that stands alone is seen, too.
      if (part.length === 1) context.moveTo(this.x(part[0][0]) - 2, this.y(part[0][place]));
      for (const row of part) context.lineTo(this.x(row[0]), this.y(row[place]));
      context.stroke();
      if (!area) continue;
      context.lineTo(this.x(part.at(-1)[0]), this.y(0));
      context.lineTo(this.x(part[0][0]), this.y(0));
      context.globalAlpha = 0.13;
      context.fill();
      context.globalAlpha = 1;
    }
    context.setLineDash([]);
  }

  cross(context, row) {
    const x = Math.round(this.x(row[0])) + 0.5;
    context.strokeStyle = this.paint.quiet;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(x, HEAD);
    context.lineTo(x, HEIGHT - FOOT);
    context.stroke();
    this.lines.forEach(({ colour }, index) => {
      context.fillStyle = this.paint[colour];
      context.beginPath();
      context.arc(x, this.y(row[this.places[index]]), 3.5, 0, 7);
      context.fill();
    });
  }
}

/** Rows in runs, with no longer pause than `most` seconds in any. */
function unbroken(rows, most) {
  const runs = [];
  rows.forEach((row, index) => {
    if (index === 0 || row[0] - rows[index - 1][0] > most) runs.push([]);
    runs.at(-1).push(row);
  });
  return runs;
}

const figure = (value) => (value < 10 && !Number.isInteger(value) ? value.toFixed(value < 1 ? 2 : 1) : count(value));

/** The next round number, whose half is one, too. */
function nice(value) {
  const unit = 10 ** Math.floor(Math.log10(value));
  return unit * [1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10].find((step) => step * unit >= value);
}
