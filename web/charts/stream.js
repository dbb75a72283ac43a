// Which job was where, and when: a bar for each, 10,000 of them in one canvas.

import { el, setAttribute, setText } from "../parts/dom.js";
import { clean, clock, counted, seconds } from "../parts/format.js";
import { Drawing, prepared } from "./canvas.js";
import { colours, ramp } from "./colours.js";
import { tellApart } from "./tell_apart.js";
import { marks } from "./time.js";

const HEAD = 24; // px above the lanes, for the time
const MARGIN = 112; // px before the lanes, for the nodes' names; fewer where it is narrow
const NARROW = 560;
const STEPS = 21;
const SHORTEST = 1; // second: nobody needs to look closer
const CLICK = 5; // px: moved less than that, it was no drag
const ZOOM = 1.4;
const ENDS = { running: "accent", finished: "ok", terminated: "bad", abandoned: "bad", cancelled: "warn" };
const LONG = Math.log(3600 / 0.1); // from a tenth of a second to an hour

/** What a bar's colour may say. */
export const COLOURS = { cluster: "cluster", end: "how it ended", time: "how long it ran" };

export class Stream {
  /** onOpen(uid) and onWindow(from, to) are called when somebody wants to see more, or elsewhere. */
  constructor({ onOpen, onWindow, nameOf }) {
    Object.assign(this, { onOpen, onWindow, nameOf });
    this.lanes = null;
    this.mark = { row: -1, bar: -1 }; // what is pointed at
    this.width = this.margin = 0; // px
    this.drag = null; // px of a drag: {from, to}
    this.canvas = el("canvas", {
      tabindex: "0", role: "application", "aria-roledescription": "timeline of jobs",
    });
    this.tip = el("p", { class: "bubble", "aria-live": "polite", hidden: true });
    this.element = el("figure", { class: "panel stream" }, this.canvas, this.tip);
    this.drawing = new Drawing(this.element, () => this.render());
    this.listen();
    this.recolour();
  }

  listen() {
    const on = (name, heard, options) => this.canvas.addEventListener(name, heard, options);
    on("pointerdown", (event) => this.down(event));
    on("pointermove", (event) => this.move(event));
    on("pointerup", (event) => this.up(event));
    on("pointercancel", () => this.dropped());
    on("pointerleave", () => this.drag || this.point(-1, -1));
    on("wheel", (event) => this.wheel(event), { passive: false });
    on("keydown", (event) => this.key(event));
    on("blur", () => this.point(-1, -1));
  }

  recolour() {
    this.paint = colours("accent", "ok", "bad", "warn", "line", "quiet", "ink", "raised", "heat-low", "heat-high");
    this.steps = ramp(this.paint["heat-low"], this.paint["heat-high"], STEPS);
    this.clusters = tellApart(this.lanes?.told.clusters ?? []);
    this.drawing.ask();
  }

  close() {
    this.drawing.close();
  }

  /** Shows `lanes` from one time to another; `by` is one of COLOURS. */
  update({ lanes, from, to, now, by }) {
    if (this.lanes && lanes !== this.lanes) this.mark = lanes.moved(this.lanes, this.mark);
    if (lanes !== this.lanes) this.clusters = tellApart(lanes.told.clusters);
    Object.assign(this, { lanes, from, to, now, by });
    const jobs = lanes.told.bars.uid.length;
    setAttribute(this.canvas, "aria-label", `${counted(jobs, "job")} on ${counted(lanes.told.nodes.length, "node")}; `
      + "arrow keys move, Enter opens, + and - zoom, [ and ] go back and forth");
    this.drawing.ask();
    if (this.mark.row >= 0) this.tell();
  }

  // -- drawing

  /** Looked up once for all that is drawn: the browser works its layout out for each look. */
  measure() {
    this.width = Math.max(80, this.element.clientWidth - 32);
    this.margin = this.width < NARROW ? 64 : MARGIN;
  }

  x(time) {
    return this.margin + ((time - this.from) / (this.to - this.from)) * (this.width - this.margin);
  }

  timeAt(x) {
    const part = (x - this.margin) / (this.width - this.margin);
    return this.from + Math.min(1, Math.max(0, part)) * (this.to - this.from);
  }

