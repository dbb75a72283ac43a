// A cell for each node, coloured by how much: 10,000 of them in one canvas.

import { el, setAttribute, setText } from "../parts/dom.js";
import { clean, counted } from "../parts/format.js";
import { heard, nodeName } from "../views/node_columns.js";
import { Drawing, prepared } from "./canvas.js";
import { colours, ramp } from "./colours.js";

const STEPS = 21;
const LARGEST = 26; // px of a cell
const SMALLEST = 4;
const MOST_HIGH = 240; // px: many nodes have smaller cells
const SHAPED = 8; // px: from here on a cell's shape can be seen
const UNUSED = new Set(["lost", "quarantine", "held", "out of service", "drained", "closed"]);

/** What cells may show: a fraction of 1, or null where it is not known. */
export const HEATS = {
  busy: { label: "busy CPUs", of: (node) => (node.cpus ? node.busy / node.cpus : 0) },
  cpu: { label: "load of the machine", of: (node) => rest(node.avail?.cpu) },
  swap: { label: "swap in use", of: (node) => rest(node.avail?.swap) },
  silence: { label: "silence, up to 60 s", of: (node, now) => (heard(node, now) ?? 60) / 60 },
};

function rest(free) {
  return typeof free === "number" ? 1 - free / 100 : null;
}

export class Heat {
  /** `onOpen(address)` is called when somebody wants to know more; `tools` stand beside the legend. */
  constructor(onOpen, ...tools) {
    this.onOpen = onOpen;
    this.nodes = [];
    this.cursor = -1;
    this.canvas = el("canvas", { tabindex: "0", role: "application", "aria-roledescription": "grid of nodes" });
    this.tip = el("p", { class: "tip", "aria-live": "polite" });
    this.legend = el("div", { class: "legend", "aria-hidden": "true" },
      el("span", {}, "0 %"), el("span", { class: "ramp" }), el("span", {}, "100 %"),
      el("span", { class: "key lost" }), el("span", {}, "lost"),
      el("span", { class: "key unused" }), el("span", {}, "not used now"));
    this.element = el("figure", { class: "panel heat" }, this.canvas,
      el("figcaption", {}, this.tip, ...tools, this.legend));
    this.drawing = new Drawing(this.element, () => this.render());
    this.canvas.addEventListener("pointermove", (event) => this.point(this.at(event)));
    this.canvas.addEventListener("pointerleave", () => this.point(-1));
    this.canvas.addEventListener("click", (event) => this.open(this.at(event)));
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    this.canvas.addEventListener("focus", () => this.point(Math.max(0, this.cursor)));
    this.recolour();
  }

  recolour() {
    this.paint = colours("heat-low", "heat-high", "bad", "quiet", "ink", "surface", "warn");
    this.steps = ramp(this.paint["heat-low"], this.paint["heat-high"], STEPS);
    this.draw();
  }

  close() {
    this.drawing.close();
  }

  draw() {
    this.drawing.ask();
  }

  /** Shows these nodes, in their order, by one of HEATS. */
  update(nodes, heat, now) {
    Object.assign(this, { nodes, heat, now });
    setAttribute(this.canvas, "aria-label",
      `${counted(nodes.length, "node")} by ${heat.label}; arrow keys move, Enter opens`);
    this.draw();
    if (this.cursor >= 0) this.tell();
  }

  measure() {
    const width = Math.max(1, this.element.clientWidth - 32);
    const fits = (cell) => Math.ceil(this.nodes.length / Math.floor(width / cell)) * cell <= MOST_HIGH;
    this.cell = LARGEST;
    while (this.cell > SMALLEST && !fits(this.cell)) this.cell -= 1;
    this.columns = Math.max(1, Math.floor(width / this.cell));
    const height = Math.max(1, Math.ceil(this.nodes.length / this.columns)) * this.cell;
    return prepared(this.canvas, this.columns * this.cell, height);
  }

  /** One path for each colour: thousands of cells in a few calls. */
  render() {
    if (!this.heat || !this.element.isConnected) return;
    const context = this.measure();
    const full = this.steps.map(() => new Path2D());
    const lost = new Path2D();
    const hollow = new Path2D();
    const shaped = this.cell >= SHAPED;
    const gap = shaped ? 2 : 1;
    const lose = shaped ? cross : (path, ...cell) => path.rect(cell[0], cell[1], cell[2], cell[2]); // or nobody would see it
    const size = this.cell - gap;
    this.nodes.forEach((node, index) => {
      const x = (index % this.columns) * this.cell;
      const y = Math.floor(index / this.columns) * this.cell;
      if (node.state === "lost") lose(lost, x, y, size);
      else if (UNUSED.has(node.state)) hollow.rect(x + 1, y + 1, size - 2, size - 2);
      else full[this.step(node)].rect(x, y, size, size);
    });
    full.forEach((path, index) => {
      context.fillStyle = this.steps[index];
      context.fill(path);
    });
    context.lineWidth = shaped ? 2 : 1;
    context.strokeStyle = this.paint.warn;
    context.stroke(hollow);
    context.strokeStyle = context.fillStyle = this.paint.bad;
    if (shaped) context.stroke(lost);
    else context.fill(lost);
    this.mark(context, size);
  }

  step(node) {
    const value = this.heat.of(node, this.now);
    return Math.round(Math.min(1, Math.max(0, value ?? 0)) * (STEPS - 1));
  }

  mark(context, size) {
    if (this.cursor < 0 || this.cursor >= this.nodes.length) return;
    const x = (this.cursor % this.columns) * this.cell;
    const y = Math.floor(this.cursor / this.columns) * this.cell;
    context.lineWidth = 2;
    context.strokeStyle = this.paint.ink;
    context.strokeRect(x + 1, y + 1, Math.max(2, size - 2), Math.max(2, size - 2));
  }

  at(event) {
    const box = this.canvas.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left) / this.cell);
    const index = Math.floor((event.clientY - box.top) / this.cell) * this.columns + column;
    return column < this.columns && index < this.nodes.length ? index : -1;
  }

  point(index) {
    if (index === this.cursor) return;
    this.cursor = index;
    this.tell();
    this.draw();
  }

  tell() {
    const node = this.nodes[this.cursor];
    setText(this.tip, node
      ? `${nodeName(node)} · ${clean(node.address)} · ${clean(node.state)} · ${node.busy} of ${node.cpus} CPUs busy${node.note ? ` · ${clean(node.note)}` : ""}`
      : "");
  }

  key(event) {
    const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.columns, ArrowDown: this.columns };
    if (event.key === "Enter") this.open(this.cursor);
    else if (moves[event.key] === undefined || this.nodes.length === 0) return;
    else this.point(Math.min(this.nodes.length - 1, Math.max(0, this.cursor + moves[event.key])));
    event.preventDefault();
  }

  open(index) {
    const node = this.nodes[index];
    if (node) this.onOpen(node.address);
  }
}

function cross(path, x, y, size) {
  path.moveTo(x + 1, y + 1);
  path.lineTo(x + size - 1, y + size - 1);
  path.moveTo(x + size - 1, y + 1);
  path.lineTo(x + 1, y + size - 1);
}
