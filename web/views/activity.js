// What went on in the last minutes, hours or days: queue, throughput, CPUs, and who had them.

import { Lines } from "../charts/lines.js";
import { Shares } from "../charts/shares.js";
import { Asking, ask, path } from "../live/ask.js";
import { el, setText } from "../parts/dom.js";
import { clean } from "../parts/format.js";
import { choice } from "../parts/page.js";

const RANGES = { 900: "15 minutes", 3600: "hour", 21600: "6 hours", 86400: "day", 604800: "week" };
const USUAL = "900"; // seconds
const POINTS = 180;

export class Activity {
  constructor(router) {
    this.ranges = choice("The last", Object.entries(RANGES), (range) => router.refine({ range }));
    const charts = {
      "Jobs waiting and running": [
        { name: "waiting", label: "waiting", colour: "warn", dash: "solid", area: true },
        { name: "running", label: "running", colour: "accent", dash: "dashed" }],
      "Jobs ended per second": [
        { name: "finished", label: "finished", colour: "ok", dash: "solid", area: true },
        { name: "failed", label: "failed", colour: "bad", dash: "dashed" },
        { name: "cancelled", label: "cancelled", colour: "warn", dash: "dotted" }],
      "CPUs busy": [
        { name: "busy", label: "busy", colour: "accent", dash: "solid", area: true },
        { name: "cpus", label: "of", colour: "quiet", dash: "dashed" }],
    };
    this.charts = Object.entries(charts).map(([words, lines]) => [words, new Lines(words, lines)]);
    this.shares = new Shares();
    this.words = el("p", { class: "hint", role: "status" });
    const panel = (words, { element }) => el("div", { class: "panel" }, el("h3", {}, words), element);
    this.element = el("div", { id: "activity" },
      el("div", { class: "heading" }, el("h2", {}, "Activity"), this.ranges.element), this.words,
      el("div", { class: "pair" }, ...this.charts.map(([words, chart]) => panel(words, chart)),
        panel("Share of the CPU time", this.shares)));
    this.asking = new Asking((signal) => ask(path("series", { range: this.range, points: POINTS }), signal),
      (told) => this.show(told), (error) => setText(this.words, clean(error.message)));
  }

  open({ query }) {
    this.range = Object.hasOwn(RANGES, query.get("range") ?? "") ? query.get("range") : USUAL;
    this.ranges.select.value = this.range;
    // There is nothing new before; and what many look at should not cost the scheduler much.
    this.asking.pause = (1000 * Number(this.range)) / POINTS;
    this.asking.restart();
  }

  update({ clusters, totals }) {
    this.clusters = clusters;
    for (const [, chart] of this.charts) chart.now(totals);
    this.asking.tick();
  }

  /** What is known is of an earlier run. */
  restart() {
    this.asking.restart();
  }

  show(told) {
    setText(this.words, "");
    for (const [, chart] of this.charts) chart.update(told);
    this.shares.update(told.shares, this.clusters ?? new Map());
    this.told = told;
  }

  recolour() {
    for (const [, chart] of this.charts) chart.recolour();
    if (this.told) this.show(this.told);
  }

  close() {
    this.asking.stop();
    for (const [, chart] of this.charts) chart.close();
  }
}