  render() {
    if (!this.lanes || !this.element.isConnected) return;
    this.measure();
    const context = prepared(this.canvas, this.width, HEAD + this.lanes.height);
    this.scale(context);
    if (this.lanes.told.bins) this.bins(context);
    else this.bars(context);
    this.unknown(context);
    this.names(context);
    this.marked(context);
  }

  scale(context) {
    const { width, margin, paint, lanes } = this;
    context.fillStyle = paint.raised;
    const size = lanes.size - (lanes.size > 4 ? 1 : 0);
    for (const row of lanes.rows) context.fillRect(margin, HEAD + row.top, width - margin, size);
    context.fillStyle = paint.quiet;
    context.strokeStyle = paint.line;
    context.lineWidth = 1;
    context.font = "11px system-ui, sans-serif";
    context.textAlign = "center";
    for (const { at, words } of marks(this.from, this.to, Math.max(2, (width - margin) / 90))) {
      const x = Math.round(this.x(at)) + 0.5;
      context.beginPath();
      context.moveTo(x, HEAD - 5);
      context.lineTo(x, HEAD + lanes.height);
      context.stroke();
      if (x > margin + 14 && x < width - 14) context.fillText(words, x, 12);
    }
  }

  names(context) {
    const { lanes, margin, paint } = this;
    context.fillStyle = paint.quiet;
    context.font = "11.5px system-ui, sans-serif";
    context.textAlign = "left";
    let free = -Infinity;
    for (const row of lanes.rows) {
      const y = HEAD + row.top + Math.max(10, Math.min(lanes.size, 16) - 3);
      if (row.lane !== 0 || y < free) continue;
      context.fillText(fitting(context, clean(this.nameOf(row.address)), margin - 10), 0, y);
      free = y + 12;
    }
  }

  /** Colour by colour, on whole pixels: paths, and edges between them, take many times as long. */
  bars(context) {
    const { lanes, now } = this;
    const { start, end, state } = lanes.told.bars;
    const rects = new Map(); // by colour: x, y, width of one after the other
    const failed = [];
    const scale = (this.width - this.margin) / (this.to - this.from);
    const x = (time) => Math.round(this.margin + (time - this.from) * scale);
    const colourOf = this.colouring();
    const size = lanes.size - (lanes.size > 4 ? 1 : 0);
    for (const row of lanes.rows) {
      const y = HEAD + row.top;
      let drawn = this.margin;
      for (const bar of row.bars) {
        const right = Math.min(this.width, x(end[bar] ?? now));
        // Bars too thin to be seen apart are one.
        if (right <= drawn || start[bar] > this.to) continue;
        const left = Math.max(x(start[bar]), drawn);
        const wide = Math.max(1, right - left - (right - left > 4 ? 1 : 0));
        const colour = colourOf(bar);
        if (!rects.has(colour)) rects.set(colour, []);
        rects.get(colour).push(left, y, wide);
        if (ENDS[state[bar]] === "bad" && size > 4) failed.push(left, y, wide);
        drawn = right;
      }
    }
    for (const [colour, some] of rects) {
      context.fillStyle = colour;
      for (let at = 0; at < some.length; at += 3) context.fillRect(some[at], some[at + 1], some[at + 2], size);
    }
    context.strokeStyle = this.paint.bad;
    context.lineWidth = 2;
    for (let at = 0; at < failed.length; at += 3) context.strokeRect(failed[at] + 1, failed[at + 1] + 1, Math.max(1, failed[at + 2] - 2), size - 2);
  }

  /** The colour of each bar, by what it says now. */
  colouring() {
    const { bars } = this.lanes.told;
    if (this.by === "end") return (bar) => this.paint[ENDS[bars.state[bar]] ?? "quiet"];
    if (this.by === "cluster") {
      return (bar) => this.clusters[bars.cluster[bar]].colour;
    }
    return (bar) => this.toneFor((bars.end[bar] ?? this.now) - bars.start[bar]);
  }

  /** Of a job that ran for so many seconds. */
  toneFor(ran) {
    return this.steps[Math.round(Math.min(1, Math.log(Math.max(0.1, ran) / 0.1) / LONG) * (STEPS - 1))];
  }

