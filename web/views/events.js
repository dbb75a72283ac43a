// What has happened: nodes, clusters, jobs, orders; the latest first.

import { Asking, ask, path } from "../live/ask.js";
import { csvButton, stamp } from "../parts/csv.js";
import { el, setAttribute, setText } from "../parts/dom.js";
import { clean, count, moment } from "../parts/format.js";
import { choice, filterBox, heading } from "../parts/page.js";
import { Table, custom, state, text } from "../parts/table.js";
import { to } from "../shell/router.js";

const KINDS = ["", "node", "cluster", "job", "action", "server", "peer"];
const LEVELS = ["", "warning", "error"];
const TONES = { info: "plain", warning: "warn", error: "bad" };
const SHOWN = 500; // events
const COLUMNS = {
  time: (event) => stamp(event.time), level: (event) => event.level, kind: (event) => event.kind,
  text: (event) => event.text, times: (event) => event.count, node: (event) => event.node,
  cluster: (event) => event.cluster, job: (event) => event.job, by: (event) => event.by,
};

/** A link to what an event is about: the job rather than its node. */
function about(cell) {
  const link = el("a");
  cell.append(link);
  return ({ job, cluster, node }) => {
    const [kind, id] = [["jobs", job], ["nodes", node], ["clusters", cluster]].find(([, one]) => one) ?? ["", ""];
    setText(link, kind ? kind.slice(0, -1) : "");
    setAttribute(link, "href", kind ? to(kind, id) : null);
    setAttribute(cell, "data-nothing", kind ? null : "");
  };
}

export class View {
  constructor(router) {
    this.title = "Events";
    this.shown = [];
    this.box = filterBox("Words", (q) => router.refine({ q }));
    this.kinds = choice("Kind", KINDS.map((kind) => [kind, kind || "all"]), (kind) => router.refine({ kind }));
    this.levels = choice("Level", LEVELS.map((level) => [level, level || "all"]), (level) => router.refine({ level }));
    this.head = heading("Events", this.box, this.kinds.element, this.levels.element,
      csvButton("events", COLUMNS, () => [this.shown]));
    this.table = new Table("Events, the latest first", [
      text("Time", (event) => moment(event.time), { kind: "identity" }),
      state("Level", (event) => clean(event.level), TONES),
      text("Kind", (event) => clean(event.kind)),
      text("What", (event) => clean(event.text, 500), { kind: "what" }),
      custom("About", about),
      text("Times", (event) => (event.count > 1 ? count(event.count) : ""), { kind: "number" }),
      text("By", (event) => clean(event.by)),
    ], (event) => event.first, { id: "events" });
    this.words = el("p", { class: "hint", role: "status" });
    this.element = el("section", {}, this.head.element, this.table.element, this.words);
    this.asking = new Asking((signal) => ask(path("log", { ...this.query, limit: SHOWN }), signal),
      (answer) => this.show(answer), (error) => setText(this.words, clean(error.message)));
  }

  open({ query }) {
    this.query = { kind: query.get("kind"), level: query.get("level") };
    this.q = (query.get("q") ?? "").toLowerCase();
    if (document.activeElement !== this.box) this.box.value = query.get("q") ?? "";
    this.kinds.select.value = this.query.kind ?? "";
    this.levels.select.value = this.query.level ?? "";
    this.asking.restart();
  }

  update() {
    this.asking.tick();
  }

  close() {
    this.asking.stop();
  }

  show({ events }) {
    // A repeated event comes again, with a larger count.
    const last = new Map(events.map((event) => [event.first, event]));
    this.shown = [...last.values()].sort((a, b) => b.seq - a.seq)
      .filter((event) => !this.q || `${event.text} ${event.by ?? ""}`.toLowerCase().includes(this.q));
    if (!this.table.held) this.table.update(this.shown);
    this.table.element.hidden = this.shown.length === 0;
    const limit = events.length < SHOWN ? "" : `The latest ${count(SHOWN)} of their kind.`;
    setText(this.words, this.shown.length ? limit : "No event matches.");
  }
}
