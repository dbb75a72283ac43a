// Which job was where, and when.

import { Lanes } from "../charts/lanes.js";
import { COLOURS, Stream } from "../charts/stream.js";
import { tellApart } from "../charts/tell_apart.js";
import { Asking, ask, path } from "../live/ask.js";
import { button, el, fill, setAttribute, setText } from "../parts/dom.js";
import { clean, clock, count, counted, seconds } from "../parts/format.js";
import { choice, heading, offer } from "../parts/page.js";
import { to } from "../shell/router.js";
import { nodeName } from "./node_columns.js";

const RANGES = { 60: "1 min", 300: "5 min", 900: "15 min", 3600: "1 h", 21600: "6 h", 86400: "1 day" };
const USUAL = "300"; // seconds
const BARS = 10_000; // at the most
const LEGEND = 12; // clusters
const TIMES = [0.1, 1, 10, 60, 600, 3600]; // seconds
const QUICK = 2_000; // ms from one look to the next, while a quarter of an hour is shown, or less
const SLOW = 10_000;
const EACH = 2; // ms for each job: many cost the scheduler more
const ENDS = [["running", "accent"], ["finished", "ok"], ["cancelled", "warn"], ["terminated or abandoned", "bad"]];

export class View {
  constructor(router) {
    this.title = "Timeline";
    this.time = 0;
    this.known = new Map(); // nodes by address
    const refine = (changes) => router.refine(changes);
    this.ranges = choice("The last", Object.entries(RANGES), (range) => refine({ range, from: "", to: "" }));
    this.colours = choice("Colour", Object.entries(COLOURS), (by) => refine({ by }));
    this.nodes = choice("Node", [["", "all"]], (node) => refine({ node }));
    this.now = button("Now", () => refine({ from: "", to: "" }), { title: "Follow what happens" });
    const tool = (words, label, order) => button(words, order, { "aria-label": label, title: label });
    this.head = heading("Timeline", this.nodes.element, this.colours.element, this.ranges.element,
      el("span", { class: "group", role: "group", "aria-label": "Move and zoom" },
        tool("◀", "Earlier", () => this.stream.pan(-0.5)), tool("▶", "Later", () => this.stream.pan(0.5)),
        tool("+", "Zoom in", () => this.stream.zoom(0.5)), tool("−", "Zoom out", () => this.stream.zoom(2)),
        this.now));
    this.stream = new Stream({
      onOpen: (kind, id) => { location.hash = to(kind, id); },
      onWindow: (from, until) => this.look(refine, from, until),
      nameOf: (address) => (this.known.has(address) ? nodeName(this.known.get(address)) : address),
    });
    this.legend = el("ul", { class: "legend swatches", id: "timeline-legend" });
    this.words = el("p", { class: "hint", role: "status", id: "timeline-words" });
    this.none = el("p", { class: "panel empty hint", id: "timeline-none", hidden: true });
    this.keys = el("p", { class: "hint" }, "Drag over a time to look closer; Ctrl and the wheel zoom, Shift and the wheel move. The same as lists: ",
      el("a", { href: to("jobs", "", { state: "running" }) }, "jobs that run"), ", ", el("a", { href: to("finished") }, "jobs that have ended"), ".");
    this.element = el("section", {}, this.head.element, this.words, this.stream.element, this.none, this.legend, this.keys);
    this.asking = new Asking((signal) => ask(path("timeline", this.question()), signal),
      (told) => this.show(told), (error) => setText(this.words, clean(error.message)));
  }

  /** The address names the time, in whole tenths of seconds. */
  look(refine, from, until) {
    const now = this.time + 1;
    const shift = Math.min(0, now - until); // there is nothing to see of the future
    const at = (time) => (Math.max(0, time + shift)).toFixed(1);
    refine({ from: at(from), to: at(until) });
  }

  open({ query }) {
    this.by = Object.hasOwn(COLOURS, query.get("by") ?? "") ? query.get("by") : "cluster";
    this.range = Object.hasOwn(RANGES, query.get("range") ?? "") ? query.get("range") : USUAL;
    this.node = query.get("node") ?? "";
    const [from, until] = ["from", "to"].map((name) => Number.parseFloat(query.get(name)));
    this.fixed = from >= 0 && until > from ? { from, to: until } : null;
    this.ranges.select.value = this.range;
    this.colours.select.value = this.by;
    this.now.disabled = !this.fixed;
    this.pause = this.asking.pause = Number(this.range) <= 900 ? QUICK : SLOW;
    this.draw();
    this.asking.restart();
  }

  question() {
    return { ...this.fixed, ...(this.fixed ? {} : { from: Math.max(0, this.time - Number(this.range)).toFixed(1) }),
      node: this.node, bars: BARS };
  }

  update(state) {
    const first = this.time === 0;
    this.time = state.time;
    this.known = state.nodes;
    offer(this.nodes.select, this.node,
      [...state.nodes.values()].slice(0, 500).map((node) => [node.address, nodeName(node)]));
    this.draw();
    // What is over does not change any more.
    if (first) this.asking.restart();
    else if (!this.fixed || this.fixed.to > this.time - 5) this.asking.tick();
  }

  show(told) {
    this.lanes = new Lanes(told);
    const jobs = told.bars.uid.length;
    const there = told.nodes.length > 0;
    this.asking.pause = Math.max(this.pause, EACH * jobs);
    this.stream.element.hidden = !there;
    this.none.hidden = there;
    setText(this.none, "No job ran in this time.");
    setText(this.words, there ? this.sum(told, jobs) : "");
    this.explain(told);
    this.draw();
  }

  sum(told, jobs) {
    const nodes = counted(told.nodes.length, "node");
    if (told.bins) {
      const left = this.lanes.left ? `; the ${count(this.lanes.rows.length)} busiest are shown` : "";
      return `${nodes}, too many for single jobs: how busy each was${left}. Choose a node to see its jobs.`;
    }
    const limit = told.truncated
      ? ` The latest ones only: before ${clock(new Date(1000 * told.since))} some are missing; look closer to see them.` : "";
    return `${counted(jobs, "job")} on ${nodes}.${limit}`;
  }

  draw() {
    if (!this.lanes || !this.time) return;
    const { from, to: until } = this.fixed ?? { from: this.time - Number(this.range), to: this.time };
    this.stream.update({ lanes: this.lanes, from, to: until, now: this.time, by: this.by });
  }

  explain(told) {
    const entries = told.bins ? [] : this.entries(told.clusters);
    this.legend.hidden = entries.length === 0;
    fill(this.legend, entries, () => el("li", {}, el("span", { class: "swatch" }), el("a")), ({ children: [swatch, link] }, { label, id, colour }) => {
      swatch.style.background = colour;
      setText(link, label);
      setAttribute(link, "href", id ? to("clusters", id) : null);
    });
  }

  /** What the colours mean: {label, colour, id of a cluster}. */
  entries(clusters) {
    if (this.by === "end") return ENDS.map(([label, tone]) => ({ label, colour: this.stream.paint[tone] }));
    if (this.by === "time") return TIMES.map((time) => ({ label: seconds(time), colour: this.stream.toneFor(time) }));
    const shown = tellApart(clusters).slice(0, LEGEND).map((one, index) => ({ id: clusters[index].id, ...one }));
    const rest = clusters.length - shown.length;
    return rest ? [...shown, { label: `${count(rest)} more`, colour: "" }] : shown;
  }

  recolour() {
    this.stream.recolour();
    if (this.lanes) this.explain(this.lanes.told);
  }

  close() {
    this.asking.stop();
    this.stream.close();
  }
}