  bins(context) {
    const { start, step } = this.lanes.told.bins;
    const edge = (index) => Math.min(this.width, Math.max(this.margin, Math.round(this.x(start + index * step))));
    for (const row of this.lanes.rows) {
      row.busy.forEach((busy, index) => {
        if (busy === 0) return;
        context.fillStyle = this.steps[Math.round(Math.min(1, busy / row.lanes) * (STEPS - 1))];
        context.fillRect(edge(index), HEAD + row.top, edge(index + 1) - edge(index), this.lanes.size);
      });
    }
  }

  /** Times of which not all is shown are shaded. */
  unknown(context) {
    const { truncated, since } = this.lanes.told;
    if (!truncated || since <= this.from) return;
    context.fillStyle = this.paint.quiet;
    context.globalAlpha = 0.25;
    context.fillRect(this.margin, HEAD, Math.min(this.width, this.x(since)) - this.margin, this.lanes.height);
    context.globalAlpha = 1;
  }

  marked(context) {
    const { lanes, drag, mark: { row, bar }, paint } = this;
    context.strokeStyle = paint.ink;
    context.lineWidth = 2;
    if (drag && Math.abs(drag.to - drag.from) > CLICK) {
      context.fillStyle = paint.accent;
      context.globalAlpha = 0.2;
      context.fillRect(Math.min(drag.from, drag.to), HEAD, Math.abs(drag.to - drag.from), lanes.height);
      context.globalAlpha = 1;
    } else if (bar >= 0 && lanes.rows[row]) {
      const { start, end } = lanes.told.bars;
      const left = Math.max(this.margin, this.x(start[bar]));
      const right = Math.min(this.width, this.x(end[bar] ?? this.now));
      context.strokeRect(left, HEAD + lanes.rows[row].top, Math.max(2, right - left), Math.max(2, lanes.size - 1));
    }
  }

  // -- pointer

