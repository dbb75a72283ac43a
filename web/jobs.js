// The jobs of one cluster, and the story of one job: asked for while somebody looks at them.

import { el, setText } from "./dom.js";
import { clean, clock, count, duration } from "./format.js";
import { custom, state, Table, text } from "./table.js";

const ROWS = 100; // on a page
const SENTENCE = 1000; // characters
const PAUSE = 2; // seconds between two looks
const TONES = { running: "ok", sending: "busy", done: "ok", queued: "warn" };
const byId = (id) => document.getElementById(id);

async function ask(path) {
  const answer = await fetch(new URL(`api/v1/${path}`, document.baseURI));
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.error);
  return told;
}

function note(job) {
  const words = [
    job.pinned ? `only on ${clean(job.pinned)}` : "",
    job.cancelling ? "being cancelled" : "",
    job.end ? `${clean(job.end)}, not taken by its client yet` : "",
    clean(job.reason),
  ];
  return words.filter(Boolean).join("; ");
}

export class Jobs {
  constructor() {
    this.cluster = null; // its id, while the section is open
    this.uid = null; // of the job whose story is shown
    this.time = 0; // the scheduler's clock, in seconds
    this.asked = 0; // when it was asked last, by that clock
    this.after = null;
    this.busy = false; // whether an answer is awaited
    this.round = 0; // answers to questions of an earlier round are dropped
    const columns = [
      custom("Job", (cell) => this.opener(cell), { kind: "identity" }),
      state("State", (job) => clean(job.state), TONES),
      text("For", (job) => duration(Math.max(0, this.time - job.since)),
        { kind: "number", hint: "Since its last step" }),
      text("Node", (job) => clean(job.node)),
      text("Sent", (job) => count(job.tries),
        { kind: "number", hint: "How often it was sent to a node" }),
      text("Note", note, { kind: "note" }),
    ];
    this.table = new Table(byId("jobs"), columns, (job) => job.uid);
    byId("jobs-close").addEventListener("click", () => this.close());
    byId("jobs-state").addEventListener("change", () => this.turn(null));
    byId("jobs-first").addEventListener("click", () => this.turn(null));
    byId("jobs-more").addEventListener("click", () => this.turn(this.next));
  }

  opener(cell) {
    const button = el("button", { type: "button", class: "name link" });
    let uid = null;
    button.addEventListener("click", () => this.select(uid));
    cell.append(button);
    return (job) => {
      uid = job.uid;
      setText(button, clean(uid));
      button.setAttribute("aria-pressed", String(uid === this.uid));
    };
  }

  /** Shows the jobs of a cluster: a row of a snapshot. */
  open(cluster) {
    this.cluster = cluster.id;
    setText(byId("jobs-title"), `Jobs of ${clean(cluster.label)}`);
    setText(byId("jobs-why"), "");
    byId("jobs-section").hidden = false;
    byId("jobs-state").value = "";
    this.select(null);
    this.turn(null);
    byId("jobs-title").focus();
  }

  close() {
    this.cluster = null;
    this.round += 1;
    byId("jobs-section").hidden = true;
  }

  /** Shows another page: what comes after that job. */
  turn(after) {
    this.after = after;
    this.look();
  }

  select(uid) {
    this.uid = uid;
    byId("job").hidden = uid === null;
    if (uid === null) return;
    setText(byId("job-title"), `Job ${clean(uid)}`);
    setText(byId("job-why"), "");
    byId("job-story").replaceChildren();
    this.look();
  }

  /** A snapshot has come: time to look again, unless the cluster has closed. */
  tick({ time = 0, clusters = [] }) {
    this.time = time;
    if (this.cluster === null) return;
    if (!clusters.some((cluster) => cluster.id === this.cluster)) this.close();
    else if (!this.busy && time - this.asked >= PAUSE) this.look();
  }

  async look() {
    this.asked = this.time;
    this.busy = true;
    this.round += 1;
    const { round } = this;
    try {
      const [page, cluster] = await Promise.all([this.page(), ask(`clusters/${this.cluster}`)]);
      if (round === this.round) await this.show(page, cluster, round);
    } catch (error) {
      if (round === this.round) setText(byId("jobs-why"), clean(error.message, SENTENCE));
    }
    if (round === this.round) this.busy = false;
  }

  page() {
    const query = new URLSearchParams({ cluster: this.cluster, limit: String(ROWS) });
    const wanted = byId("jobs-state").value;
    if (wanted) query.set("state", wanted);
    if (this.after) query.set("after", this.after);
    return ask(`jobs?${query}`);
  }

  async show({ jobs, next }, cluster, round) {
    this.next = next;
    this.table.update(jobs);
    setText(byId("jobs-why"), clean(cluster.why, SENTENCE));
    byId("jobs-panel").hidden = jobs.length === 0;
    byId("jobs-none").hidden = jobs.length > 0;
    byId("jobs-more").hidden = next === null;
    byId("jobs-first").hidden = this.after === null;
    if (this.uid === null) return;
    if (jobs.some((job) => job.uid === this.uid)) {
      const job = await ask(`jobs/${this.uid}`);
      if (round === this.round) this.tell(job);
    } else {
      setText(byId("job-why"), "not in this list any more: over, or in another state");
    }
  }

  tell(job) {
    setText(byId("job-why"), clean(job.why, SENTENCE));
    const steps = job.story.map((step) => {
      const words = [clean(step.event), clean(step.note)].filter(Boolean).join(": ");
      const when = new Date(1000 * step.time);
      return el("li", {}, el("time", { datetime: when.toISOString() }, clock(when)), ` ${words}`);
    });
    byId("job-story").replaceChildren(...steps);
  }
}
