// Pages of jobs that the server finds. Rows stay where they are: what has come since is counted
// and shown when asked for, and what has gone is marked.

import { Asking, ask, path } from "../live/ask.js";
import { button, el, setAttribute, setText } from "./dom.js";
import { clean, count } from "./format.js";
import { Table, custom } from "./table.js";
import { jobColumns } from "../views/job_columns.js";
import { cancelJobs } from "../views/orders.js";

const ROWS = 100; // on a page
const GONE = "gone"; // state of a row whose job is over for its client, or in another list now

export class JobList {
  /** `refine(changes)` changes the address: `after` begins another page. */
  constructor(refine) {
    this.time = 0;
    this.rows = []; // that are shown
    this.latest = null; // the last answer
    this.query = {};
    this.table = new Table("Jobs: where each one is and for how long",
      [...jobColumns(() => this.time), custom("Pick", (cell) => this.box(cell))], (job) => job.uid, { id: "jobs" });
    this.news = button("", () => this.adopt(), { class: "plain news", id: "jobs-new" });
    this.first = button("First page", () => refine({ after: "" }));
    this.next = button("Next page", () => refine({ after: this.latest.next }));
    this.picked = new Set(); // uids
    this.cancel = button("", () => cancelJobs({ uids: [...this.picked] }), { class: "plain danger", id: "jobs-picked" });
    this.all = button("Cancel all of these…", () => cancelJobs({ filter: this.filter }), { class: "plain danger", id: "jobs-all" });
    this.words = el("span", { role: "status" });
    this.none = el("p", { class: "hint", id: "jobs-none" });
    this.element = el("div", { class: "list" }, this.news, this.table.element, this.none,
      el("div", { class: "pager" }, this.first, this.next, this.words, this.cancel, this.all));
    this.asking = new Asking((signal) => ask(path("jobs", { ...this.query, limit: ROWS }), signal),
      (answer) => this.answered(answer), (error) => this.failed(error));
    this.reset();
  }

  /** What all pages together are, as the API names it. */
  get filter() {
    const { cluster, node, state } = this.query;
    return Object.fromEntries(Object.entries({ cluster, node, state }).filter(([, value]) => value));
  }

  /** A box that picks a row's job. */
  box(cell) {
    const box = el("input", { type: "checkbox" });
    let uid = null;
    box.addEventListener("change", () => {
      if (box.checked) this.picked.add(uid);
      else this.picked.delete(uid);
      this.show();
    });
    cell.append(box);
    return (job) => {
      uid = job.uid;
      box.checked = this.picked.has(uid);
      box.disabled = job.state === GONE || job.state === "done";
      setAttribute(box, "aria-label", `Pick job ${uid}`);
    };
  }

  reset() {
    this.latest = null;
    this.rows = [];
    this.picked.clear();
    this.show();
  }

  /** Shows the jobs that a query means: {cluster, node, state, after}. */
  open(query) {
    this.query = query;
    this.latest = null;
    this.picked.clear();
    this.asking.restart();
  }

  /** Time goes by. */
  tick(time) {
    this.time = time;
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
    const open = this.rows.filter((row) => row.state !== GONE && row.state !== "done");
    const there = new Set(open.map((row) => row.uid));
    this.picked.forEach((uid) => there.has(uid) || this.picked.delete(uid));
    this.cancel.hidden = this.picked.size === 0;
    setText(this.cancel, `Cancel ${count(this.picked.size)} picked…`);
    this.all.hidden = open.length === 0 || Object.keys(this.filter).length === 0;
    const gone = this.rows.filter((row) => row.state === GONE).length;
    this.table.update(this.rows);
    this.table.element.hidden = this.rows.length === 0;
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