  at(event) {
    const box = this.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  down(event) {
    if (event.button !== 0) return;
    const { x } = this.at(event);
    this.drag = { from: x, to: x };
    // Without this a drag that leaves the canvas would never end; it may be refused once it is over.
    if (event.isTrusted) this.canvas.setPointerCapture(event.pointerId);
  }

  move(event) {
    const { x, y } = this.at(event);
    if (this.drag) {
      this.drag.to = Math.min(this.width, Math.max(this.margin, x));
      this.drawing.ask();
    }
    if (!this.lanes) return;
    const row = this.lanes.rowAt(y - HEAD);
    const slack = (2 * (this.to - this.from)) / this.width;
    this.point(row, x < this.margin ? -1 : this.lanes.barAt(row, this.timeAt(x), slack, this.now), x, y);
  }

  up(event) {
    const { drag } = this;
    this.move(event);
    this.dropped();
    if (drag && Math.abs(drag.to - drag.from) > CLICK) {
      const [from, to] = [drag.from, drag.to].map((x) => this.timeAt(x)).sort((a, b) => a - b);
      this.go(from, to);
    } else if (drag) this.open();
  }

  dropped() {
    this.drag = null;
    this.drawing.ask();
  }

  wheel(event) {
    const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
    if (event.ctrlKey || event.metaKey) {
      this.zoom(event.deltaY < 0 ? 1 / ZOOM : ZOOM, this.timeAt(this.at(event).x));
    } else if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY)) {
      this.pan(Math.sign(sideways) * 0.1);
    } else return; // the page scrolls
    event.preventDefault();
  }

  // -- going elsewhere

  /** Shows `factor` times as much, and `around` stays where it is. */
  zoom(factor, around = (this.from + this.to) / 2) {
    this.go(around - (around - this.from) * factor, around + (this.to - around) * factor);
  }

  /** Goes on, or back, by a part of what is shown. */
  pan(part) {
    const by = part * (this.to - this.from);
    this.go(this.from + by, this.to + by);
  }

  go(from, to) {
    const middle = (from + to) / 2;
    const half = Math.max(SHORTEST, to - from) / 2;
    this.onWindow(middle - half, middle + half);
  }

  // -- keys

  key(event) {
    const moves = { ArrowLeft: -1, ArrowRight: 1 };
    const rows = { ArrowUp: -1, ArrowDown: 1 };
    if (moves[event.key]) this.along(moves[event.key]);
    else if (rows[event.key]) this.across(rows[event.key]);
    else if (event.key === "Enter") this.open();
    else if (event.key === "+" || event.key === "=") this.zoom(1 / ZOOM, this.middle());
    else if (event.key === "-") this.zoom(ZOOM, this.middle());
    else if (event.key === "[") this.pan(-0.5);
    else if (event.key === "]") this.pan(0.5);
    else return;
    event.preventDefault();
  }

  middle() {
    const { start, end } = this.lanes.told.bars;
    const { bar } = this.mark;
    return bar < 0 ? (this.from + this.to) / 2 : (start[bar] + (end[bar] ?? this.now)) / 2;
  }

  /** To the next bar of the lane; to the first lane that has one. */
  along(by) {
    const { rows } = this.lanes;
    const row = this.mark.row >= 0 ? this.mark.row : rows.findIndex(({ bars }) => bars.length > 0);
    const bars = rows[row]?.bars ?? [];
    const here = bars.indexOf(this.mark.bar);
    const next = here < 0 ? (by > 0 ? 0 : bars.length - 1) : Math.min(bars.length - 1, Math.max(0, here + by));
    this.pointBar(row, bars[next] ?? -1);
  }

  /** To the lane above or below, and there to what was at the same time. */
  across(by) {
    const { rows, told } = this.lanes;
    const row = Math.min(rows.length - 1, Math.max(0, this.mark.row + by));
    const time = this.middle();
    const nearest = (best, bar) => (best < 0
      || Math.abs(told.bars.start[bar] - time) < Math.abs(told.bars.start[best] - time) ? bar : best);
    this.pointBar(row, rows[row]?.bars.reduce(nearest, -1) ?? -1);
  }

  pointBar(row, bar) {
    const { rows, told } = this.lanes;
    const x = bar < 0 ? this.margin : Math.min(this.width, Math.max(this.margin, this.x(told.bars.start[bar])));
    this.point(row, bar, x, HEAD + (rows[row]?.top ?? 0));
  }

  // -- what is pointed at

  point(row, bar, x = 0, y = 0) {
    Object.assign(this, { tipAt: { x, y } });
    if (row !== this.mark.row || bar !== this.mark.bar) {
      this.mark = { row, bar };
      this.drawing.ask();
    }
    this.canvas.style.cursor = bar >= 0 ? "pointer" : "crosshair";
    this.tell();
  }

  tell() {
    const words = this.words();
    this.tip.hidden = words === "";
    setText(this.tip, words);
    if (!words) return;
    const { x, y } = this.tipAt;
    // Beside what it is about, and inside.
    this.tip.style.left = `${Math.max(8, Math.min(x + 24, this.element.clientWidth - this.tip.offsetWidth - 12))}px`;
    this.tip.style.top = `${y + HEAD + 14}px`;
  }

  words() {
    const row = this.lanes?.rows[this.mark.row];
    if (!row || (this.drag && Math.abs(this.drag.to - this.drag.from) > CLICK)) return "";
    const name = clean(this.nameOf(row.address));
    const { bars } = this.lanes.told;
    const { bar } = this.mark;
    if (row.busy) return `${name} · ${row.lanes} CPUs`;
    if (bar < 0) return `${name} · CPU ${row.lane + 1} · idle`;
    const ran = seconds((bars.end[bar] ?? this.now) - bars.start[bar]);
    return [`Job ${bars.uid[bar]}`, this.clusters[bars.cluster[bar]].label, `${name}, CPU ${row.lane + 1}`,
      `from ${clock(new Date(1000 * bars.start[bar]))}`, `${bars.state[bar]}${bars.end[bar] ? " after" : " for"} ${ran}`].join(" · ");
  }

  open() {
    const { row, bar } = this.mark;
    if (bar >= 0) this.onOpen("jobs", this.lanes.told.bars.uid[bar]);
    else if (this.lanes?.rows[row]?.busy) this.onOpen("nodes", this.lanes.rows[row].address);
  }
}

function fitting(context, words, width) {
  if (context.measureText(words).width <= width) return words;
  let cut = words.length - 1;
  while (cut > 1 && context.measureText(`${words.slice(0, cut)}…`).width > width) cut -= 1;
  return `${words.slice(0, cut)}…`;
}
