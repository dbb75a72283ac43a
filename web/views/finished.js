// Jobs that have ended, those first that ended last.

import { Asking, ask, path } from "../live/ask.js";
import { button, el, setText } from "../parts/dom.js";
import { clean, count, moment, seconds } from "../parts/format.js";
import { choice, heading } from "../parts/page.js";
import { Table, state, text } from "../parts/table.js";
import { placeLink } from "./places.js";

const ENDS = ["", "finished", "terminated", "cancelled", "abandoned"];
const TONES = { finished: "ok", terminated: "bad", abandoned: "bad", cancelled: "warn" };
const ROWS = 100; // on a page

export class View {
  constructor(router) {
    this.title = "Finished jobs";
    this.ends = choice("End", ENDS.map((end) => [end, end || "all"]),
      (end) => router.refine({ end, after: "" }));
    const again = button("Look again", () => this.asking.restart());
    this.head = heading("Finished jobs", this.ends.element, again);
    this.table = new Table("Jobs that have ended, those first that ended last", [
      placeLink("Job", "jobs", (job) => job.uid, (job) => clean(job.uid)),
      state("End", (job) => clean(job.end), TONES),
      text("Cluster", (job) => clean(job.label)),
      text("Node", (job) => clean(job.node)),
      text("Ended", (job) => moment(job.ended), { kind: "number" }),
      text("Ran for", (job) => seconds(job.seconds), { kind: "number" }),
      text("Reason", (job) => clean(job.reason), { kind: "note" }),
    ], (job) => job.uid, { id: "finished" });
    this.words = el("p", { class: "hint", role: "status" });
    this.first = button("First page", () => router.refine({ after: "" }));
    this.next = button("Next page", () => router.refine({ after: this.after }));
    this.element = el("section", {}, this.head.element, this.table.element,
      el("div", { class: "pager" }, this.first, this.next, this.words));
    // Rows do not move by themselves: it is asked once for each page.
    this.asking = new Asking((signal) => ask(path("history", { ...this.query, limit: ROWS }), signal),
      (answer) => this.show(answer), (error) => setText(this.words, clean(error.message)));
  }

  open({ query }) {
    this.query = Object.fromEntries(["end", "cluster", "node", "after"].map((x) => [x, query.get(x)]));
    this.ends.select.value = query.get("end") ?? "";
    this.asking.restart();
  }

  update() {}

  close() {
    this.asking.stop();
  }

  show({ jobs, next, kept, most, oldest, problem }) {
    this.after = next;
    this.table.update(jobs);
    this.table.element.hidden = jobs.length === 0;
    this.next.hidden = !next;
    this.first.hidden = !this.query.after;
    const limit = next || oldest === null ? "" : `; none older than ${moment(oldest)} is kept`;
    setText(this.words, clean(problem)
      || `${count(kept)} of at most ${count(most)} kept${limit}${jobs.length ? "" : "; none matches"}`);
  }
}
