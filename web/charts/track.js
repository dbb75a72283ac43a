// Jobs that wait and run, and how many end per second, since this page was opened.

import { el, setText } from "../parts/dom.js";
import { count } from "../parts/format.js";
import { colours } from "./colours.js";

const MOST = 900; // points: a quarter of an hour
const HEIGHT = 150; // px
const WINDOW = 10; // seconds over which the rate of ended jobs is taken
const LINES = [
  { name: "waiting", label: "waiting", colour: "warn", dash: [] },
  { name: "running", label: "running", colour: "accent", dash: [6, 3] },
  { name: "rate", label: "ended per s", colour: "ok", dash: [2, 2] },
];

export class Track {
  constructor() {
    this.canvas = el("canvas", { role: "img", "aria-label": "Jobs waiting, running and ended per second" });
    this.legend = el("ul", { class: "legend lines" });
    this.words = LINES.map(({ label, name }) => {
      const value = el("b");
      this.legend.append(el("li", { "data-line": name }, `${label} `, value));
      return value;
    });
    this.element = el("div", { class: "track" }, this.canvas, this.legend);
    this.watch = new ResizeObserver(() => this.draw());
    this.watch.observe(this.element);
    this.restart();
    this.recolour();
  }

  restart() {
    this.points = [];
  }

  close() {
    this.watch.disconnect();
    cancelAnimationFrame(this.frame);
  }

  recolour() {
    this.paint = colours("warn", "accent", "ok", "line", "quiet");
    this.draw();
  }

  update({ time, totals: { waiting = 0, running = 0, done = 0 } }) {
    const before = this.points.findLast((point) => point.time <= time - WINDOW) ?? this.points[0];
    const rate = before && time > before.time ? Math.max(0, done - before.done) / (time - before.time) : 0;
    this.points.push({ time, waiting, running, done, rate });
    if (this.points.length > MOST) this.points.shift();
    [waiting, running, rate].forEach((value, index) => setText(this.words[index],
      index === 2 ? value.toFixed(value < 10 ? 1 : 0) : count(value)));
    this.draw();
  }

  draw() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.render());
  }

  render() {
    const width = this.element.clientWidth;
    if (!width) return;
    const ratio = devicePixelRatio || 1;
    Object.assign(this.canvas, { width: Math.round(width * ratio), height: Math.round(HEIGHT * ratio) });
    const context = this.canvas.getContext("2d");
    context.scale(ratio, ratio);
    const top = nice(Math.max(1, ...this.points.map((point) => Math.max(point.waiting, point.running, point.rate))));
    this.scale(context, width, top);
    for (const line of LINES) this.line(context, width, top, line);
  }

  scale(context, width, top) {
    context.strokeStyle = this.paint.line;
    context.fillStyle = this.paint.quiet;
    context.font = "11px system-ui, sans-serif";
    context.lineWidth = 1;
    for (const part of [0, 0.5, 1]) {
      const y = place(part) + 0.5;
      context.beginPath();
      context.moveTo(0, y);
      context.lineTo(width, y);
      context.stroke();
      context.fillText(count(part * top), 2, y - 3);
    }
  }

  line(context, width, top, { name, colour, dash }) {
    const [first] = this.points;
    const span = Math.max(60, (this.points.at(-1)?.time ?? 0) - (first?.time ?? 0));
    context.strokeStyle = this.paint[colour];
    context.lineWidth = 2;
    context.setLineDash(dash);
    context.beginPath();
    for (const point of this.points) {
      context.lineTo(((point.time - first.time) / span) * width, place(point[name] / top));
    }
    context.stroke();
    context.setLineDash([]);
  }
}

const place = (part) => 14 + (1 - part) * (HEIGHT - 18);

/** The next of 1, 2, 5, 10, 20 ... */
function nice(value) {
  const unit = 10 ** Math.floor(Math.log10(value));
  return unit * [1, 2, 5, 10].find((step) => step * unit >= value);
}
