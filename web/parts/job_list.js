// Pages of jobs that the server finds. Rows stay where they are: what has come since is counted
// and shown when asked for, and what has gone is marked.

import { Asking, ask, path } from "../live/ask.js";
import { csvButton, pagesOf, stamp } from "./csv.js";
import { button, el, setAttribute, setText } from "./dom.js";
import { clean, count, counted } from "./format.js";
import { Picks } from "./picks.js";
import { Table } from "./table.js";
import { jobColumns } from "../views/job_columns.js";
import { needs } from "../live/act.js";
import { cancelJobs } from "../views/orders.js";

const ROWS = 100; // on a page
const COLUMNS = {
  job: (job) => job.uid, state: (job) => job.state, cluster: (job) => job.label, node: (job) => job.node,
  submitted: (job) => stamp(job.submitted), started: (job) => stamp(job.started), tries: (job) => job.tries,
  note: (job) => job.reason,
};
const GONE = "gone"; // state of a row whose job is over for its client, or in another list now

export class JobList {
  /** `refine(changes)` changes the address: `after` begins another page. */
  constructor(refine) {
    this.time = 0;
    this.clusters = new Map();
    this.rows = []; // that are shown
    this.latest = null; // the last answer
    this.query = {};
    this.picks = new Picks((job) => job.uid, () => this.show(),
      (job) => job.state !== GONE && job.state !== "done");
    const [first, ...columns] = jobColumns(() => this.time, () => this.clusters);
    this.table = new Table("Jobs: where each one is and for how long",
      [this.picks.in(first, "operator"), ...columns], (job) => job.uid, { id: "jobs" });
    this.news = button("", () => this.adopt(), { class: "plain news", id: "jobs-new" });
    this.first = button("First page", () => refine({ after: "" }), { "data-turn": "back" });
    this.next = button("Next page", () => refine({ after: this.latest.next }), { "data-turn": "next" });
    const danger = (id) => needs("operator", { class: "plain danger", id });
    this.cancel = button("", () => cancelJobs({ uids: [...this.picks.keys] }), danger("jobs-picked"));
    this.all = button("", () => cancelJobs({ filter: this.filter }), danger("jobs-all"));
    this.csv = csvButton("jobs", COLUMNS, pagesOf("jobs", "jobs", () => this.filter));
    this.words = el("span", { role: "status" });
    this.none = el("p", { class: "hint", id: "jobs-none" });
    this.element = el("div", { class: "list" }, this.news, this.table.element, this.none,
      el("div", { class: "pager" }, this.first, this.next, this.words, this.csv, this.cancel, this.all));
    this.asking = new Asking((signal) => ask(path("jobs", { ...this.query, limit: ROWS }), signal),
      (answer) => this.answered(answer), (error) => this.failed(error));
    this.reset();
  }

  /** What all pages together are, as the API names it. */
  get filter() {
    const { cluster, node, state } = this.query;
    return Object.fromEntries(Object.entries({ cluster, node, state }).filter(([, value]) => value));
  }

  reset() {
    this.latest = null;
    this.rows = [];
    this.picks.clear();
    this.show();
  }

  /** Shows the jobs that a query means: {cluster, node, state, after}. */
  open(query) {
    this.query = query;
    this.latest = null;
    this.picks.clear();
    this.asking.restart();
  }

  /** Time goes by. */
  tick({ time, clusters }) {
    Object.assign(this, { time, clusters });
    this.asking.tick();
    this.table.update(this.rows);
  }

  close() {
    this.asking.stop();
  }

  answered(answer) {
    const first = this.latest === null;
    this.latest = answer;
    if (first || this.rows.every((row) => row.state === GONE)) this.adopt();
    else this.follow();
  }

  adopt() {
    this.rows = this.latest.jobs;
    this.show();
  }

  /** The rows that are there, as they are now. */
  follow() {
    const known = new Map(this.latest.jobs.map((job) => [job.uid, job]));
    this.rows = this.rows.map((row) => known.get(row.uid) ?? { ...row, state: GONE, since: null });
    this.show();
  }

  show() {
    const shown = new Set(this.rows.map((row) => row.uid));
    const fresh = (this.latest?.jobs ?? []).filter((job) => !shown.has(job.uid)).length;
    this.picks.show(this.rows);
    this.cancel.hidden = this.picks.keys.size === 0;
    setText(this.cancel, `Cancel ${count(this.picks.keys.size)} picked…`);
    this.all.hidden = this.picks.rows.length === 0 || Object.keys(this.filter).length === 0;
    setText(this.all, this.latest?.next ? "Cancel all that match…" : `Cancel all ${counted(this.picks.rows.length, "job")}…`);
    const gone = this.rows.filter((row) => row.state === GONE).length;
    this.table.update(this.rows);
    this.table.element.hidden = this.rows.length === 0;
    this.csv.hidden = this.rows.length === 0;
    this.news.hidden = fresh === 0;
    setText(this.news, `Show ${count(fresh)} new`);
    setText(this.words, gone ? `${count(gone)} of ${count(this.rows.length)} have gone` : "");
    this.none.hidden = this.latest === null || this.rows.length > 0;
    setText(this.none, this.query.state || this.query.node || this.query.cluster
      ? "No job matches." : "No job is here: none waits, runs, or has a result that nobody took.");
    this.next.hidden = !this.latest?.next;
    this.first.hidden = !this.query.after;
    setAttribute(this.element, "data-wrong", null);
  }

  failed(error) {
    this.none.hidden = false;
    setText(this.none, clean(error.message));
    setAttribute(this.element, "data-wrong", "");
  }
}
