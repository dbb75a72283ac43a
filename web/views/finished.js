// Jobs that have ended, those first that ended last.

import { Asking, ask, path } from "../live/ask.js";
import { csvButton, pagesOf, stamp } from "../parts/csv.js";
import { button, el, setText } from "../parts/dom.js";
import { bytes, clean, count, moment, seconds } from "../parts/format.js";
import { choice, filterBox, heading, offer } from "../parts/page.js";
import { Table, state, text } from "../parts/table.js";
import { END_TONES } from "./job_columns.js";
import { placeLink } from "./places.js";

const ENDS = ["", "finished", "terminated", "cancelled", "abandoned"];
const ROWS = 100; // on a page
const PAUSE = 4_000; // ms from one look to the next
const COLUMNS = {
  job: (job) => job.uid, end: (job) => job.end, cluster: (job) => job.label, node: (job) => job.node,
  cpu: (job) => job.lane, submitted: (job) => stamp(job.submitted), started: (job) => stamp(job.started),
  ended: (job) => stamp(job.ended), seconds: (job) => job.seconds, tries: (job) => job.tries,
  bytes_sent: (job) => job.sent, bytes_received: (job) => job.received, reason: (job) => job.reason,
};

export class View {
  constructor(router) {
    this.title = "Finished jobs";
    this.shown = new Set(); // uids
    this.ends = choice("End", ENDS.map((end) => [end, end || "all"]),
      (end) => router.refine({ end, after: "" }));
    const wanted = () => ({ ...this.query, after: "" });
    this.clusters = choice("Cluster", [["", "all"]], (cluster) => router.refine({ cluster, after: "" }));
    this.nodes = filterBox("Node's address", (node) => router.refine({ node, after: "" }));
    this.head = heading("Finished jobs", this.nodes, this.clusters.element, this.ends.element,
      csvButton("finished", COLUMNS, pagesOf("history", "jobs", wanted)));
    this.table = new Table("Jobs that have ended, those first that ended last", [
      placeLink("Job", "jobs", (job) => job.uid, (job) => clean(job.uid)),
      state("End", (job) => clean(job.end), END_TONES),
      text("Cluster", (job) => clean(job.label), { kind: "identity" }),
      text("Node", (job) => clean(job.node)),
      text("Ended", (job) => moment(job.ended), { kind: "number" }),
      text("Waited", (job) => seconds(wait(job)), { kind: "number" }),
      text("Ran for", (job) => seconds(job.seconds), { kind: "number" }),
      text("Sent", (job) => bytes(job.sent), { kind: "number", hint: "Bytes of its arguments" }),
      text("Received", (job) => bytes(job.received), { kind: "number", hint: "Bytes of its result" }),
      text("Reason", (job) => clean(job.reason), { kind: "note" }),
    ], (job) => job.uid, { id: "finished" });
    this.words = el("p", { class: "hint", role: "status" });
    this.first = button("First page", () => router.refine({ after: "" }), { "data-turn": "back" });
    this.next = button("Next page", () => router.refine({ after: this.after }), { "data-turn": "next" });
    this.news = button("", () => this.adopt(), { class: "plain news", id: "finished-new", hidden: true });
    this.element = el("section", {}, this.head.element, this.news, this.table.element,
      el("div", { class: "pager" }, this.first, this.next, this.words));
    // Rows do not move by themselves: what has ended since is counted, and shown when asked for.
    this.asking = new Asking((signal) => ask(path("history", { ...this.query, limit: ROWS }), signal),
      (answer) => this.answered(answer), (error) => setText(this.words, clean(error.message)), PAUSE);
  }

  open({ query }) {
    this.query = Object.fromEntries(["end", "cluster", "node", "after"].map((x) => [x, query.get(x)]));
    this.ends.select.value = query.get("end") ?? "";
    if (document.activeElement !== this.nodes) this.nodes.value = query.get("node") ?? "";
    this.latest = null;
    this.asking.restart();
  }

  update({ clusters }) {
    if (!this.query.after) this.asking.tick();
    offer(this.clusters.select, this.query.cluster, [...clusters.values()].map(({ id, label }) => [id, clean(label)]));
  }

  close() {
    this.asking.stop();
  }

  answered(answer) {
    const first = this.latest === null;
    this.latest = answer;
    const fresh = answer.jobs.filter(({ uid }) => !this.shown.has(uid)).length;
    if (first || this.shown.size === 0) this.adopt();
    else this.news.hidden = fresh === 0;
    setText(this.news, `Show ${count(fresh)}${fresh === ROWS ? " or more" : ""} new`);
    this.tell(answer);
  }

  adopt() {
    const { jobs, next } = this.latest;
    this.shown = new Set(jobs.map(({ uid }) => uid));
    this.after = next;
    this.table.update(jobs);
    this.table.element.hidden = jobs.length === 0;
    this.news.hidden = true;
    this.next.hidden = !next;
    this.first.hidden = !this.query.after;
  }

  tell({ jobs, next, kept, most, oldest, problem }) {
    const limit = next || oldest === null ? "" : `; none older than ${moment(oldest)} is kept`;
    setText(this.words, clean(problem)
      || (kept === 0 ? "No job has ended yet." : "")
      || `${count(kept)} of at most ${count(most)} kept${limit}${jobs.length ? "" : "; none matches"}`);
  }
}

function wait({ submitted, started }) {
  return typeof submitted === "number" && typeof started === "number" ? Math.max(0, started - submitted) : null;
}
