// What has happened: nodes, clusters, jobs, orders; the latest first.

import { Asking, ask, path } from "../live/ask.js";
import { el, setText } from "../parts/dom.js";
import { clean, count, moment } from "../parts/format.js";
import { choice, heading } from "../parts/page.js";
import { Table, state, text } from "../parts/table.js";

const KINDS = ["", "node", "cluster", "job", "action", "server", "peer"];
const LEVELS = ["", "warning", "error"];
const TONES = { info: "plain", warning: "warn", error: "bad" };

export class View {
  constructor(router) {
    this.title = "Events";
    this.kinds = choice("Kind", KINDS.map((kind) => [kind, kind || "all"]), (kind) => router.refine({ kind }));
    this.levels = choice("Level", LEVELS.map((level) => [level, level || "all"]), (level) => router.refine({ level }));
    this.head = heading("Events", this.kinds.element, this.levels.element);
    this.table = new Table("Events, the latest first", [
      text("Time", (event) => moment(event.time), { kind: "identity" }),
      state("Level", (event) => clean(event.level), TONES),
      text("Kind", (event) => clean(event.kind)),
      text("What", (event) => clean(event.text, 500)),
      text("Times", (event) => (event.count > 1 ? count(event.count) : ""), { kind: "number" }),
      text("By", (event) => clean(event.by)),
    ], (event) => event.first, { id: "events" });
    this.words = el("p", { class: "hint", role: "status" });
    this.element = el("section", {}, this.head.element, this.table.element, this.words);
    this.asking = new Asking((signal) => ask(path("log", { ...this.query, limit: 200 }), signal),
      (answer) => this.show(answer), (error) => setText(this.words, clean(error.message)));
  }

  open({ query }) {
    this.query = { kind: query.get("kind"), level: query.get("level") };
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
    const shown = [...last.values()].sort((a, b) => b.seq - a.seq);
    if (!this.table.held) this.table.update(shown);
    this.table.element.hidden = shown.length === 0;
    setText(this.words, shown.length ? "" : "No event matches.");
  }
}
